"""Sealed blobs (密存内容): whatever else may identify somebody, for one purpose, until a day."""

import datetime as dt
import uuid
from collections.abc import Sequence

from backend.core import clock
from backend.core.ids import new_id
from backend.core.keyring import seal_bytes, unseal_bytes
from backend.residents.models import SealedBlob

_COLUMN = "blob.content"


def blob_seal(*, purpose: str, content: bytes, region_code: str, author_id: int | None, keep_days: int) -> uuid.UUID:
    """Keep `content` sealed for `keep_days` days; returns the id under which it can be opened."""
    [blob_id] = blobs_seal(
        purpose=purpose, contents=[(region_code, content)], author_id=author_id, keep_days=keep_days
    )  # fmt: skip
    return blob_id


def blobs_seal(
    *, purpose: str, contents: Sequence[tuple[str, bytes]], author_id: int | None, keep_days: int
) -> list[uuid.UUID]:
    """As `blob_seal` for several, each with its region: their ids in this order. One statement."""
    now = clock.now()
    blobs = [
        SealedBlob(
            id=(blob_id := new_id()), purpose=purpose, region_code=region_code, author_id=author_id, created_at=now,
            sealed=seal_bytes(content, row=blob_id, column=_COLUMN), expires_at=now + dt.timedelta(days=keep_days),
        )
        for region_code, content in contents
    ]  # fmt: skip
    SealedBlob.objects.bulk_create(blobs)
    return [blob.pk for blob in blobs]


def blob_open(*, blob_id: uuid.UUID) -> bytes | None:
    """The content, or None when there is no such blob or its day has passed. The caller checks scope and audits."""
    blob = SealedBlob.objects.filter(pk=blob_id, expires_at__gt=clock.now()).first()
    return None if blob is None else unseal_bytes(blob.sealed, row=blob.pk, column=_COLUMN)


def blob_expire(*, blob_id: uuid.UUID, keep_days: int) -> None:
    """Keep a blob for `keep_days` days more, and no longer."""
    SealedBlob.objects.filter(pk=blob_id).update(expires_at=clock.now() + dt.timedelta(days=keep_days))


def blobs_purge() -> int:
    """Delete what has expired; returns how many. Run daily by the schedule."""
    deleted, _ = SealedBlob.objects.filter(expires_at__lte=clock.now()).delete()
    return deleted
