"""Made = confirmed: the phone's list of a day against the server's, and the server's signed word on it."""

import base64
import hashlib
from collections.abc import Iterable
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from reference_client.store import Store
from reference_client.wire import NoAnswerError, Wire


def digest(entries: Iterable[tuple[str, str]]) -> str:
    """SHA-256, in hex, of the lines `<id> <verdict>` in the order of ids, joined by a line feed."""
    return _sha256(f"{each} {verdict}" for each, verdict in sorted(entries))


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


def close_days(store: Store, wire: Wire, *, today: str) -> set[str]:
    """Close every day that is not closed in this history; the ids that the server lacks wait again.

    A day that was closed is asked about anew when something was made since, or the server was restored. What the server
    calls refused and the phone confirmed was mended on a server that has forgotten it: it waits again like the rest.
    """
    lacking: set[str] = set()
    for day, made in store.days_made(today=today).items():
        last = store.closing(day)
        if last and last["closed"] and last["made"] == len(made) and last["history"] == store.history:
            continue
        answer = wire.close_day(day, store.device, made)
        if not _proved(answer, made, point=_point(store, wire, answer["key"])):
            raise NoAnswerError("signature")
        store.keep_closing(day, answer)
        lacking |= set(answer["missing"]) | set(answer["refused"])
    lacking -= store.waiting_for_somebody()
    store.send_again(lacking)
    return lacking


def _point(store: Store, wire: Wire, key: str) -> str:
    """The public key of that name; the server may have got another since its keys were fetched."""
    if not store.keys or store.keys["receipts"]["key"] != key:
        store.keys = wire.keys(store.device)
    return str(store.keys["receipts"]["point"])


def _proved(answer: dict[str, Any], made: list[str], *, point: str) -> bool:
    """Whether the server signed just this: these ids confirmed, those missing."""
    confirmed = set(made) - set(answer["missing"]) - set(answer["refused"])
    lines = dict(line.split(" ", 1) for line in answer["statement"].splitlines())
    raw = base64.b64decode(answer["signature"])
    half = len(raw) // 2
    der = utils.encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), base64.b64decode(point))
    try:
        key.verify(der, answer["statement"].encode(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return (lines["made"], lines["confirmed"]) == (str(len(made)), str(len(confirmed))) and lines["digest"] == _sha256(
        sorted(confirmed)
    )


def _sha256(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
