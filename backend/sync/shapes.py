"""The wire shape of the phone's protocol, compiled by msgspec. docs/sync.md describes every field.

Bodies stand here as they are now; what older apps send is in `former`, and `schemas` brings it up to date.

Only shape is checked here: types, lengths, ranges, unknown and missing fields. Whether a household exists, or a person
is under monitoring, is decided in `references`.
"""

import datetime as dt
import re
import uuid
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from backend.core.errors import ErrorCode
from backend.sync.choices import ItemKind

MAX_ITEMS = 500
MAX_ITEM_BYTES = 8 * 1024

Moment = Annotated[dt.datetime, Meta(tz=True)]
Temperature = Annotated[float, Meta(ge=35.0, le=42.5)]
# Spelt out for the type checker; a test holds them to the enumerations.
SymptomCode = Literal["fever", "dry_cough", "fatigue", "sore_throat", "loss_smell_taste", "diarrhoea", "other"]
NeedCode = Literal["medicine", "food", "heating", "hospital", "other"]
OutcomeCode = Literal["seen_well", "seen_unwell", "nobody_home", "refused", "moved_away", "empty", "wrong_address"]
OccupancyCode = Literal["occupied", "empty", "rented", "owner_away"]
CareCode = Literal[
    "elderly_alone", "disabled", "pregnant", "infant", "chronic", "dialysis", "left_behind_child", "other"
]
DocumentTypeCode = Literal["id_card", "passport", "hk_macau", "taiwan", "other"]
TransportCode = Literal["train", "plane", "coach", "car", "ship", "other"]
PurposeCode = Literal["returnee", "key_group", "suspect", "family"]
HandoverReasonCode = Literal["moved", "wrong_cell", "boundary", "other"]
DeclineCode = Literal["not_ours", "not_found", "incomplete", "other"]
TransportNumber = Annotated[str, Meta(max_length=40)]
Via = Annotated[str, Meta(max_length=120)]
Note = Annotated[str, Meta(max_length=500)]
CellCode = Annotated[str, Meta(pattern=r"^[0-9]{15}$")]


class Envelope(Struct, forbid_unknown_fields=True):
    """One upload. Items stay raw, so that a bad one spoils no other."""

    device: uuid.UUID
    api_level: Annotated[int, Meta(ge=1, le=1000)]
    sent_at: Moment
    items: Annotated[list[msgspec.Raw], Meta(max_length=MAX_ITEMS)]


class Item(Struct, forbid_unknown_fields=True):
    """One record; the body's shape follows from `kind` and `schema`."""

    id: uuid.UUID
    kind: str
    schema: int
    seq: Annotated[int, Meta(ge=1, le=2**53)]
    observed_at: Moment
    body: msgspec.Raw


class ItemId(Struct):
    """What can still be read of an item that is no `Item`."""

    id: uuid.UUID


class PersonBody(Struct, forbid_unknown_fields=True, omit_defaults=True):
    person: uuid.UUID | None = None
    temperature: Temperature | None = None
    symptoms: Annotated[list[SymptomCode], Meta(max_length=10)] = []


class VisitBody(Struct, forbid_unknown_fields=True, omit_defaults=True):
    household: uuid.UUID
    outcome: OutcomeCode
    people: Annotated[list[PersonBody], Meta(max_length=30)] = []
    needs: Annotated[list[NeedCode], Meta(max_length=5)] = []
    note: Note | None = None


class CheckBody(Struct, forbid_unknown_fields=True, omit_defaults=True):
    person: uuid.UUID
    session: Literal["morning", "evening"]
    method: Literal["door", "phone", "self"]
    symptoms: Annotated[list[SymptomCode], Meta(max_length=10)]
    temperature: Temperature | None = None
    reachable: bool = True
    note: Note | None = None


class ReturneeBody(Struct, forbid_unknown_fields=True, omit_defaults=True):
    person: uuid.UUID
    name: Annotated[str, Meta(min_length=1, max_length=40)]
    phone: Annotated[str, Meta(min_length=1, max_length=20)]
    document_type: DocumentTypeCode
    document_number: Annotated[str, Meta(min_length=1, max_length=40)]
    arrived_on: dt.date
    region: CellCode
    origin: Annotated[str, Meta(pattern=r"^[0-9]{2}([0-9]{2}){0,2}$")] | None = None
    origin_text: Annotated[str, Meta(max_length=60)] = ""
    transport: TransportCode | None = None
    transport_number: TransportNumber = ""
    via: Via = ""
    household: uuid.UUID | None = None
    address: Annotated[str, Meta(max_length=120)] = ""


class HouseholdBody(Struct, forbid_unknown_fields=True, omit_defaults=True):
    household: uuid.UUID
    region: CellCode
    address: Annotated[str, Meta(max_length=120)]
    head_name: Annotated[str, Meta(max_length=40)]
    headcount: Annotated[int, Meta(ge=0, le=50)]
    building: Annotated[str, Meta(max_length=20)] = ""
    unit: Annotated[str, Meta(max_length=10)] = ""
    floor: Annotated[int, Meta(ge=-5, le=150)] | None = None
    door: Annotated[str, Meta(max_length=10)] = ""
    phone: Annotated[str, Meta(max_length=20)] | None = None
    occupancy: OccupancyCode = "occupied"
    care: Annotated[list[CareCode], Meta(max_length=8)] = []


Version = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class HouseholdChanges(Struct, forbid_unknown_fields=True):
    """Fields of a household that changed. None empties one on purpose, an empty text or list says nothing."""

    address: Annotated[str, Meta(max_length=120)] | UnsetType | None = UNSET
    building: Annotated[str, Meta(max_length=20)] | UnsetType | None = UNSET
    unit: Annotated[str, Meta(max_length=10)] | UnsetType | None = UNSET
    floor: Annotated[int, Meta(ge=-5, le=150)] | UnsetType | None = UNSET
    door: Annotated[str, Meta(max_length=10)] | UnsetType | None = UNSET
    head_name: Annotated[str, Meta(max_length=40)] | UnsetType | None = UNSET
    headcount: Annotated[int, Meta(ge=0, le=50)] | UnsetType | None = UNSET
    phone: Annotated[str, Meta(max_length=20)] | UnsetType | None = UNSET
    occupancy: OccupancyCode | UnsetType | None = UNSET
    care: Annotated[list[CareCode], Meta(max_length=8)] | UnsetType | None = UNSET


class PersonChanges(Struct, forbid_unknown_fields=True):
    """Fields of a person that changed, as `HouseholdChanges`."""

    name: Annotated[str, Meta(max_length=40)] | UnsetType | None = UNSET
    phone: Annotated[str, Meta(max_length=20)] | UnsetType | None = UNSET
    document_type: DocumentTypeCode | UnsetType | None = UNSET
    document_number: Annotated[str, Meta(max_length=40)] | UnsetType | None = UNSET
    address: Annotated[str, Meta(max_length=120)] | UnsetType | None = UNSET
    household: uuid.UUID | UnsetType | None = UNSET
    purpose: Annotated[list[PurposeCode], Meta(max_length=4)] | UnsetType | None = UNSET


class ReturneeChanges(Struct, forbid_unknown_fields=True):
    """Fields of a return that changed, as `HouseholdChanges`. A day in `left_on` is a leaving, None takes one back."""

    origin: Annotated[str, Meta(max_length=6)] | UnsetType | None = UNSET
    origin_text: Annotated[str, Meta(max_length=60)] | UnsetType | None = UNSET
    transport: TransportCode | UnsetType | None = UNSET
    transport_number: TransportNumber | UnsetType | None = UNSET
    via: Via | UnsetType | None = UNSET
    arrived_on: dt.date | UnsetType | None = UNSET
    left_on: dt.date | UnsetType | None = UNSET


Changes = HouseholdChanges | PersonChanges | ReturneeChanges


class HouseholdEditBody(Struct, forbid_unknown_fields=True):
    household: uuid.UUID
    version: Version
    changes: HouseholdChanges

    @property
    def target(self) -> uuid.UUID:
        return self.household


class PersonEditBody(Struct, forbid_unknown_fields=True):
    person: uuid.UUID
    version: Version
    changes: PersonChanges

    @property
    def target(self) -> uuid.UUID:
        return self.person


class ReturneeEditBody(Struct, forbid_unknown_fields=True):
    returnee: uuid.UUID
    version: Version
    changes: ReturneeChanges

    @property
    def target(self) -> uuid.UUID:
        return self.returnee


class ConflictChoiceBody(Struct, forbid_unknown_fields=True):
    conflict: uuid.UUID
    version: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    choices: Annotated[
        dict[Annotated[str, Meta(max_length=20)], Literal["mine", "theirs"]], Meta(min_length=1, max_length=12)
    ]


class HandoverBody(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A household, or a person who lives in none, offered to a cell or a village. The item's id is the hand-over's."""

    to: Annotated[str, Meta(pattern=r"^[0-9]{12}([0-9]{3})?$")]
    reason: HandoverReasonCode
    household: uuid.UUID | None = None
    person: uuid.UUID | None = None
    note: Note | None = None


class HandoverAnswerBody(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """`region` names the cell where a village was asked, `reason` why it is declined."""

    handover: uuid.UUID
    answer: Literal["accepted", "declined", "withdrawn"]
    region: CellCode | None = None
    reason: DeclineCode | None = None
    note: Note | None = None


class ReferralBody(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A record that came back, as it was sent, and the `code` it came back with. `record` is its body, of any form."""

    item: uuid.UUID
    kind: Annotated[str, Meta(min_length=1, max_length=20)]
    schema: Annotated[int, Meta(ge=1, le=1000)]
    seq: Annotated[int, Meta(ge=1, le=2**53)]
    observed_at: Moment
    record: dict[str, Any]
    code: Annotated[str, Meta(pattern=r"^[a-z_]{1,40}$")]
    place: Annotated[str, Meta(max_length=200)] = ""
    note: Note | None = None


EditBody = HouseholdEditBody | PersonEditBody | ReturneeEditBody
Body = (
    VisitBody
    | CheckBody
    | ReturneeBody
    | HouseholdBody
    | EditBody
    | ConflictChoiceBody
    | HandoverBody
    | HandoverAnswerBody
    | ReferralBody
)

BODIES: dict[str, type[Body]] = {
    ItemKind.HOUSEHOLD.value: HouseholdBody,
    ItemKind.RETURNEE.value: ReturneeBody,
    ItemKind.HOUSEHOLD_EDIT.value: HouseholdEditBody,
    ItemKind.PERSON_EDIT.value: PersonEditBody,
    ItemKind.RETURNEE_EDIT.value: ReturneeEditBody,
    ItemKind.CONFLICT_CHOICE.value: ConflictChoiceBody,
    ItemKind.HANDOVER.value: HandoverBody,
    ItemKind.HANDOVER_ANSWER.value: HandoverAnswerBody,
    ItemKind.REFERRAL.value: ReferralBody,
    ItemKind.VISIT.value: VisitBody,
    ItemKind.CHECK.value: CheckBody,
}
ENVELOPE_DECODER = msgspec.json.Decoder(Envelope)
ITEM_DECODER = msgspec.json.Decoder(Item)
ITEM_ID_DECODER = msgspec.json.Decoder(ItemId)
CANONICAL = msgspec.json.Encoder(order="sorted")

_FIELD_IN_MESSAGE = re.compile(r"field `([^`]+)`")
_PATH_IN_MESSAGE = re.compile(r"at `\$\.?([^`]*)`")


def shape_error(error: msgspec.DecodeError) -> tuple[ErrorCode, str | None]:
    """The code and the path of the field that a decoder complained of; the value itself is never repeated."""
    if not isinstance(error, msgspec.ValidationError):
        return ErrorCode.NOT_JSON, None
    text = str(error)
    path = m[1] if (m := _PATH_IN_MESSAGE.search(text)) else ""
    if text.startswith("Object missing required field"):
        code, name = ErrorCode.MISSING_FIELD, m[1] if (m := _FIELD_IN_MESSAGE.search(text)) else ""
    elif text.startswith("Object contains unknown field"):
        # A name that a stranger chose is not echoed beyond what an identifier may hold.
        name = m[1] if (m := _FIELD_IN_MESSAGE.search(text)) else ""
        code, name = ErrorCode.UNKNOWN_FIELD, re.sub(r"[^A-Za-z0-9_]", "?", name)[:40]
    else:
        return ErrorCode.BAD_FIELD, path[:80] or None
    return code, ".".join(part for part in (path[:80], name) if part) or None
