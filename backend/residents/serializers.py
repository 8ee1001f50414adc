"""Wire shapes of households and people: masked. Only the answer of a reveal holds plain values."""

from typing import Any

from rest_framework import serializers

from backend.core.body import EditShape, StrictSerializer, Text
from backend.residents.choices import CallPurpose, Care, DocumentType, Occupancy, Purpose, RevealField
from backend.residents.models import Household, Person
from backend.residents.rules import MAX_FLOOR, MAX_HEADCOUNT, MIN_FLOOR


class HouseholdAnswer(serializers.Serializer[Any]):
    """A household as lists and phones show it; the same names as the pull kind `household`, and where it is."""

    id = serializers.UUIDField()
    region = serializers.CharField()
    place = serializers.CharField(help_text="door without a name, such as 3幢2单元501")
    address = serializers.CharField()
    building = serializers.CharField(allow_blank=True)
    unit = serializers.CharField(allow_blank=True)
    floor = serializers.IntegerField(allow_null=True)
    door = serializers.CharField(allow_blank=True)
    head = serializers.CharField(help_text="masked: 张*")
    headcount = serializers.IntegerField()
    occupancy = serializers.ChoiceField(Occupancy.choices)
    care = serializers.ListField(child=serializers.CharField())
    phone_known = serializers.BooleanField()
    phone_last4 = serializers.CharField(allow_null=True)
    version = serializers.IntegerField()
    closed = serializers.BooleanField(help_text="taken out of use; lists show households in use only")
    sort = serializers.CharField(help_text="its order is the order of walking")


class PersonAnswer(serializers.Serializer[Any]):
    """A person on record, masked; the same names as the pull kind `person`."""

    id = serializers.UUIDField()
    household = serializers.UUIDField(allow_null=True)
    region = serializers.CharField()
    place = serializers.CharField()
    name = serializers.CharField(help_text="masked: 张*")
    purpose = serializers.ListField(child=serializers.ChoiceField(Purpose.choices))
    document_type = serializers.ChoiceField(DocumentType.choices, allow_blank=True)
    document_known = serializers.BooleanField()
    document_area_unknown = serializers.BooleanField(help_text="the area part is abolished: look at the document again")
    phone_last4 = serializers.CharField(allow_null=True)
    version = serializers.IntegerField()


class HouseholdPage(serializers.Serializer[Any]):
    """One page of a list. `next` is a page number: an address would carry the search along."""

    count = serializers.IntegerField(help_text="at most 10000, which then means: 10000 or more")
    next = serializers.IntegerField(allow_null=True)
    results = HouseholdAnswer(many=True)


class HouseholdDetail(HouseholdAnswer):
    """A household and the people on record who live in it."""

    people = PersonAnswer(many=True)


class LookupShape(StrictSerializer):
    """A whole telephone number; it travels in a body, because addresses end up in logs."""

    phone = serializers.CharField(max_length=20)


class LookupAnswer(serializers.Serializer[Any]):
    """Whose telephone that is, inside one's own scope."""

    households = HouseholdAnswer(many=True)
    people = PersonAnswer(many=True)


class RevealShape(StrictSerializer):
    """What somebody needs to see and why."""

    purpose = serializers.CharField(max_length=200, allow_blank=True, default="")
    fields = serializers.ListField(  # type: ignore[assignment]
        child=serializers.ChoiceField(RevealField.choices), min_length=1, max_length=len(RevealField)
    )


class RevealAnswer(serializers.Serializer[Any]):
    """The plain values asked for; empty where nothing is on record."""

    name = serializers.CharField(required=False, allow_blank=True)
    phone = serializers.CharField(required=False, allow_blank=True)
    document = serializers.CharField(required=False, allow_blank=True)


class CallShape(StrictSerializer):
    """Why the number is needed."""

    purpose = serializers.ChoiceField(CallPurpose.choices)


class CallAnswer(serializers.Serializer[Any]):
    """The number to dial; empty where none is on record."""

    phone = serializers.CharField(allow_blank=True)


def _text(longest: int) -> Text:
    return Text(max_length=longest, required=False, allow_null=True, allow_blank=True)


class HouseholdChanges(StrictSerializer):
    """The fields of a household that changed; `null` empties one on purpose, an empty value says nothing."""

    address = _text(120)
    building = _text(20)
    unit = _text(10)
    floor = serializers.IntegerField(min_value=MIN_FLOOR, max_value=MAX_FLOOR, required=False, allow_null=True)
    door = _text(10)
    head_name = _text(40)
    headcount = serializers.IntegerField(min_value=0, max_value=MAX_HEADCOUNT, required=False, allow_null=True)
    phone = _text(20)
    occupancy = serializers.ChoiceField(Occupancy.choices, required=False, allow_null=True)
    care = serializers.ListField(
        child=serializers.ChoiceField(Care.choices), max_length=len(Care), required=False, allow_null=True
    )


class HouseholdEditShape(EditShape):
    """An edit made on top of `version`."""

    changes = HouseholdChanges()


class HouseholdMoveShape(StrictSerializer):
    """The cell that the household is given to."""

    region = serializers.CharField(max_length=15)


class PersonChanges(StrictSerializer):
    """The fields of a person that changed; `null` empties one on purpose, an empty value says nothing."""

    name = _text(40)
    phone = _text(20)
    document_type = serializers.ChoiceField(DocumentType.choices, required=False, allow_null=True)
    document_number = _text(40)
    address = _text(120)
    household = serializers.UUIDField(required=False, allow_null=True)
    purpose = serializers.ListField(
        child=serializers.ChoiceField(Purpose.choices), max_length=len(Purpose), required=False, allow_null=True
    )


class PersonEditShape(EditShape):
    """An edit made on top of `version`."""

    changes = PersonChanges()


class PersonMoveShape(StrictSerializer):
    """The cell that becomes responsible, and where in it the person lives: a household, or an address."""

    region = serializers.CharField(max_length=15)
    household = serializers.UUIDField(required=False, default=None, allow_null=True)
    address = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)


def household_wire(household: Household) -> dict[str, Any]:
    """A household in the shape of `HouseholdAnswer`."""
    return {
        "id": household.pk,
        "region": household.region_code,
        "place": household.place,
        "address": household.address,
        "building": household.building,
        "unit": household.unit,
        "floor": household.floor,
        "door": household.door,
        "head": household.head_masked,
        "headcount": household.headcount,
        "occupancy": household.occupancy,
        "care": household.care,
        "phone_known": household.phone_sealed is not None,
        "phone_last4": household.phone_last4 or None,
        "version": household.version,
        "closed": household.closed_at is not None,
        "sort": household.sort_key,
    }


def person_wire(person: Person) -> dict[str, Any]:
    """A person in the shape of `PersonAnswer`; the household must be loaded."""
    return {
        "id": person.pk,
        "household": person.household_id,
        "region": person.region_code,
        "place": person.place,
        "name": person.name_masked,
        "purpose": person.purposes,
        "document_type": person.document_type,
        "document_known": person.document_sealed is not None,
        "document_area_unknown": person.document_area_unknown,
        "phone_last4": person.phone_last4 or None,
        "version": person.version,
    }
