"""The wire shape of returnees. docs/returnees.md describes every field."""

from typing import Any

from rest_framework import serializers

from backend.core.body import EditShape, StrictSerializer
from backend.core.scope import ancestors
from backend.health.choices import Colour, DueState
from backend.health.models import CodeStatus
from backend.residents.choices import DocumentType
from backend.returnees.choices import ReturneeState, Transport
from backend.returnees.models import Returnee
from backend.returnees.selectors import ReturneePage

#: Returnees in one page of the list.
PAGE, MAX_PAGE = 50, 500


class ReturneeQuery(StrictSerializer):
    """What of the list is asked for; `after` is the `next` of the page before."""

    state = serializers.ChoiceField(ReturneeState.choices, required=False)
    region = serializers.CharField(required=False, max_length=15, help_text="Only below this region.")
    q = serializers.CharField(
        required=False, max_length=40, help_text="Surname, last four digits of the phone, origin, or door."
    )
    due = serializers.ChoiceField(
        DueState.choices, required=False, help_text="Only those with such a health check today."
    )
    limit = serializers.IntegerField(required=False, default=PAGE, min_value=1, max_value=MAX_PAGE)
    after = serializers.IntegerField(required=False, default=0, min_value=0, max_value=10_000_000)


class RegisterShape(StrictSerializer):
    """The six fields: name, phone, document, from where, arrival, household or address; and how he travelled."""

    name = serializers.CharField(max_length=40)
    phone = serializers.CharField(max_length=20)
    document_type = serializers.ChoiceField(DocumentType.choices)
    document_number = serializers.CharField(max_length=40)
    origin = serializers.CharField(max_length=6, required=False, default="", allow_blank=True)
    origin_text = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    arrived_on = serializers.DateField()
    transport = serializers.ChoiceField(Transport.choices, required=False, default="", allow_blank=True)
    transport_number = serializers.CharField(
        max_length=40, required=False, default="", allow_blank=True, help_text="Train, flight or plate."
    )
    via = serializers.CharField(
        max_length=120, required=False, default="", allow_blank=True, help_text="Where he stopped on the way."
    )
    household = serializers.UUIDField(required=False, default=None, allow_null=True)
    address = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    region = serializers.CharField(max_length=15, required=False, default="", allow_blank=True)


class LeaveShape(StrictSerializer):
    """The day on which the returnee left."""

    left_on = serializers.DateField()


class CorrectShape(StrictSerializer):
    """The day on which the returnee really arrived."""

    arrived_on = serializers.DateField()


class ReturneeChanges(StrictSerializer):
    """The fields of a returnee that changed; `null` empties one on purpose, an empty text says nothing."""

    origin = serializers.CharField(max_length=6, required=False, allow_null=True, allow_blank=True)
    origin_text = serializers.CharField(max_length=60, required=False, allow_null=True, allow_blank=True)
    transport = serializers.ChoiceField(Transport.choices, required=False, allow_null=True, allow_blank=True)
    transport_number = serializers.CharField(max_length=40, required=False, allow_null=True, allow_blank=True)
    via = serializers.CharField(max_length=120, required=False, allow_null=True, allow_blank=True)
    arrived_on = serializers.DateField(required=False, allow_null=True)
    left_on = serializers.DateField(
        required=False, allow_null=True, help_text="A day is a leaving; null takes a leaving back."
    )


class ReturneeEditShape(EditShape):
    """An edit made on top of `version`."""

    changes = ReturneeChanges()


class ReturneeShape(serializers.Serializer[Any]):
    """A returnee, masked."""

    id = serializers.UUIDField()
    person = serializers.UUIDField()
    name = serializers.CharField()
    phone_last4 = serializers.CharField()
    region = serializers.CharField()
    region_name = serializers.CharField()
    household = serializers.UUIDField(allow_null=True)
    place = serializers.CharField()
    origin = serializers.CharField()
    origin_name = serializers.CharField()
    arrived_on = serializers.DateField()
    arrival_doubtful = serializers.BooleanField()
    transport = serializers.ChoiceField(Transport.choices, allow_blank=True)
    transport_number = serializers.CharField()
    via = serializers.CharField()
    state = serializers.ChoiceField(ReturneeState.choices)
    left_on = serializers.DateField(allow_null=True)
    monitor_from = serializers.DateField(allow_null=True)
    monitor_to = serializers.DateField(allow_null=True)
    colour = serializers.ChoiceField(Colour.choices, allow_null=True)
    reason = serializers.CharField(allow_null=True)
    registered_at = serializers.DateTimeField()
    version = serializers.IntegerField()
    author_name = serializers.CharField()


class ReturneeListShape(serializers.Serializer[Any]):
    """A page of returnees; `next` is the `after` of the page that follows."""

    count = serializers.IntegerField()
    next = serializers.IntegerField(allow_null=True)
    results = ReturneeShape(many=True)


def page_body(page: ReturneePage) -> list[dict[str, Any]]:
    """The rows of a page, as `ReturneeShape`."""
    return [_returnee_body(row, page.names) for row in page.rows]


def origin_name(code: str, text: str, names: dict[str, str]) -> str:
    """Where from, in words: `吉林省通化市 东站`; a code of a region that is not on record stands as it is."""
    region = "".join(names.get(ancestor, "") for ancestor in ancestors(code)) if code else ""
    return " ".join(part for part in (region or code, text) if part)


def _returnee_body(row: Returnee, names: dict[str, str]) -> dict[str, Any]:
    person = row.person
    code: CodeStatus | None = getattr(person, "code_status", None)
    return {
        "id": str(row.pk),
        "person": str(person.pk),
        "name": person.name_masked,
        "phone_last4": person.phone_last4,
        "region": row.region_code,
        "region_name": names.get(row.region_code[:12], "") + names.get(row.region_code, row.region_code),
        "household": str(person.household_id) if person.household_id else None,
        "place": person.place,
        "origin": row.origin_code,
        "origin_name": origin_name(row.origin_code, row.origin_text, names),
        "arrived_on": row.arrived_on.isoformat(),
        "arrival_doubtful": row.arrival_doubtful,
        "transport": row.transport,
        "transport_number": row.transport_number,
        "via": row.via,
        "state": row.state,
        "left_on": row.left_on.isoformat() if row.left_on else None,
        "monitor_from": row.monitor_from.isoformat() if row.monitor_from else None,
        "monitor_to": row.monitor_to.isoformat() if row.monitor_to else None,
        "colour": code.colour if code else None,
        "reason": code.reason if code else None,
        "registered_at": row.registered_at.isoformat(),
        "version": row.version,
        "author_name": row.author_name,
    }
