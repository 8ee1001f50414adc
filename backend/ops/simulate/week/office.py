"""Two who are not phones: the province that reads reports, and the township that carries files in."""

import datetime as dt
import threading
import time
import uuid
from typing import Any

import httpx

from backend.ops.simulate.week.books import Books
from reference_client.wire import NoAnswerError, RefusedError, Wire

#: How long somebody asks again while the server is broken on purpose.
PATIENCE = 120.0
_PAUSE = 0.4


class Reader:
    """Reads daily reports of any unit."""

    def __init__(self, url: str, username: str, password: str) -> None:
        self._who = {"username": username, "password": password}
        self._http = httpx.Client(base_url=f"{url}/api/v1/", timeout=60)

    def report(self, region: str, day: dt.date) -> dict[str, Any]:
        """The day of a unit as the API tells it. Raises RuntimeError when there is none to be had."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                answer = self._http.get("reports/daily/", params={"region": region, "day": day.isoformat()})
                if answer.status_code == 401:
                    self._http.post("session/", json=self._who)
                    continue
                if answer.status_code == 200:
                    found: dict[str, Any] = answer.json()
                    return found
            except httpx.TransportError:
                pass
            time.sleep(_PAUSE)
        raise RuntimeError(f"no report of {region} for {day}")

    def close(self) -> None:
        self._http.close()


class Courier:
    """Takes sealed files of workers below it to the server; one at a time, however many phones hand them over."""

    def __init__(self, url: str, username: str, password: str, books: Books) -> None:
        self._wire = Wire(url)
        self._username, self._password, self._books = username, password, books
        self._device = str(uuid.uuid4())
        self._signed_in = False
        self._lock = threading.Lock()

    def bring(self, file: dict[str, Any], items: list[dict[str, Any]], *, skew: dt.timedelta) -> None:
        """Until the server has answered: a file brought twice is stored once. Raises RuntimeError if it never does."""
        end = time.monotonic() + PATIENCE
        with self._lock:
            while time.monotonic() < end:
                try:
                    self._sign_in()
                    self._books.answered(items, self._wire.bring(file), skew=skew)
                    return
                except RefusedError as refusal:
                    if refusal.status == 401:
                        self._signed_in = False
                    elif refusal.status < 429:
                        raise RuntimeError(f"a carried file was refused: {refusal}") from refusal
                except NoAnswerError:
                    pass
                time.sleep(_PAUSE)
        raise RuntimeError("a carried file was never answered")

    def _sign_in(self) -> None:
        if not self._signed_in:
            self._wire.sign_in(self._username, self._password, device=self._device)
            self._signed_in = True

    def close(self) -> None:
        self._wire.close()
