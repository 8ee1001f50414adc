"""The one list of indicators (指标): what a daily report says, in what unit, for which duty, counted how.

To add one, add a row to `INDICATORS`; nothing else knows their names. A term names a source of `sources.py` and an SQL
aggregate over it; the terms of an indicator are added up. Derived indicators are computed from the others when shown
and never stored. An indicator whose source is not installed is absent everywhere, never a constant.
See docs/reports.md.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from backend.reports.choices import Group, Kind
from backend.reports.sources import SOURCES

Figures = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Indicator:
    """One figure of the report. `terms` are `(source, SQL aggregate)`; `derive` takes the stored figures instead."""

    key: str
    name: str
    unit: str
    duty: str
    group: Group
    kind: Kind
    terms: tuple[tuple[str, str], ...] = ()
    derive: Callable[[Figures], float | None] | None = None
    #: Known only once the day is over: absent from the running figures.
    after_day: bool = False
    #: Among the few columns that the day's tree shows first.
    main: bool = False

    def installed(self) -> bool:
        """Whether every source that it counts exists."""
        return all(SOURCES[source].installed() for source, _ in self.terms)


def _coverage(figures: Figures) -> float | None:
    """Households reached in percent of households, one decimal; None where there is no household to reach."""
    households = figures.get("households")
    return round(100 * figures.get("reached", 0) / households, 1) if households else None


def _distinct(key: str, condition: str) -> str:
    """How many different `key` there are in a cell. Keys are 64-bit hashes, gathered per cell and counted there:
    grouping millions of rows by household or person costs three times as much as the whole count."""
    return f"(SELECT count(DISTINCT key) FROM unnest(array_agg({key}) FILTER (WHERE {condition})) key)"


_REACHED = _distinct("home", "reached")

_CATALOGUE: tuple[Indicator, ...] = (
    Indicator("households", "住户", "户", "A1", Group.VISITS, Kind.STOCK, (("tenures", "count(*)"),), main=True),
    Indicator("reached", "已走访", "户", "A1", Group.VISITS, Kind.FLOW, (("visits", _REACHED),), main=True),
    Indicator(
        "nobody_home", "家中无人", "户", "A1", Group.VISITS, Kind.FLOW,
        (("visits", f"{_distinct('home', 'reached OR nobody_home')} - {_REACHED}"),),
    ),
    Indicator("coverage", "走访率", "%", "A1", Group.VISITS, Kind.DERIVED, derive=_coverage, main=True),
    Indicator("returnees_present", "在本地返乡人员", "人", "A3", Group.MONITORING, Kind.STOCK,
              (("returnees", "count(*) FILTER (WHERE present)"),), main=True),
    Indicator("new_returnees", "新登记返乡人员", "人", "A3", Group.MONITORING, Kind.EVENT,
              (("returnees", "count(*) FILTER (WHERE fresh)"),), main=True),
    Indicator("under_monitoring", "健康监测中", "人", "A3", Group.MONITORING, Kind.STOCK,
              (("monitorings", "count(*)"),), main=True),
    Indicator("checks_due", "应测", "人次", "A10", Group.MONITORING, Kind.STOCK, (("monitorings", "sum(due)"),)),
    Indicator("checks_done", "已测", "人次", "A10", Group.MONITORING, Kind.FLOW,
              (("checks", _distinct("person_session", "done")),), main=True),
    Indicator("checks_missed", "漏测", "人次", "A10", Group.MONITORING, Kind.FLOW,
              (("monitorings", "sum(due - done)"),), after_day=True, main=True),
    Indicator("fever", "发热", "人次", "B1", Group.ALERTS, Kind.EVENT,
              (("visits", "sum(fever)"), ("checks", "count(*) FILTER (WHERE fever)")), main=True),
    Indicator("symptoms", "有症状", "人次", "B1", Group.ALERTS, Kind.EVENT,
              (("visits", "sum(symptoms)"), ("checks", "count(*) FILTER (WHERE symptomatic)")), main=True),
    Indicator("alerts_raised", "新增预警", "条", "B1", Group.ALERTS, Kind.EVENT,
              (("alerts_raised", "count(*)"),), main=True),
    Indicator("alerts_closed", "办结预警", "条", "B1", Group.ALERTS, Kind.FLOW,
              (("alerts_closed", "count(DISTINCT alert_id)"),)),
    Indicator("alerts_overdue", "超时未签收预警", "条", "B1", Group.ALERTS, Kind.STOCK,
              (("alerts_overdue", "count(*)"),), main=True),
)  # fmt: skip


@cache
def indicators() -> tuple[Indicator, ...]:
    """Every indicator whose sources exist, in the order of the report."""
    return tuple(indicator for indicator in _CATALOGUE if indicator.installed())


@cache
def stored() -> tuple[Indicator, ...]:
    """The indicators that are counted and stored; the rest are derived from them."""
    return tuple(indicator for indicator in indicators() if indicator.terms)


def indicator_of(key: str) -> Indicator | None:
    """The indicator `key`, if it exists here."""
    return next((indicator for indicator in indicators() if indicator.key == key), None)


def shown(figures: Figures) -> dict[str, float | None]:
    """`{indicator: figure}` of every indicator for stored `figures`; all None when there is no figure at all."""
    return {
        indicator.key: (indicator.derive(figures) if indicator.derive else figures.get(indicator.key))
        for indicator in indicators()
    }


def events_in(figures: Figures) -> dict[str, int]:
    """The event indicators that are not 0: what contradicts a zero report."""
    return {i.key: figures[i.key] for i in stored() if i.kind is Kind.EVENT and figures.get(i.key)}
