"""Fixtures for alerts: policies in force, findings, a raised alert."""

import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from backend.alerts.models import Alert
from backend.alerts.rules import Finding
from backend.alerts.services import alerts_evaluate
from backend.core import clock
from backend.policies.selectors import forget_rules
from tests.conftest import CELL


@pytest.fixture
def policies(db: None) -> None:
    """The policy packs of the product, loaded."""
    forget_rules()
    call_command("load_policies", verbosity=0)
    forget_rules()


@pytest.fixture
def finding() -> Callable[..., Finding]:
    """`finding(temperature="38.2")` → a finding at a door of `CELL` today; anything may be given otherwise."""

    def make(**given: Any) -> Finding:
        if (temperature := given.get("temperature")) is not None:
            given["temperature"] = Decimal(temperature)
        now = timezone.now()
        values: dict[str, Any] = {
            "kind": "visit",
            "region_code": CELL,
            "place": "3幢2单元501",
            "business_day": clock.business_day(now),
            "observed_at": now,
            "source_id": uuid.uuid4(),
            "household_id": uuid.uuid4(),
        }
        return Finding(**(values | given))

    return make


@pytest.fixture
def fever(tree: Any, policies: None, finding: Callable[..., Finding]) -> Callable[..., Alert]:
    """`fever()` → a new fever alert in `CELL`, its event numbered as if committed."""

    def make(**given: Any) -> Alert:
        (alert,) = alerts_evaluate(findings=[finding(temperature="38.2", **given)])
        number_events()
        return alert

    return make


def number_events() -> None:
    """Fire the deferred trigger now: a test inside a transaction never commits."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
