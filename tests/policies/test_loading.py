"""Loading packs: by checksum, whole or not at all; what a rule says, where and when."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from backend.accounts.choices import Role
from backend.audit.models import AuditEntry
from backend.core.errors import ApiError, ErrorCode
from backend.policies import selectors
from backend.policies.choices import KEYS
from backend.policies.models import PolicyPack, PolicyRule
from backend.policies.selectors import PolicyMissingError, value_of, values_in_force
from backend.policies.services import pack_load
from tests.conftest import CELL

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 11, 22)

RULE = """
[[rule]]
key = "{key}"
value = {value}
unit = "{unit}"
from = {start}
{end}
duty = "A3"
document = "某通知"
clause = "一"
"""


def pack(*rules: str, name: str = "base", version: str = "1", region: str = "") -> bytes:
    head = f'[pack]\nname = "{name}"\ntitle = "测试"\nversion = "{version}"\nregion = "{region}"\n'
    return (head + "".join(rules)).encode()


def days(value: int, start: str = "2021-01-01", end: str = "") -> str:
    return RULE.format(
        key="monitoring.returnee.days", value=value, unit="day", start=start, end=f"to = {end}" if end else ""
    )


def test_the_packs_that_ship_answer_every_key_today() -> None:
    call_command("load_policies", verbosity=0)
    assert {value.key for value in values_in_force(region_code=CELL, on=TODAY)} == set(KEYS)
    assert value_of("fever_threshold", region_code=CELL, on=TODAY).value == Decimal("37.3")
    assert value_of("report.cutoff.township", region_code=CELL, on=TODAY).value == {"day_offset": 1, "time": "08:00"}


def test_the_overlay_of_jilin_wins_in_jilin_from_its_date() -> None:
    call_command("load_policies", verbosity=0)

    def source(region: str, on: dt.date) -> str:
        return value_of("monitoring.returnee.days", region_code=region, on=on).version

    assert source(CELL, TODAY) == "jilin-2021.1:monitoring.returnee.days@2021-01-24"
    assert source("4419", TODAY).startswith("national-2021.3:")
    assert source(CELL, dt.date(2021, 1, 23)) == "national-2021.3:monitoring.returnee.days@2021-01-20"
    assert source(CELL, dt.date(2021, 1, 19)) == "national-2021.3:monitoring.returnee.days@2020-02-24"


def test_the_most_specific_region_wins_and_the_day_of_the_event_decides() -> None:
    pack_load(content=pack(days(14, end="2021-05-10"), days(21, start="2021-05-11")), actor=None)
    pack_load(content=pack(days(10), name="county", region="220521"), actor=None)
    pack_load(content=pack(days(3, start="2021-06-01"), name="town", region="220521901"), actor=None)

    def told(region: str, day: str) -> int:
        return value_of("monitoring.returnee.days", region_code=region, on=dt.date.fromisoformat(day)).value

    assert told("2205", "2021-05-10") == 14
    assert told("2205", "2021-05-11") == 21
    assert told(CELL, "2021-05-31") == 10
    assert told(CELL, "2021-06-01") == 3
    with pytest.raises(PolicyMissingError):
        told("2205", "2020-12-31")


def test_loading_the_same_content_again_changes_nothing() -> None:
    content = pack(days(14))
    assert pack_load(content=content, actor=None).new
    assert not pack_load(content=content, actor=None).new
    assert PolicyPack.objects.count() == 1
    assert AuditEntry.objects.filter(action="policy_load").count() == 1


def test_a_new_version_replaces_the_old_and_keeps_its_rules_for_old_decisions() -> None:
    pack_load(content=pack(days(14)), actor=None)
    pack_load(content=pack(days(7), version="2"), actor=None)
    assert value_of("monitoring.returnee.days", region_code="22", on=TODAY).value == 7
    old = PolicyRule.objects.get(in_force=False)
    assert (old.value, old.version) == (14, "base-1:monitoring.returnee.days@2021-01-01")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (pack(days(7)), "改用新的版本号"),
        (pack(days(7), name="other"), "与政策包 base 重叠"),
        (b"\xff\xfe", "不是有效的 TOML"),
        (b"[pack", "不是有效的 TOML"),
    ],
)
def test_a_refused_pack_leaves_everything_as_it_was(content: bytes, said: str) -> None:
    pack_load(content=pack(days(14)), actor=None)
    with pytest.raises(ApiError) as refused:
        pack_load(content=content, actor=None)
    assert refused.value.code is ErrorCode.BAD_PACK
    assert said in str(refused.value.detail)
    assert value_of("monitoring.returnee.days", region_code="22", on=TODAY).value == 14
    assert PolicyPack.objects.count() == 1


def test_the_command_names_every_reason_and_ends_non_zero(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_bytes(pack(days(14)))
    bad.write_bytes(pack(days(0), days(1, start='"soon"'), name="bad"))
    out, errors = StringIO(), StringIO()
    with pytest.raises(CommandError):
        call_command("load_policies", good, bad, tmp_path / "none.toml", stdout=out, stderr=errors)
    assert "good.toml：已载入" in out.getvalue()
    assert errors.getvalue().count("\n  - ") == 2
    assert "none.toml：无法读取" in errors.getvalue()
    assert not PolicyPack.objects.filter(name="bad").exists()


def test_fresh_rules_are_answered_without_a_query(
    policies: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    value_of("fever_threshold", region_code=CELL, on=TODAY)
    with django_assert_num_queries(0):
        for _ in range(100):
            value_of("symptoms.door", region_code=CELL, on=TODAY)


def test_an_unchanged_shelf_is_rechecked_with_one_query(
    policies: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    value_of("fever_threshold", region_code=CELL, on=TODAY)
    selectors._shelf.checked_at = -1e9
    with django_assert_num_queries(1):
        value_of("fever_threshold", region_code=CELL, on=TODAY)


def test_a_pack_loaded_by_another_process_is_noticed(policies: None) -> None:
    before = value_of("fever_threshold", region_code=CELL, on=TODAY)
    rule = RULE.format(key="fever_threshold", value=37.5, unit="℃", start="2021-01-01", end="")
    kept = (selectors._shelf.book, selectors._shelf.mark, selectors._shelf.checked_at)
    pack_load(content=pack(rule, name="county", region="220521"), actor=None)
    # As the other process sees it: its own copy, still young.
    selectors._shelf.book, selectors._shelf.mark, selectors._shelf.checked_at = kept
    assert value_of("fever_threshold", region_code=CELL, on=TODAY) == before
    selectors._shelf.checked_at -= selectors.LIFETIME
    assert value_of("fever_threshold", region_code=CELL, on=TODAY).value == Decimal("37.5")


def test_api_lists_what_is_in_force(
    policies: None, user_with: Callable[..., Any], client_of: Callable[..., APIClient]
) -> None:
    client = client_of(user_with(Role.GRID_WORKER, CELL))
    answer = client.get("/api/v1/policies/", {"region": CELL, "on": "2026-11-22"}).json()
    rules = {rule["key"]: rule for rule in answer["rules"]}
    assert set(rules) == set(KEYS)
    assert rules["fever_threshold"]["value"] == 37.3
    assert rules["monitoring.returnee.days"]["region"] == "22"
    assert client.get("/api/v1/policies/", {"on": "昨天"}).json()["code"] == "bad_field"
    assert client.get("/api/v1/policies/", {"region": "22x"}).json()["code"] == "bad_region_code"
    assert APIClient().get("/api/v1/policies/").status_code == 401
