"""The look-ups of the upload path: one query, aliases resolved, unknown ids absent."""

import uuid
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from backend.core.ids import new_id
from backend.residents.selectors import HouseholdRef, PersonRef, households_by_id, people_by_id
from backend.residents.services import household_move, households_create, person_create, person_ensure
from tests.conftest import CELL
from tests.residents.factories import SECOND_CELL, household, person

pytestmark = pytest.mark.django_db


def test_households_are_found_in_one_query(
    tree: dict[str, Any], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    items = [household(door=str(n)) for n in range(101, 151)]
    households_create(items=items, actor=None)
    with django_assert_num_queries(1):
        found = households_by_id([*(item.id for item in items), new_id()])
    assert len(found) == 50
    assert found[items[0].id] == HouseholdRef(items[0].id, CELL, (), "人民路12号", "3", "2", "101")
    assert found[items[0].id].place == "3幢2单元101"


def test_people_are_found_in_one_query(tree: dict[str, Any], django_assert_num_queries: DjangoAssertNumQueries) -> None:
    home = household()
    households_create(items=[home], actor=None)
    settled = person_create(item=person(household_id=home.id, address=""), actor=None)
    guest = person_create(item=person(document_type="passport", document_number="E12345678"), actor=None)
    alias = new_id()
    person_ensure(item=person(id=alias, household_id=home.id, address=""), actor=None)
    with django_assert_num_queries(1):
        found = people_by_id([settled.pk, guest.pk, alias, new_id()])
    assert set(found) == {settled.pk, guest.pk, alias}
    assert found[alias] == found[settled.pk] == PersonRef(settled.pk, CELL, home.id, "3幢2单元501", ())
    assert found[guest.pk].place == "东沟屯12号"


def test_a_moved_household_keeps_its_old_cells(tree: dict[str, Any]) -> None:
    home = household()
    households_create(items=[home], actor=None)
    settled = person_create(item=person(household_id=home.id, address=""), actor=None)
    household_move(household_id=home.id, to_region=SECOND_CELL, actor=None)
    found = households_by_id([home.id])[home.id]
    assert (found.region_code, found.previous_codes) == (SECOND_CELL, (CELL,))
    ref = people_by_id([settled.pk])[settled.pk]
    assert (ref.region_code, ref.previous_codes) == (SECOND_CELL, (CELL,))


def test_nothing_asked_costs_no_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        assert households_by_id([]) == people_by_id(list[uuid.UUID]()) == {}
