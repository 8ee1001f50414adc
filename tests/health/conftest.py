"""Returnees, terms and checks for tests: made through the services, as everybody else does."""

import datetime as dt
import itertools
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from backend.core import clock
from backend.core.ids import new_id
from backend.health.services import CheckRow
from backend.residents.rules import check_digit
from backend.returnees.models import Returnee
from backend.returnees.services import returnee_register
from tests.conftest import CELL

DEVICE = uuid.UUID("01980000-0000-7000-8000-000000000001")
_serial = itertools.count(1)


def document(number: int | None = None) -> str:
    """An identity number of an area that does not exist, with the right check digit."""
    first = f"99010119900101{number if number is not None else next(_serial):03d}"
    return first + check_digit(first)


def returnee_fields(**changes: Any) -> dict[str, Any]:
    """What `returnee_register` takes, well-formed and invented."""
    return {
        "id": new_id(), "person_id": new_id(), "name": "李大山", "phone": "12900001234", "document_type": "id_card",
        "document_number": document(), "origin_code": "2201", "origin_text": "", "arrived_on": clock.today(),
        "transport": "train", "household_id": None, "address": "前进路8号", "region_code": CELL, "actor": None,
        **changes,
    }  # fmt: skip


@pytest.fixture
def returnee(tree: Any, policies: None) -> Callable[..., Returnee]:
    """`returnee(arrived_on=…)` → a registered returnee, in the first cell unless said otherwise."""
    return lambda **changes: returnee_register(**returnee_fields(**changes))


def check_row(person_id: uuid.UUID, **changes: Any) -> CheckRow:
    """A check of now: 36.5 ℃, nothing wrong, morning, at the door."""
    moment: dt.datetime = changes.pop("at", None) or clock.now()
    row: dict[str, Any] = {
        "id": new_id(), "region_code": CELL, "business_day": clock.business_day(moment), "observed_at": moment,
        "corrected_at": moment, "received_at": moment, "doubtful": False, "author_id": 1, "author_name": "网格员",
        "device_id": DEVICE, "person_id": person_id, "session": "morning", "method": "door", "reachable": True,
        "temperature": Decimal("36.5"), "symptoms": (), "note": None,
    }  # fmt: skip
    return CheckRow(**{**row, **changes})


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[dt.datetime], None]:
    """`at(moment)` stops business time at that moment."""

    def stop(moment: dt.datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)

    return stop
