"""What a phone pulls: one SELECT per kind, each giving `(xid, id, JSON text)` of the rows in some cells.

PostgreSQL writes the JSON, so a page of a thousand changes costs one statement and no per-row work in Python. The rank
of a source orders kinds within one transaction: what left a cell goes before what entered it. Nothing here decrypts:
phones receive masked columns only. See docs/sync.md, "Pull".
"""

from dataclasses import dataclass

from backend.accounts.choices import Capability
from backend.sync.writing import Value, any_value, bare, number_or_null, plain

#: Facts older than this many days stay on the server; a phone shows the last days only.
FACT_DAYS = 7
#: Days for which an author is told how a conflict of his ended: a phone may be off for some of them.
ENDED_DAYS = 31


@dataclass(frozen=True, slots=True)
class PullSource:
    """`table` has `region`, the column with the cell's code; `data` is the list of columns that are sent, as SELECT has
    them, or, of kinds with many rows, how each is written; `where` a further filter.

    Pulled `inside` the cells where the user holds `capability` beside the right to sync, and, with `above`, what has
    the code of the village or township they lie in, unless the code in `unless` lies in the cells themselves; and what
    the user himself wrote, wherever it lies, if `author` names a column. A source without `kind` has its rows' own
    kinds in `data`, and nothing else.

    `walk` are the columns that a first download runs by, with their types: none is ever null, together they are unique,
    and what a transaction does to a row already sent is told later, so they may change. Where the cell's code comes
    first, an index of the table has them in this order; other sources hold few rows for one user.
    """

    kind: str
    table: str
    data: str | tuple[Value, ...]
    region: str = "t.region_code"
    key: str = "t.id"
    where: str = ""
    op: str = "put"
    capability: str = Capability.SYNC
    inside: bool = True
    above: bool = False
    unless: str = ""
    author: str = ""
    walk: tuple[tuple[str, str], ...] = (("t.id", "uuid"),)
    #: What a first download brings too.
    at_first: bool = True


#: Cell by cell, and where a cell has many rows, in the order in which a later pull looks for them.
_BY_CELL = (("t.region_code", "text"), ("t.id", "uuid"))
_BY_CELL_AND_CHANGE = (("t.region_code", "text"), ("t.changed_xid", "bigint"), ("t.id", "uuid"))
_BY_CELL_AND_DAY = (
    ("t.region_code", "text"),
    ("t.business_day", "date"),
    ("t.changed_xid", "bigint"),
    ("t.id", "uuid"),
)

_REGION = "t.code, t.name, t.level, t.parent_code AS parent"
#: A cell with its village's name: there is a 第一网格 in each. A village by its own.
_NAMED = (
    "(SELECT CASE r.level WHEN 'grid' THEN coalesce(v.name, '') ELSE '' END || r.name FROM regions_region r "
    "LEFT JOIN regions_region v ON v.code = r.parent_code WHERE r.code = {})"
)
_ONE_HOUSEHOLD = "SELECT {} FROM residents_household h WHERE h.id = t.household_id"
_ONE_PERSON = "SELECT {} FROM residents_person p WHERE p.id = t.person_id"
_MONITORED = (
    "SELECT count(DISTINCT m.person_id) FROM health_monitoring m WHERE m.state <> 'cancelled' "
    "AND %(today)s::date BETWEEN m.first_day AND m.last_day AND (m.person_id = t.person_id "
    "OR m.person_id IN (SELECT p.id FROM residents_person p WHERE p.household_id = t.household_id))"
)
#: Open, or answered in the last days: then the giver's phone still says who took it.
_HANDOVER_SHOWN = (
    f"t.state = 'offered' OR (t.answer_received_at AT TIME ZONE 'Asia/Shanghai')::date > %(today)s::date - {FACT_DAYS}"
)


def _handover(*, incoming: bool) -> str:
    """A hand-over as one of its two sides is told of it."""
    return (
        "t.id, t.household_id AS household, t.person_id AS person, t.place, "
        f"coalesce(({_ONE_HOUSEHOLD.format('h.head_masked')}), ({_ONE_PERSON.format('p.name_masked')})) AS head, "
        f"coalesce(({_ONE_HOUSEHOLD.format('h.headcount')}), 1) AS headcount, ({_MONITORED}) AS monitored, t.reason, "
        f't.from_region AS "from", {_NAMED.format("t.from_region")} AS from_name, '
        f't.to_region AS "to", {_NAMED.format("t.to_region")} AS to_name, t.author_name, t.offered_at, t.received_at, '
        f"t.due_at, t.state, t.cell, {_NAMED.format('t.cell')} AS cell_name, t.decline_reason, t.answered_at, "
        f"t.answered_by_name AS answered_by, t.author_id = %(user)s AS mine, {str(incoming).lower()} AS incoming"
    )


PULL_SOURCES: tuple[PullSource, ...] = (
    PullSource(
        kind="",
        table="core_tombstone",
        key="t.object_id",
        op="delete",
        at_first=False,
        above=True,
        data="t.kind",
    ),
    PullSource(
        kind="region",
        capability=Capability.REGION_VIEW,
        table="regions_region",
        region="t.code",
        key="t.code",
        walk=(("t.code", "text"),),
        where="NOT t.placeholder AND t.valid_to IS NULL",
        data=_REGION,
    ),
    # Where a household may be handed over: the other cells of the village, the other villages of the township.
    PullSource(
        kind="region",
        capability=Capability.HOUSEHOLD_EDIT,
        table="regions_region",
        region="t.parent_code",
        inside=False,
        above=True,
        unless="t.code",
        key="t.code",
        walk=(("t.code", "text"),),
        where="NOT t.placeholder AND t.valid_to IS NULL",
        data=_REGION,
    ),
    PullSource(
        kind="household",
        capability=Capability.HOUSEHOLD_VIEW,
        table="residents_household",
        walk=_BY_CELL_AND_CHANGE,
        where="t.closed_at IS NULL",
        data=(
            plain("id", "t.id"),
            plain("region", "t.region_code"),
            any_value("address", "t.address"),
            any_value("building", "t.building"),
            any_value("unit", "t.unit"),
            number_or_null("floor", "t.floor"),
            any_value("door", "t.door"),
            any_value("head", "t.head_masked"),
            bare("headcount", "t.headcount"),
            plain("occupancy", "t.occupancy"),
            any_value("care", "t.care"),
            bare("phone_known", "t.phone_sealed IS NOT NULL"),
            bare("version", "t.version"),
            any_value("sort", "t.sort_key"),
        ),
    ),
    PullSource(
        kind="person",
        capability=Capability.PERSON_VIEW,
        table="residents_person",
        walk=_BY_CELL_AND_CHANGE,
        data=(
            plain("id", "t.id"),
            any_value("household", "t.household_id"),
            plain("region", "t.region_code"),
            any_value("name", "t.name_masked"),
            any_value("purpose", "t.purposes"),
            any_value("phone_last4", "nullif(t.phone_last4, '')"),
            bare("version", "t.version"),
        ),
    ),
    PullSource(
        kind="returnee",
        capability=Capability.RETURNEE_VIEW,
        table="returnees_returnee",
        walk=_BY_CELL,
        data=(
            "t.id, t.person_id AS person, t.region_code AS region, coalesce((SELECT r.name FROM regions_region r "
            "WHERE r.code = nullif(t.origin_code, '')), t.origin_text) AS origin_name, t.arrived_on, t.monitor_from, "
            "t.monitor_to, t.state, t.transport, t.transport_number <> '' AS number_known, t.via, t.version"
        ),
        # Handed over to another cell: the tombstone takes it away, its successor is that cell's.
        where="t.state <> 'moved'",
    ),
    PullSource(
        kind="code",
        capability=Capability.CODE_VIEW,
        table="health_codestatus",
        key="t.person_id",
        walk=(("t.region_code", "text"), ("t.person_id", "uuid")),
        data="t.person_id AS person, t.colour, t.reason, t.since, t.rule_version, t.clause",
    ),
    PullSource(
        kind="visit",
        capability=Capability.VISIT_VIEW,
        table="visits_visit",
        walk=_BY_CELL_AND_DAY,
        where=f"t.business_day > %(today)s::date - {FACT_DAYS}",
        data=(
            plain("id", "t.id"),
            plain("household", "t.household_id"),
            plain("region", "t.region_code"),
            plain("outcome", "t.outcome"),
            any_value("observed_at", "t.corrected_at"),
            any_value("day", "t.business_day"),
            number_or_null("temperature_max", "t.temperature_max"),
            bare("fever", "t.fever_count"),
            bare("symptoms", "t.symptom_count"),
            any_value("author_name", "t.author_name"),
            bare("mine", "t.author_id = %(user)s"),
        ),
    ),
    PullSource(
        kind="check",
        capability=Capability.CHECK_VIEW,
        table="health_dailycheck",
        walk=_BY_CELL_AND_DAY,
        where=f"t.business_day > %(today)s::date - {FACT_DAYS}",
        data=(
            plain("id", "t.id"),
            plain("person", "t.person_id"),
            plain("region", "t.region_code"),
            plain("session", "t.session"),
            any_value("day", "t.business_day"),
            number_or_null("temperature", "t.temperature"),
            any_value("symptoms", "t.symptoms"),
            plain("method", "t.method"),
            any_value("author_name", "t.author_name"),
        ),
    ),
    PullSource(
        kind="conflict",
        capability=Capability.HOUSEHOLD_EDIT,
        table="sync_editconflict",
        # A settled one leaves by its tombstone.
        where="t.state = 'open'",
        author="t.author_id",
        data=(
            "t.id, t.kind, t.target, t.region_code AS region, t.place, t.author_name, "
            "t.author_id = %(user)s AS mine, t.made_at, t.version, t.fields"
        ),
    ),
    PullSource(
        kind="conflict",
        op="delete",
        table="sync_editconflict",
        # To who wrote what came second, wherever it lies: how it ended.
        inside=False,
        author="t.author_id",
        where=f"t.state <> 'open' AND t.chosen_at > %(now)s::timestamptz - interval '{ENDED_DAYS} days'",
        data="t.state, t.choices, t.chosen_by_name AS by, t.chosen_at AS at, t.chosen_by_id = %(user)s AS mine",
    ),
    PullSource(
        kind="referral",
        table="sync_referral",
        # To who handed it up, wherever his cells lie now: what the office made of it.
        inside=False,
        author="t.author_id",
        where=f"t.state = 'open' OR (t.answered_at AT TIME ZONE 'Asia/Shanghai')::date > %(today)s::date - {FACT_DAYS}",
        data="t.id, t.item, t.kind, t.place, t.made_at, t.state, t.answered_by_name AS answered_by, t.answered_at",
    ),
    # Whom both sides are, they are told last that it comes to them.
    PullSource(
        kind="handover",
        capability=Capability.HOUSEHOLD_EDIT,
        table="residents_handover",
        region="t.from_region",
        where=_HANDOVER_SHOWN,
        data=_handover(incoming=False),
    ),
    PullSource(
        kind="handover",
        capability=Capability.HOUSEHOLD_EDIT,
        table="residents_handover",
        region="t.to_region",
        above=True,
        # A worker who asked his own village does not answer himself.
        unless="t.from_region",
        where=_HANDOVER_SHOWN,
        data=_handover(incoming=True),
    ),
)
