"""The wire shape of codes and of the day's checks. docs/health-code.md describes every field."""

from collections.abc import Iterable, Mapping
from typing import Any

from rest_framework import serializers

from backend.core.body import StrictSerializer
from backend.core.symptoms import Symptom
from backend.health.choices import Colour, DueState, Method, Session, Trigger
from backend.health.models import CodeDecision
from backend.health.selectors import CheckCounts, CodeView, DueCheck

#: People in one page of the day's checks.
PAGE, MAX_PAGE = 100, 500


class DueQuery(StrictSerializer):
    """What of which day is asked for; `after` is the `next` of the page before."""

    day = serializers.DateField(required=False, help_text="Business day, today by default.")
    region = serializers.CharField(required=False, max_length=15, help_text="Only below this region.")
    state = serializers.ChoiceField(
        DueState.choices, required=False, help_text="Only people with such a check, with all their checks."
    )
    limit = serializers.IntegerField(required=False, default=PAGE, min_value=1, max_value=MAX_PAGE)
    after = serializers.IntegerField(required=False, default=0, min_value=0, max_value=10_000_000)


class CodeFactShape(serializers.Serializer[Any]):
    """A record that a decision rests on."""

    kind = serializers.ChoiceField(["check", "visit", "monitoring"])
    id = serializers.UUIDField()


class CodeDecisionShape(serializers.Serializer[Any]):
    """One decision of the history."""

    at = serializers.DateTimeField()
    day = serializers.DateField()
    colour = serializers.ChoiceField(Colour.choices)
    reason = serializers.CharField()
    rule = serializers.CharField()
    rule_version = serializers.CharField()
    clause = serializers.CharField()
    trigger = serializers.ChoiceField(Trigger.choices)
    facts = CodeFactShape(many=True)


class CodeShape(serializers.Serializer[Any]):
    """The code of a person, and how it came about, the latest decision first."""

    person = serializers.UUIDField()
    colour = serializers.ChoiceField(Colour.choices)
    colour_label = serializers.CharField()
    reason = serializers.CharField()
    since = serializers.DateTimeField()
    rule = serializers.CharField()
    rule_version = serializers.CharField()
    clause = serializers.CharField()
    history = CodeDecisionShape(many=True)


class SessionCountShape(serializers.Serializer[Any]):
    """Counts of one session; `expected` is the sum of the other three."""

    session = serializers.ChoiceField(Session.choices)
    session_label = serializers.CharField()
    expected = serializers.IntegerField()
    done = serializers.IntegerField()
    due = serializers.IntegerField()
    missed = serializers.IntegerField()


class DueCheckShape(serializers.Serializer[Any]):
    """One expected check of a person."""

    session = serializers.ChoiceField(Session.choices)
    session_label = serializers.CharField()
    state = serializers.ChoiceField(DueState.choices)
    due_by = serializers.DateTimeField()
    attempted = serializers.BooleanField()
    check = serializers.UUIDField(allow_null=True)
    temperature = serializers.FloatField(allow_null=True)
    symptoms = serializers.ListField(child=serializers.ChoiceField(Symptom.choices))
    method = serializers.ChoiceField(Method.choices, allow_null=True)
    at = serializers.DateTimeField(allow_null=True)
    author_name = serializers.CharField(allow_null=True)


class DuePersonShape(serializers.Serializer[Any]):
    """Somebody under monitoring, with the checks of the day."""

    person = serializers.UUIDField()
    name = serializers.CharField()
    phone_last4 = serializers.CharField()
    household = serializers.UUIDField(allow_null=True)
    region = serializers.CharField()
    region_name = serializers.CharField()
    place = serializers.CharField()
    monitor_from = serializers.DateField()
    monitor_to = serializers.DateField()
    checks = DueCheckShape(many=True)


class DueDayShape(serializers.Serializer[Any]):
    """The checks that a day asks for."""

    day = serializers.DateField()
    region = serializers.CharField(allow_null=True)
    counts = SessionCountShape(many=True)
    people = DuePersonShape(many=True)
    next = serializers.IntegerField(allow_null=True)


def code_body(view: CodeView) -> dict[str, Any]:
    """A code with its history, as `CodeShape`."""
    status = view.status
    return {
        "person": str(status.person_id),
        "colour": status.colour,
        "colour_label": status.get_colour_display(),
        "reason": status.reason,
        "since": status.since.isoformat(),
        "rule": status.rule_key,
        "rule_version": status.rule_version,
        "clause": status.clause,
        "history": [_decision_body(decision) for decision in view.history],
    }


def _decision_body(decision: CodeDecision) -> dict[str, Any]:
    return {
        "at": decision.decided_at.isoformat(),
        "day": decision.day.isoformat(),
        "colour": decision.colour,
        "reason": decision.reason,
        "rule": decision.rule_key,
        "rule_version": decision.rule_version,
        "clause": decision.clause,
        "trigger": decision.trigger,
        "facts": decision.facts,
    }


def session_counts(counts: Iterable[CheckCounts]) -> list[dict[str, Any]]:
    """Counts per session over all cells, in the order of the day, as `SessionCountShape`."""
    sums: dict[str, list[int]] = {}
    for count in counts:
        row = sums.setdefault(count.session, [0, 0, 0, 0])
        for index, figure in enumerate((count.expected, count.done, count.due, count.missed)):
            row[index] += figure
    return [
        {
            "session": session.value, "session_label": session.label, "expected": sums[session][0],
            "done": sums[session][1], "due": sums[session][2], "missed": sums[session][3],
        }
        for session in Session
        if session in sums
    ]  # fmt: skip


def due_people(checks: Iterable[DueCheck], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Checks gathered by person, in the order given, as `DuePersonShape`. `names`: region code → name."""
    people: dict[tuple[object, str], dict[str, Any]] = {}
    for check in checks:
        person = people.setdefault(
            (check.person_id, check.region_code),
            {
                "person": str(check.person_id),
                "name": check.name_masked,
                "phone_last4": check.phone_last4,
                "household": str(check.household_id) if check.household_id else None,
                "region": check.region_code,
                "region_name": names.get(check.region_code, check.region_code),
                "place": check.place,
                "monitor_from": check.monitor_from.isoformat(),
                "monitor_to": check.monitor_to.isoformat(),
                "checks": [],
            },
        )
        person["checks"].append(_check_body(check))
    return list(people.values())


def _check_body(check: DueCheck) -> dict[str, Any]:
    return {
        "session": check.session,
        "session_label": Session(check.session).label,
        "state": check.state.value,
        "due_by": check.deadline.isoformat(),
        "attempted": check.attempted,
        "check": str(check.check_id) if check.check_id else None,
        "temperature": None if check.temperature is None else float(check.temperature),
        "symptoms": list(check.symptoms),
        "method": check.method,
        "at": check.checked_at.isoformat() if check.checked_at else None,
        "author_name": check.author_name,
    }
