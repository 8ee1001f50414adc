"""Records carried in by hand (代交): a sealed file, brought by anybody, stored exactly once. See docs/hand-carry.md.

A phone that gets no network seals its unsent records for the server's public key. Whoever brings the file sees none of
it; the server opens it, makes sure of whose phone it is by the ticket that this phone was given, and takes the items in
as if the phone had sent them: the same ids, so a file brought twice, or a phone that comes online later, adds nothing.
"""

import datetime as dt
import gzip
import hashlib
import io
import uuid
import zlib
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
from django.db.models import F
from msgspec import Meta, Struct

from backend.accounts.choices import Capability
from backend.accounts.models import Device, User
from backend.accounts.selectors import answers_for
from backend.audit.services import audit_record
from backend.core import clock, signing
from backend.core.errors import ApiError, ErrorCode
from backend.core.keyring import SealBrokenError, seal_bytes, unseal_bytes
from backend.facts.choices import Verdict
from backend.sync.models import CarriedFile
from backend.sync.services import ItemResult, batch_push
from backend.sync.shapes import MAX_ITEMS, Envelope, Moment

MAX_FILE = 4 * 1024 * 1024
MAX_UNPACKED = 16 * 1024 * 1024
MAX_CARRIED = 5000
_TICKET = "carry.ticket"


class CarriedSeal(Struct, forbid_unknown_fields=True):
    """The file: what anybody may see of it. Bytes are base64."""

    gridkeeper: Literal["carried"]
    v: Literal[1]
    #: Name of the server's key it is sealed for.
    key: Annotated[str, Meta(max_length=32)]
    point: Annotated[bytes, Meta(max_length=65)]
    nonce: Annotated[bytes, Meta(max_length=12)]
    sealed: bytes


class Carried(Struct, forbid_unknown_fields=True):
    """What is sealed in it, as gzip of JSON. `skew_seconds`: the phone's clock error as it knew it (server − phone)."""

    device: uuid.UUID
    ticket: bytes
    made_at: Moment
    skew_seconds: Annotated[float, Meta(ge=-1e8, le=1e8)]
    api_level: Annotated[int, Meta(ge=1, le=1000)]
    items: Annotated[list[msgspec.Raw], Meta(max_length=MAX_CARRIED)]


class _Ticket(Struct):
    user: int
    device: uuid.UUID


_SEAL = msgspec.json.Decoder(CarriedSeal)
_CARRIED = msgspec.json.Decoder(Carried)
_TICKETS = msgspec.json.Decoder(_Ticket)


@dataclass(frozen=True, slots=True)
class CarriedIn:
    """What came of a file. `results` name ids and verdicts, nothing of what was written."""

    file: CarriedFile
    results: list[ItemResult]
    counts: dict[str, int]


def ticket_of(*, user: User, device: uuid.UUID) -> bytes:
    """What a phone puts into its files as the proof of whose they are; only this server reads it."""
    return seal_bytes(msgspec.json.encode(_Ticket(user.pk, device)), row=_TICKET, column=_TICKET)


def carried_accept(*, courier: User, content: bytes, accept_revoked: bool = False) -> CarriedIn:
    """Open a file and take its records in, in the name of who wrote them.

    The author himself may bring it, or who stands above him with RECORD_CARRY. A file from a device out of use is taken
    in only when somebody with DEVICE_MANAGE above the author says so. Raises TOO_LARGE, CARRIED_DAMAGED,
    CARRIED_ELSEWHERE, CARRIED_NOT_YOURS, CARRIED_REVOKED; then nothing was stored, and the file remains what it was.
    """
    carried = _open(content)
    author = _author(carried)
    if author.pk != courier.pk and not answers_for(courier, author, Capability.RECORD_CARRY):
        raise ApiError(ErrorCode.CARRIED_NOT_YOURS)
    revoked = Device.objects.filter(pk=carried.device, revoked_at__isnull=False).exists()
    if revoked and not (accept_revoked and answers_for(courier, author, Capability.DEVICE_MANAGE)):
        raise ApiError(ErrorCode.CARRIED_REVOKED)
    results: list[ItemResult] = []
    counts = dict.fromkeys(Verdict.values, 0)
    received_at = clock.now()
    try:
        sent_at = received_at - dt.timedelta(seconds=carried.skew_seconds)
    except OverflowError as error:
        raise ApiError(ErrorCode.CARRIED_DAMAGED) from error
    for start in range(0, len(carried.items), MAX_ITEMS):
        envelope = Envelope(carried.device, carried.api_level, sent_at, carried.items[start : start + MAX_ITEMS])
        pushed = batch_push(user=author, envelope=envelope)
        results += pushed.results
        for verdict, count in pushed.counts.items():
            counts[verdict] += count
    file = _remember(content, carried, author=author, courier=courier, received_at=received_at, counts=counts)
    return CarriedIn(file, results, counts)


def _open(content: bytes) -> Carried:
    if len(content) > MAX_FILE:
        raise ApiError(ErrorCode.TOO_LARGE)
    try:
        outer = _SEAL.decode(content)
        if outer.key != signing.key_name(signing.public_key(signing.CARRY)):
            raise ApiError(ErrorCode.CARRIED_ELSEWHERE)
        packed = signing.open_carried(point=outer.point, nonce=outer.nonce, sealed=outer.sealed)
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as file:
            plain = file.read(MAX_UNPACKED + 1)
        if len(plain) > MAX_UNPACKED:
            raise ApiError(ErrorCode.TOO_LARGE)
        return _CARRIED.decode(plain)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, signing.NotForUsError) as error:
        raise ApiError(ErrorCode.CARRIED_DAMAGED) from error
    except (OSError, EOFError, zlib.error) as error:
        raise ApiError(ErrorCode.CARRIED_DAMAGED) from error


def _author(carried: Carried) -> User:
    """Who the ticket was given to. Raises CARRIED_DAMAGED for a ticket of another phone, or none of ours."""
    try:
        ticket = _TICKETS.decode(unseal_bytes(carried.ticket, row=_TICKET, column=_TICKET))
    except (SealBrokenError, msgspec.DecodeError) as error:
        raise ApiError(ErrorCode.CARRIED_DAMAGED) from error
    author = User.objects.filter(pk=ticket.user).first()
    if author is None or ticket.device != carried.device:
        raise ApiError(ErrorCode.CARRIED_DAMAGED)
    return author


def _remember(
    content: bytes, carried: Carried, *, author: User, courier: User, received_at: dt.datetime, counts: dict[str, int]
) -> CarriedFile:
    region = min((duty.region_code for duty in author.recent_duties), default="")
    file, fresh = CarriedFile.objects.get_or_create(
        pk=uuid.UUID(bytes=hashlib.sha256(content).digest()[:16]),
        defaults={
            "device_id": carried.device, "author": author, "courier": courier, "region_code": region,
            "made_at": carried.made_at, "received_at": received_at, "items": len(carried.items),
            "created": counts[Verdict.CREATED], "duplicates": counts[Verdict.DUPLICATE],
            "refused": counts[Verdict.REJECTED] + counts[Verdict.CONFLICT],
        },
    )  # fmt: skip
    if not fresh:
        CarriedFile.objects.filter(pk=file.pk).update(
            times=F("times") + 1,
            created=F("created") + counts[Verdict.CREATED],
            refused=counts[Verdict.REJECTED] + counts[Verdict.CONFLICT],
        )
    audit_record(
        actor=courier, action="sync.carry", target_kind="carried_file", target_id=file.pk, region=region,
        detail={"user": author.pk, **counts},
    )  # fmt: skip
    return file
