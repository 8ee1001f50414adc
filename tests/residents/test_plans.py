"""The plans behind lists and the upload path: prefix ranges and exact look-ups by index, never a scan of all rows."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet

from backend.accounts.choices import Capability, Role
from backend.accounts.models import User
from backend.residents.models import Household, Person
from backend.residents.selectors import households_found, phone_digest

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tree")]


def nodes(rows: QuerySet[Any], *priced_out: str) -> list[dict[str, Any]]:
    """Every node of the plan, with sequential scans priced out: a table of a test is too small to choose honestly."""
    with connection.cursor() as cursor:
        for way in ("enable_seqscan", *priced_out):
            cursor.execute(f"SET LOCAL {way} = off")
    plan = json.loads(rows.explain(format="json"))[0]["Plan"]

    def walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield node
        for child in node.get("Plans", ()):
            yield from walk(child)

    return list(walk(plan))


def test_a_list_below_a_region_is_a_range_of_the_walking_index(user_with: Callable[..., User]) -> None:
    town = user_with(Role.TOWNSHIP, "220521901")
    rows = households_found(town, Capability.HOUSEHOLD_VIEW)[:50]
    plan = nodes(rows, "enable_bitmapscan", "enable_sort")
    scan = next(node for node in plan if node.get("Index Name") == "household_walk")
    assert "region_code" in scan["Index Cond"]
    assert not any(node["Node Type"] == "Sort" for node in plan), "the index is in walking order already"


def test_a_search_by_door_can_use_the_trigrams() -> None:
    rows = Household.objects.filter(search_text__contains="3幢2单元501")
    assert any(node.get("Index Name") == "household_search" for node in nodes(rows))


@pytest.mark.parametrize(("model", "index"), [(Household, "household_phone"), (Person, "person_phone")])
def test_a_telephone_is_an_exact_look_up(model: Any, index: str) -> None:
    rows = model.objects.filter(phone_index=phone_digest("13812345678"))
    assert any(node.get("Index Name") == index for node in nodes(rows))
