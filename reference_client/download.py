"""Server → read cache: pages, cursor, resync."""

import datetime as dt
from collections.abc import Callable

from reference_client.handing import forget_answered
from reference_client.store import Store
from reference_client.wire import RefusedError, Wire

KINDS = frozenset(
    (
        "policy",
        "region",
        "household",
        "person",
        "returnee",
        "code",
        "visit",
        "check",
        "conflict",
        "handover",
        "referral",
    )
)
PAGE = 500


def take_in(store: Store, wire: Wire, *, now: Callable[[], dt.datetime]) -> None:
    """All that is new. Each page is kept with its cursor, so that a download that dies goes on where it was."""
    while True:
        asked = store.cursor
        try:
            page = wire.pull(asked, PAGE)
        except RefusedError as refusal:
            if refusal.code != "bad_cursor" or not asked:
                raise
            store.forget_cursor()
            continue
        store.apply(page, KINDS)
        store.skew_seconds = (dt.datetime.fromisoformat(page["server_time"]) - now()).total_seconds()
        if not page["more"] or page["cursor"] == asked:
            forget_answered(store, now=dt.datetime.fromisoformat(page["server_time"]))
            return
