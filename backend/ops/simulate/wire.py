"""HTTP as a phone in a village has it: requests that die under way, answers that never arrive."""

import asyncio
import uuid
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx

#: Shares of uploads whose answer is lost after the server worked, and that are cut off while it works.
LOST, CUT = 0.15, 0.05
_CUT_AFTER = 0.03
_TRIES = 3
#: Seconds a phone waits before it asks a busy server (503) again.
_BUSY_PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0)


class NoAnswerError(Exception):
    """The phone does not know what became of its request."""


@dataclass
class Traffic:
    """What went over every wire of the run: addresses, and how the uploads fared."""

    urls: set[str] = field(default_factory=set)
    requests: int = 0
    lost: int = 0
    cut: int = 0
    #: Connections that broke by themselves.
    broken: int = 0
    #: Answers 503, and 429 with `Retry-After`, that a request was repeated after.
    busy: int = 0
    seconds: list[float] = field(default_factory=list)


class Wire:
    """One user's connection: session cookie, CSRF token, faults. Raises RuntimeError when the server answers 5xx."""

    def __init__(self, url: str, traffic: Traffic, chance: Random | None = None) -> None:
        self.url, self.traffic, self.chance = url, traffic, chance
        self.client = httpx.AsyncClient(base_url=url, timeout=60.0)
        self.csrf = ""

    async def sign_in(self, username: str, password: str, device: uuid.UUID | None = None) -> dict[str, Any]:
        body: dict[str, Any] = {"username": username, "password": password}
        if device is not None:
            body["device"] = {"id": str(device), "name": "模拟手机"}
        answer = await self.request("POST", "/api/v1/session/", json=body)
        self.csrf = answer["csrf"]
        return answer

    @property
    def cookies(self) -> str:
        """What a socket sends as its Cookie header."""
        return "; ".join(f"{name}={value}" for name, value in self.client.cookies.items())

    async def request(self, method: str, path: str, **more: Any) -> Any:
        """The JSON of a successful answer, None for 204. Raises RuntimeError for any other.

        Repeated when the connection breaks or the server is busy: every call of the protocol may be.
        """
        pauses = iter(_BUSY_PAUSES)
        while True:
            response = await self._ask(method, path, **more)
            if response.status_code == 429 and "Retry-After" in response.headers:
                pause: float | None = float(response.headers["Retry-After"])
            else:
                pause = next(pauses, None) if response.status_code == 503 else None
            if pause is None:
                break
            self.traffic.busy += 1
            await asyncio.sleep(pause)
        if response.status_code >= 400:
            raise RuntimeError(f"{method} {path}: {response.status_code} {response.text[:200]}")
        return response.json() if response.content else None

    async def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        loop = asyncio.get_running_loop()
        headers = {"X-CSRFToken": self.csrf} if self.csrf and method != "GET" else {}
        for tries_left in range(_TRIES, -1, -1):
            started = loop.time()
            try:
                response = await self.client.request(method, path, headers=headers, **more)
                break
            except httpx.TransportError:
                if not tries_left:
                    raise
                self.traffic.broken += 1
        self.traffic.requests += 1
        self.traffic.urls.add(str(response.url))
        self.traffic.seconds.append(loop.time() - started)
        return response

    async def push(self, envelope: dict[str, Any], *, faults: bool = True) -> Any:
        """Upload. Now and then the answer is lost after the server worked, or the request is cut off while it works.

        A lost answer is handed over inside the error, for the books of the simulation: the phone must not look at it.
        """
        fate = self.chance.random() if faults and self.chance else 1.0
        if fate < CUT:
            self.traffic.cut += 1
            try:
                await asyncio.wait_for(self.request("POST", "/api/v1/sync/push/", json=envelope), _CUT_AFTER)
            except TimeoutError:
                raise NoAnswerError from None
            raise NoAnswerError
        answer = await self.request("POST", "/api/v1/sync/push/", json=envelope)
        if fate < CUT + LOST:
            self.traffic.lost += 1
            raise NoAnswerError(answer)
        return answer

    async def close(self) -> None:
        await self.client.aclose()
