"""What the hub needs of the log it delivers. The log stands above this app and is handed in by `config.asgi`."""

from typing import Protocol

from backend.core.scope import Scope
from backend.realtime.catalogue import EventBody


class EventSource(Protocol):
    """A log whose numbers rise in the order of commits: what is at or below a number once seen never grows."""

    def last_seq(self) -> int:
        """The number of the newest committed event; 0 when there is none."""

    def events_after(
        self, seq: int, *, until: int | None = None, scope: Scope | None = None, limit: int
    ) -> list[EventBody]:
        """Committed events with `seq < number <= until`, in order, at most `limit`; only those in `scope` if given."""
