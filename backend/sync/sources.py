"""What a phone pulls: one SELECT per kind, each giving `(xid, id, JSON text)` of the rows in some cells.

PostgreSQL writes the JSON, so a page of a thousand changes costs one statement and no per-row work in Python. The rank
of a source orders kinds within one transaction: what left a cell goes before what entered it. Nothing here decrypts:
phones receive masked columns only. See docs/sync.md, "Pull".
"""

from dataclasses import dataclass

from backend.accounts.choices import Capability

#: Facts older than this many days stay on the server; a phone shows the last days only.
FACT_DAYS = 7
#: Days for which an author is told how a conflict of his ended: a phone may be off for some of them.
ENDED_DAYS = 31


@dataclass(frozen=True, slots=True)
class PullSource:
    """`table` has `region`, the column with the cell's code; `data` is a JSON expression; `where` a further filter.

    Pulled `inside` the cells where the user holds `capability` beside the right to sync, and, with `above`, what has
    the code of the village or township they lie in, unless the code in `unless` lies in the cells themselves; and what
    the user himself wrote, wherever it lies, if `author` names a column. A source with `op` "delete" and no `kind` has
    its rows' own kinds in `data`.
    """

    kind: str
    table: str
    data: str
    region: str = "t.region_code"
    key: str = "t.id"
    where: str = ""
    op: str = "put"
    capability: str = Capability.SYNC
    inside: bool = True
    above: bool = False
    unless: str = ""
    author: str = ""


_REGION = "json_build_object('code', t.code, 'name', t.name, 'level', t.level, 'parent', t.parent_code)"
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
        "json_build_object('id', t.id, 'household', t.household_id, 'person', t.person_id, 'place', t.place, "
        f"'head', coalesce(({_ONE_HOUSEHOLD.format('h.head_masked')}), ({_ONE_PERSON.format('p.name_masked')})), "
        f"'headcount', coalesce(({_ONE_HOUSEHOLD.format('h.headcount')}), 1), 'monitored', ({_MONITORED}), "
        f"'reason', t.reason, 'from', t.from_region, 'from_name', {_NAMED.format('t.from_region')}, "
        f"'to', t.to_region, 'to_name', {_NAMED.format('t.to_region')}, 'author_name', t.author_name, "
        "'offered_at', t.offered_at, 'received_at', t.received_at, 'due_at', t.due_at, 'state', t.state, "
        f"'cell', t.cell, 'cell_name', {_NAMED.format('t.cell')}, 'decline_reason', t.decline_reason, "
        "'answered_at', t.answered_at, 'answered_by', t.answered_by_name, 'mine', t.author_id = %(user)s, "
        f"'incoming', {str(incoming).lower()})"
    )


PULL_SOURCES: tuple[PullSource, ...] = (
    PullSource(
        kind="",
        table="core_tombstone",
        key="t.object_id",
        op="delete",
        # A first download has nothing to delete.
        where="%(first)s IS FALSE",
        above=True,
        data="t.kind",
    ),
    PullSource(
        kind="region",
        capability=Capability.REGION_VIEW,
        table="regions_region",
        region="t.code",
        key="t.code",
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
        where="NOT t.placeholder AND t.valid_to IS NULL",
        data=_REGION,
    ),
    PullSource(
        kind="household",
        capability=Capability.HOUSEHOLD_VIEW,
        table="residents_household",
        where="t.closed_at IS NULL",
        data=(
            "json_build_object('id', t.id, 'region', t.region_code, 'address', t.address, 'building', t.building, "
            "'unit', t.unit, 'floor', t.floor, 'door', t.door, 'head', t.head_masked, 'headcount', t.headcount, "
            "'occupancy', t.occupancy, 'care', t.care, 'phone_known', t.phone_sealed IS NOT NULL, "
            "'version', t.version, 'sort', t.sort_key)"
        ),
    ),
    PullSource(
        kind="person",
        capability=Capability.PERSON_VIEW,
        table="residents_person",
        data=(
            "json_build_object('id', t.id, 'household', t.household_id, 'region', t.region_code, "
            "'name', t.name_masked, 'purpose', t.purposes, 'phone_last4', nullif(t.phone_last4, ''), "
            "'version', t.version)"
        ),
    ),
    PullSource(
        kind="returnee",
        capability=Capability.RETURNEE_VIEW,
        table="returnees_returnee",
        data=(
            "json_build_object('id', t.id, 'person', t.person_id, 'region', t.region_code, 'origin_name', "
            "coalesce((SELECT r.name FROM regions_region r WHERE r.code = nullif(t.origin_code, '')), t.origin_text), "
            "'arrived_on', t.arrived_on, 'monitor_from', t.monitor_from, 'monitor_to', t.monitor_to, 'state', t.state, "
            "'transport', t.transport, 'number_known', t.transport_number <> '', 'via', t.via, 'version', t.version)"
        ),
        # Handed over to another cell: the tombstone takes it away, its successor is that cell's.
        where="t.state <> 'moved'",
    ),
    PullSource(
        kind="code",
        capability=Capability.CODE_VIEW,
        table="health_codestatus",
        key="t.person_id",
        data=(
            "json_build_object('person', t.person_id, 'colour', t.colour, 'reason', t.reason, 'since', t.since, "
            "'rule_version', t.rule_version, 'clause', t.clause)"
        ),
    ),
    PullSource(
        kind="visit",
        capability=Capability.VISIT_VIEW,
        table="visits_visit",
        where=f"t.business_day > %(today)s::date - {FACT_DAYS}",
        data=(
            "json_build_object('id', t.id, 'household', t.household_id, 'region', t.region_code, "
            "'outcome', t.outcome, 'observed_at', t.corrected_at, 'day', t.business_day, "
            "'temperature_max', t.temperature_max, 'fever', t.fever_count, 'symptoms', t.symptom_count, "
            "'author_name', t.author_name, 'mine', t.author_id = %(user)s)"
        ),
    ),
    PullSource(
        kind="check",
        capability=Capability.CHECK_VIEW,
        table="health_dailycheck",
        where=f"t.business_day > %(today)s::date - {FACT_DAYS}",
        data=(
            "json_build_object('id', t.id, 'person', t.person_id, 'region', t.region_code, 'session', t.session, "
            "'day', t.business_day, 'temperature', t.temperature, 'symptoms', t.symptoms, 'method', t.method, "
            "'author_name', t.author_name)"
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
            "json_build_object('id', t.id, 'kind', t.kind, 'target', t.target, 'region', t.region_code, "
            "'place', t.place, 'author_name', t.author_name, 'mine', t.author_id = %(user)s, 'made_at', t.made_at, "
            "'version', t.version, 'fields', t.fields)"
        ),
    ),
    PullSource(
        kind="conflict",
        op="delete",
        table="sync_editconflict",
        # To who wrote what came second, wherever it lies: how it ended.
        inside=False,
        author="t.author_id",
        where=f"t.state <> 'open' AND t.chosen_at > %(now)s - interval '{ENDED_DAYS} days'",
        data=(
            "json_build_object('state', t.state, 'choices', t.choices, 'by', t.chosen_by_name, 'at', t.chosen_at, "
            "'mine', t.chosen_by_id = %(user)s)"
        ),
    ),
    PullSource(
        kind="referral",
        table="sync_referral",
        # To who handed it up, wherever his cells lie now: what the office made of it.
        inside=False,
        author="t.author_id",
        where=f"t.state = 'open' OR (t.answered_at AT TIME ZONE 'Asia/Shanghai')::date > %(today)s::date - {FACT_DAYS}",
        data=(
            "json_build_object('id', t.id, 'item', t.item, 'kind', t.kind, 'place', t.place, 'made_at', t.made_at, "
            "'state', t.state, 'answered_by', t.answered_by_name, 'answered_at', t.answered_at)"
        ),
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
