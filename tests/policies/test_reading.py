"""Reading a pack: every mistake is named, and one mistake refuses the whole."""

import copy
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.policies.choices import KEYS
from backend.policies.rules import PackDraft, read_pack

PACKS = sorted((Path(__file__).parents[2] / "fixtures" / "policies").glob("*.toml"))
GOOD = tomllib.loads("""
[pack]
name = "base"
title = "测试"
version = "1.0"
region = "22"

[[rule]]
key = "monitoring.returnee.days"
value = 14
unit = "day"
from = 2021-01-01
to = 2021-05-10
duty = "A3"
document = "某通知"
clause = "一"

[[rule]]
key = "monitoring.returnee.days"
value = 21
unit = "day"
from = 2021-05-11
duty = "A3"
document = "某通知"
clause = "clause text not held"
""")


def reasons(**changes: Any) -> list[str]:
    """The reasons against a good pack whose first rule was changed; None removes a field."""
    data = copy.deepcopy(GOOD)
    for field, value in changes.items():
        name = field.rstrip("_")
        if value is None:
            del data["rule"][0][name]
        else:
            data["rule"][0][name] = value
    found = read_pack(data)
    return [] if isinstance(found, PackDraft) else [str(problem) for problem in found]


@pytest.mark.parametrize("path", PACKS, ids=lambda path: path.stem)
def test_the_packs_that_ship_are_good(path: Path) -> None:
    assert isinstance(read_pack(tomllib.loads(path.read_text())), PackDraft)


def test_the_good_pack_is_good() -> None:
    draft = read_pack(GOOD)
    assert isinstance(draft, PackDraft)
    assert [rule.version for rule in draft.rules] == [
        "base-1.0:monitoring.returnee.days@2021-01-01",
        "base-1.0:monitoring.returnee.days@2021-05-11",
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"key": "monitoring.days"}, "不认识的键"),
        ({"key": None}, "不认识的键"),
        ({"colour": "red"}, "不认识的字段"),
        ({"value": "14"}, "value"),
        ({"value": True}, "value"),
        ({"value": 0}, "value"),
        ({"value": 14.0}, "value"),
        ({"value": None}, "缺少 value"),
        ({"unit": "hour"}, "单位"),
        ({"from_": None}, "from"),
        ({"from_": "2021-01-01"}, "from"),
        ({"to": tomllib.loads("d = 2020-12-31")["d"]}, "to"),
        ({"to": tomllib.loads("d = 2021-05-11")["d"]}, "重叠"),
        ({"to": None}, "重叠"),
        ({"from_": tomllib.loads("d = 2021-05-11")["d"], "to": None}, "重复"),
        ({"duty": "Z9"}, "duty"),
        ({"duty": None}, "duty"),
        ({"clause": None}, "缺少 clause"),
        ({"clause": " "}, "缺少 clause"),
        ({"clause": 3}, "clause"),
        ({"document": None}, "缺少 document"),
        ({"document": "长" * 81}, "document"),
        ({"dated": "2020"}, "dated"),
    ],
)
def test_each_mistake_is_named(changes: dict[str, Any], said: str) -> None:
    found = reasons(**changes)
    assert len(found) == 1
    assert said in found[0]


def test_all_mistakes_are_named_at_once() -> None:
    assert len(reasons(value="14", unit="hour", duty=None, clause=None)) == 4


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"region": "220"}, "区划代码"),
        ({"region": "２２"}, "区划代码"),
        ({"region": 22}, "pack.region"),
        ({"name": "Base Pack"}, "pack.name"),
        ({"version": "one"}, "pack.version"),
        ({"title": ""}, "pack.title"),
        ({"author": "x"}, "pack.author"),
    ],
)
def test_a_bad_head_refuses_the_pack(section: dict[str, Any], said: str) -> None:
    data = copy.deepcopy(GOOD)
    data["pack"].update(section)
    found = read_pack(data)
    assert isinstance(found, list)
    assert said in str(found[0])


@pytest.mark.parametrize("data", [{}, {"pack": 3, "rule": []}, {"pack": GOOD["pack"]}, {**GOOD, "rules": []}])
def test_missing_or_unknown_sections_refuse_the_pack(data: dict[str, Any]) -> None:
    assert isinstance(read_pack(data), list)


@pytest.mark.parametrize(
    ("key", "unit", "value"),
    [
        ("fever_threshold", "℃", 373),
        ("fever_threshold", "℃", 37.25),
        ("temperature.presets", "℃", [37.0, 36.0]),
        ("symptoms.door", "", ["fever", "fever"]),
        ("symptoms.door", "", ["headache"]),
        ("symptoms.door", "", []),
        ("checks.sessions", "", ["noon"]),
        ("checks.due_by", "", {"morning": "12:00"}),
        ("report.cutoff.grid", "", {"day_offset": 1, "time": "7:00"}),
        ("report.cutoff.grid", "", {"day_offset": 1, "time": "24:00"}),
        ("report.cutoff.grid", "", {"time": "07:00"}),
        ("alert.acknowledge.hours", "hour", {"urgent": 2}),
        ("alert.acknowledge.hours", "hour", 2),
    ],
)
def test_every_shape_has_its_check(key: str, unit: str, value: Any) -> None:
    assert any("value" in reason for reason in reasons(key=key, unit=unit, value=value))


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.dates() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["pack", "rule", "x"]), junk))
def test_no_file_makes_it_fail(data: dict[str, Any]) -> None:
    assert isinstance(read_pack(data), list)


@given(
    st.dictionaries(
        st.sampled_from(["key", "value", "unit", "from", "to", "duty", "document", "dated", "clause", "note"]),
        junk | st.sampled_from(list(KEYS)),
    )
)
def test_no_rule_makes_it_fail(entry: dict[str, Any]) -> None:
    read_pack({"pack": GOOD["pack"], "rule": [entry]})
