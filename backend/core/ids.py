"""Record ids: UUID version 7 (RFC 9562), made by whoever first writes the record down."""

import uuid

from uuid_utils.compat import uuid7


def new_id() -> uuid.UUID:
    """A fresh UUIDv7. Its time bits are a storage convenience; never order records by them."""
    return uuid7()
