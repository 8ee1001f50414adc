"""Sealed blobs (密存内容): whatever else may identify somebody, for one purpose, until a day."""

import datetime as dt
import uuid

from backend.core import clock
from backend.core.ids import new_id
from backend.core.keyring import seal_bytes, unseal_bytes
from backend.residents.models import SealedBlob

_COLUMN = "blob.content"


def blob_seal(*, purpose: str, content: bytes, region_code: str, author_id: int | None, keep_days: int) -> uuid.UUID:
    """Keep `content` sealed for `keep_days` days; returns the id under which it can be opened."""
    blob_id = new_id()
    now = clock.now()
    SealedBlob.objects.create(
        id=blob_id,
        purpose=purpose,
        region_code=region_code,
        sealed=seal_bytes(content, row=blob_id, column=_COLUMN),
        author_id=author_id,
        created_at=now,
        expires_at=now + dt.timedelta(days=keep_days),
    )
    return blob_id


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
