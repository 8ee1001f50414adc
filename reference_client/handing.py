"""Hand-overs on a phone: docs/hand-over.md, "On a phone"."""

import datetime as dt
from typing import Any

from reference_client.store import CONFIRMED, WAITING, Store

KEPT = dt.timedelta(days=7)


def households_at_hand(store: Store) -> dict[str, dict[str, Any]]:
    """Whom the worker may visit, by id: those delivered, and those that he has accepted and not been given yet.

    Of the latter the phone knows what the hand-over says: `place`, `head`, `headcount`.
    """
    offered = {key: row for key, row in store.cached("handover").items() if row["state"] == "offered"}
    accepted = [
        offered[answer["handover"]]
        for answer in store.bodies("handover_answer", WAITING, CONFIRMED)
        if answer["answer"] == "accepted" and answer["handover"] in offered
    ]
    taken = {row["household"]: {"id": row["household"], "handover": row["id"], "address": row["place"],
                                "head": row["head"], "headcount": row["headcount"]}
             for row in accepted if row["household"]}  # fmt: skip
    return taken | store.cached("household")


def forget_answered(store: Store, *, now: dt.datetime) -> None:
    """The server tells of an answered hand-over for a week and does not say when that is over."""
    for handover, row in store.cached("handover").items():
        if row["answered_at"] and dt.datetime.fromisoformat(row["answered_at"]) < now - KEPT:
            store.forget("handover", handover)
