"""Reading a policy pack: a pure judgement over parsed TOML that takes all of it or none. See docs/policies.md."""

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from backend.core.fields import is_region_code
from backend.core.symptoms import Symptom
from backend.policies.choices import KEYS, SESSIONS, SEVERITIES, Shape

_PACK_FIELDS = {"name": str, "title": str, "version": str, "region": str}
_RULE_FIELDS = {"key", "value", "unit", "from", "to", "duty", "document", "dated", "clause", "note"}
_NAME = re.compile(r"[a-z][a-z0-9-]{0,15}", re.ASCII)
_VERSION = re.compile(r"[0-9][0-9.]{0,9}", re.ASCII)
_DUTY = re.compile(r"[A-E][0-9]{1,2}", re.ASCII)
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)
#: Text columns of a rule and how long each may be.
#: Document and clause go side by side into records of at most 200 characters.
_TEXTS = {"document": 80, "clause": 119, "note": 200}


@dataclass(frozen=True)
class RuleDraft:
    """One rule of a pack, checked. `valid_to` is the last day it holds, None while it is open."""

    key: str
    value: Any
    unit: str
    valid_from: dt.date
    valid_to: dt.date | None
    duty: str
    document: str
    dated: dt.date | None
    clause: str
    note: str
    version: str


@dataclass(frozen=True)
class PackDraft:
    """A whole pack, checked. `region` is empty for the national base."""

    name: str
    title: str
    version: str
    region: str
    rules: tuple[RuleDraft, ...]


@dataclass(frozen=True)
class PackProblem:
    """One reason to refuse a pack: where it is, and what is wrong, in Chinese."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}：{self.what}"


def read_pack(data: Mapping[str, Any]) -> PackDraft | list[PackProblem]:
    """The pack in parsed TOML `data`, or every reason why all of it is refused."""
    problems = list(_file_problems(data))
    if problems:
        return problems
    pack, entries = data["pack"], data["rule"]
    for number, entry in enumerate(entries, start=1):
        problems.extend(_rule_problems(f"第 {number} 条", entry))
    if not problems:
        problems.extend(_date_problems(entries))
    if problems:
        return problems
    label = f"{pack['name']}-{pack['version']}"
    rules = tuple(_draft(entry, label) for entry in entries)
    return PackDraft(pack["name"], pack["title"], pack["version"], pack["region"], rules)


def _file_problems(data: Mapping[str, Any]) -> Iterator[PackProblem]:
    for unknown in sorted(set(data) - {"pack", "rule"}):
        yield PackProblem(unknown, "不认识的段落")
    pack = data.get("pack")
    if not isinstance(pack, dict):
        yield PackProblem("pack", "缺少 [pack] 段落")
    else:
        yield from _head_problems(pack)
    entries = data.get("rule")
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        yield PackProblem("rule", "缺少 [[rule]] 条目")


def _head_problems(pack: Mapping[str, Any]) -> Iterator[PackProblem]:
    for unknown in sorted(set(pack) - set(_PACK_FIELDS)):
        yield PackProblem(f"pack.{unknown}", "不认识的字段")
    for field, kind in _PACK_FIELDS.items():
        if not isinstance(pack.get(field), kind):
            yield PackProblem(f"pack.{field}", "缺少，或类型不对")
            return
    if not _NAME.fullmatch(pack["name"]):
        yield PackProblem("pack.name", "应为小写字母开头、不超过十六位的字母数字")
    if not _VERSION.fullmatch(pack["version"]):
        yield PackProblem("pack.version", "应为不超过十位的数字版本号，如 2021.1")
    if not 0 < len(pack["title"]) <= 80:
        yield PackProblem("pack.title", "不能为空，不超过八十字")
    if pack["region"] and not is_region_code(pack["region"]):
        yield PackProblem("pack.region", "区划代码应为 2、4、6、9、12 或 15 位数字，全国留空")


def _rule_problems(where: str, entry: Mapping[str, Any]) -> Iterator[PackProblem]:
    for unknown in sorted(set(entry) - _RULE_FIELDS):
        yield PackProblem(where, f"不认识的字段 {unknown}")
    key = entry.get("key")
    if not isinstance(key, str) or key not in KEYS:
        yield PackProblem(where, f"不认识的键 {key}")
        return
    where = f"{where} {key}"
    shape, unit, _ = KEYS[key]
    if "value" not in entry:
        yield PackProblem(where, "缺少 value")
    elif not _CHECKS[shape](entry["value"]):
        yield PackProblem(where, f"value 类型或范围不对，应为{shape.label}")
    if entry.get("unit", "") != unit:
        yield PackProblem(where, f"单位应为 {unit or '空'}")
    if not _is_date(entry.get("from")):
        yield PackProblem(where, "缺少起始日期 from，或不是日期")
    elif "to" in entry and (not _is_date(entry["to"]) or entry["to"] < entry["from"]):
        yield PackProblem(where, "终止日期 to 不是日期，或早于 from")
    if "dated" in entry and not _is_date(entry["dated"]):
        yield PackProblem(where, "文件日期 dated 不是日期")
    if not isinstance(entry.get("duty"), str) or not _DUTY.fullmatch(entry["duty"]):
        yield PackProblem(where, "职责编号 duty 应为 A1 至 E10 的形式")
    for field, longest in _TEXTS.items():
        text = entry.get(field, "")
        if not isinstance(text, str) or len(text) > longest:
            yield PackProblem(where, f"{field} 应为文字，不超过 {longest} 字")
        elif not text.strip() and field != "note":
            yield PackProblem(where, f"缺少 {field}")


def _date_problems(entries: list[dict[str, Any]]) -> Iterator[PackProblem]:
    """Two values of one key on one day: the same start twice is a duplicate, else the terms overlap."""
    by_key: dict[str, list[tuple[dt.date, dt.date, int]]] = {}
    for number, entry in enumerate(entries, start=1):
        by_key.setdefault(entry["key"], []).append((entry["from"], entry.get("to", dt.date.max), number))
    for key, terms in by_key.items():
        for (start, end, first), (next_start, _, second) in pairwise(sorted(terms)):
            where = f"第 {max(first, second)} 条 {key}"
            if start == next_start:
                yield PackProblem(where, f"与第 {min(first, second)} 条重复")
            elif next_start <= end:
                yield PackProblem(where, f"日期与第 {min(first, second)} 条重叠")


def _draft(entry: Mapping[str, Any], label: str) -> RuleDraft:
    return RuleDraft(
        key=entry["key"],
        value=entry["value"],
        unit=entry.get("unit", ""),
        valid_from=entry["from"],
        valid_to=entry.get("to"),
        duty=entry["duty"],
        document=entry["document"],
        dated=entry.get("dated"),
        clause=entry["clause"],
        note=entry.get("note", ""),
        version=f"{label}:{entry['key']}@{entry['from'].isoformat()}",
    )


def as_used(key: str, value: Any) -> Any:
    """A stored value as code compares it: temperatures as `Decimal` with one place, lists as tuples."""
    shape = KEYS[key][0]
    if shape is Shape.TEMPERATURE:
        return _tenths(value)
    if shape is Shape.TEMPERATURES:
        return tuple(_tenths(each) for each in value)
    return tuple(value) if isinstance(value, list) else value


def _tenths(value: float) -> Decimal:
    return Decimal(str(value)).quantize(Decimal("0.1"))


def _is_date(value: Any) -> bool:
    return type(value) is dt.date


def _is_temperature(value: Any) -> bool:
    # An integer is a lazy spelling of the same figure; a truth value is not.
    return type(value) in (int, float) and 35 <= value <= 43 and round(value, 1) == value


def _is_temperatures(value: Any) -> bool:
    return isinstance(value, list) and 0 < len(value) <= 20 and all(map(_is_temperature, value)) and _rising(value)


def _rising(values: list[Any]) -> bool:
    return all(a < b for a, b in pairwise(values))


def _is_list_from(allowed: tuple[str, ...]) -> Callable[[Any], bool]:
    def check(value: Any) -> bool:
        if not isinstance(value, list) or not value or not all(isinstance(each, str) for each in value):
            return False
        return set(value) <= set(allowed) and len(set(value)) == len(value)

    return check


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 < value <= 10_000


def _is_times(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == set(SESSIONS) and all(map(_is_time, value.values()))


def _is_time(value: Any) -> bool:
    return isinstance(value, str) and _TIME.fullmatch(value) is not None


def _is_cutoff(value: Any) -> bool:
    if not isinstance(value, dict) or set(value) != {"day_offset", "time"}:
        return False
    return type(value["day_offset"]) is int and 0 <= value["day_offset"] <= 3 and _is_time(value["time"])


def _is_hours_by_severity(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == set(SEVERITIES) and all(map(_is_count, value.values()))


_CHECKS: dict[Shape, Callable[[Any], bool]] = {
    Shape.TEMPERATURE: _is_temperature,
    Shape.TEMPERATURES: _is_temperatures,
    Shape.SYMPTOMS: _is_list_from(tuple(Symptom.values)),
    Shape.COUNT: _is_count,
    Shape.SESSIONS: _is_list_from(SESSIONS),
    Shape.TIMES: _is_times,
    Shape.CUTOFF: _is_cutoff,
    Shape.HOURS_BY_SEVERITY: _is_hours_by_severity,
}
