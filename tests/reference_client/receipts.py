"""Made = confirmed: the phone's list of a day against the server's."""

import hashlib
from collections.abc import Iterable

from tests.reference_client.store import Store
from tests.reference_client.wire import NoAnswerError, Wire


def digest(entries: Iterable[tuple[str, str]]) -> str:
    """SHA-256, in hex, of the lines `<id> <verdict>` in the order of ids, joined by a line feed."""
    return hashlib.sha256("\n".join(f"{each} {verdict}" for each, verdict in sorted(entries)).encode()).hexdigest()


def compare(store: Store, wire: Wire) -> set[str]:
    """Ids that the phone calls confirmed and the server does not list; they wait again when this returns."""
    missing: set[str] = set()
    for day in store.confirmed_days():
        held = wire.receipts(day, store.device)
        listed = [(entry["id"], entry["verdict"]) for entry in held["items"]]
        if digest(listed) != held["digest"]:
            # Half an answer must not pass for a server that has forgotten.
            raise NoAnswerError("digest")
        missing |= store.confirmed_on(day) - {each for each, verdict in listed if verdict == "created"}
    store.send_again(missing)
    return missing
