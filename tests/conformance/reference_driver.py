"""The Python reference client behind the suite's interface."""

import datetime as dt
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reference_client.client import ReferenceClient
from reference_client.handing import households_at_hand
from reference_client.store import CONFIRMED, WAITING
from reference_client.wire import NoAnswerError

#: How far the phone's clock goes on between two looks, and how long we wait for it.
STEP = dt.timedelta(seconds=0.3)
STEP_SECONDS = 0.02


class ReferenceDriver:
    """See driver.Driver."""

    def __init__(self, url: str, folder: Path, *, username: str, password: str, offset: dt.timedelta):
        self._who = (username, password)
        self._client = ReferenceClient(url, folder / "phone.sqlite", offset=offset)
        self._bodies: dict[str, dict[str, Any]] = {}
        self.device = self._client.store.device
        self._client.sign_in(*self._who)
        self._client.sync()
        self._client.fetch_keys()

    def close(self) -> None:
        self._client.close()

    def save_visit(self, household: str, outcome: str = "seen_well", *, temperature: str = "", note: str = "") -> str:
        body: dict[str, Any] = {"household": household, "outcome": outcome}
        if temperature:
            body["people"] = [{"temperature": float(temperature)}]
        if note:
            body["note"] = note
        return self._save("visit", body)

    def save_returnee(
        self, household: str, *, name: str, phone: str, document: str, schema: int = 0, **journey: str
    ) -> str:
        store = self._client.store
        body = {
            "person": store.new_id(), "name": name, "phone": phone, "document_type": "id_card",
            "document_number": document, "arrived_on": dt.datetime.now().astimezone().date().isoformat(),
            "region": store.cached("household")[household]["region"], "origin": "42", "household": household,
            **journey,
        }  # fmt: skip
        return self._save("returnee", body, schema=schema or None)

    def edit_door(self, household: str, door: str) -> str:
        record_id = self._client.edit("household", household, {"door": door})
        self._client.sync(force=False)
        return record_id

    def _save(self, kind: str, body: dict[str, Any], *, schema: int | None = None) -> str:
        record_id = self._client.save(kind, body, schema=schema)
        self._bodies[record_id] = body
        self._client.sync(force=False)
        return record_id

    def mend_document(self, record_id: str, document: str) -> None:
        self._client.store.mend(record_id, self._bodies[record_id] | {"document_number": document})
        self._client.sync()

    def refer(self, record_id: str, *, note: str) -> str:
        referral = self._client.refer(record_id, note=note)
        self._client.sync(force=False)
        return referral

    def choose(self, conflict: str, side: str) -> None:
        fields = self._client.store.cached("conflict")[conflict]["fields"]
        self._client.choose(conflict, {entry["field"]: side for entry in fields})
        self._client.sync()

    def hand_over(self, household: str, to: str) -> str:
        record_id = self._client.hand_over(household, to)
        self._client.sync(force=False)
        return record_id

    def answer(self, handover: str, answer: str) -> str:
        record_id = self._client.answer(handover, answer, reason="not_ours" if answer == "declined" else "")
        self._client.sync(force=False)
        return record_id

    def at_hand(self) -> dict[str, dict[str, Any]]:
        return households_at_hand(self._client.store)

    def close_days(self) -> bool:
        try:
            self._client.close_days()
        except NoAnswerError:
            return False
        self._client.sync()
        return True

    def closings(self) -> dict[str, dict[str, Any]]:
        return self._client.store.closings()

    def carry_out(self) -> str:
        return json.dumps(self._client.carry_out())

    def sync(self) -> None:
        self._client.sync()

    def restart(self) -> None:
        self._client.restart()

    def until(self, condition: Callable[[], bool], *, seconds: float = 45) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it never came to pass"
            self._client.offset += STEP
            self._client.sync(force=False)
            time.sleep(STEP_SECONDS)

    def waiting(self) -> set[str]:
        return self._client.store.ids(WAITING)

    def confirmed(self) -> set[str]:
        return self._client.store.ids(CONFIRMED)

    def needs_you(self) -> dict[str, dict[str, Any]]:
        return self._client.store.inbox()

    def cached(self, kind: str) -> dict[str, dict[str, Any]]:
        return self._client.store.cached(kind)

    def asks_for_password(self) -> bool:
        return self._client.upload.problem == "signed_out"

    def sign_in_again(self) -> None:
        self._client.sign_in(*self._who)
        self._client.sync()
