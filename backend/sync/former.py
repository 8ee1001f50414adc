"""Bodies as apps of earlier versions send them, and what each means in the version after it. Pure.

A shape stays here word for word: what an old phone made is checked by the rules of its own day.
"""

import datetime as dt
import uuid
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict

from backend.returnees.rules import transport_read
from backend.sync.shapes import (
    CellCode,
    DocumentTypeCode,
    ReturneeBody,
    ReturneeChanges,
    ReturneeEditBody,
    TransportCode,
    TransportNumber,
    Version,
)


class ReturneeBody1(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """`transport` in free text."""

    person: uuid.UUID
    name: Annotated[str, Meta(min_length=1, max_length=40)]
    phone: Annotated[str, Meta(min_length=1, max_length=20)]
    document_type: DocumentTypeCode
    document_number: Annotated[str, Meta(min_length=1, max_length=40)]
    arrived_on: dt.date
    region: CellCode
    origin: Annotated[str, Meta(pattern=r"^[0-9]{2}([0-9]{2}){0,2}$")] | None = None
    origin_text: Annotated[str, Meta(max_length=60)] = ""
    transport: Annotated[str, Meta(max_length=40)] = ""
    household: uuid.UUID | None = None
    address: Annotated[str, Meta(max_length=120)] = ""


class ReturneeBody2(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """`transport` a choice, with `transport_number`; no `via`."""

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
    household: uuid.UUID | None = None
    address: Annotated[str, Meta(max_length=120)] = ""


class ReturneeChanges1(Struct, forbid_unknown_fields=True):
    """`transport` in free text; no `via`."""

    origin: Annotated[str, Meta(max_length=6)] | UnsetType | None = UNSET
    origin_text: Annotated[str, Meta(max_length=60)] | UnsetType | None = UNSET
    transport: Annotated[str, Meta(max_length=40)] | UnsetType | None = UNSET
    arrived_on: dt.date | UnsetType | None = UNSET
    left_on: dt.date | UnsetType | None = UNSET


class ReturneeEditBody1(Struct, forbid_unknown_fields=True):
    returnee: uuid.UUID
    version: Version
    changes: ReturneeChanges1


def returnee_2(body: ReturneeBody1) -> ReturneeBody2:
    """What was told of the transport becomes a choice, with every word beside it."""
    fields: dict[str, Any] = asdict(body)
    kind, fields["transport_number"] = transport_read(fields["transport"])
    fields["transport"] = kind or None
    return ReturneeBody2(**fields)


def returnee_3(body: ReturneeBody2) -> ReturneeBody:
    """Nobody was asked where he stopped on the way."""
    return ReturneeBody(**asdict(body))


def returnee_edit_2(body: ReturneeEditBody1) -> ReturneeEditBody:
    """A new free text took the place of the old one whole, and so does what it means; an empty one said nothing."""
    fields: dict[str, Any] = asdict(body.changes)
    told = fields["transport"]
    if told is None:
        fields["transport_number"] = None
    elif told is not UNSET:
        kind, number = transport_read(told)
        fields["transport"] = kind or UNSET
        fields["transport_number"] = (number or None) if kind else UNSET
    return ReturneeEditBody(body.returnee, body.version, ReturneeChanges(**fields))
