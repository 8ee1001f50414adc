"""A phone's network: an httpx transport that has it or not, and breaks in all the ways of a village."""

import datetime as dt
import gzip
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from backend.ops.simulate.week.books import Books
from backend.ops.simulate.week.plan import Fault

_PUSH = "/api/v1/sync/push/"
_COPIES = 5
_PORTAL = "<!doctype html><meta charset=utf-8><title>免费无线网络</title>请先关注公众号".encode()
_INTERNAL = {"code": "internal", "message": "系统出现故障，已记录。您的内容仍在手机上，请稍后重试。"}


class Line(httpx.BaseTransport):
    """Everything is set by the phone before it syncs; what is to happen once is taken back when it has happened."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.up = True
        #: Answers that a portal still gives in the server's place.
        self.portal = 0
        self.cut_next = self.lose_next = self.copy_next = False
        #: Batches with this id get a 500.
        self.stumbles_over = ""
        #: Done at the server before the next upload goes out.
        self.before_push: Callable[[], None] | None = None
        self._inner = httpx.HTTPTransport(retries=0)

    def mend(self) -> None:
        """Nothing more is to happen."""
        self.portal, self.stumbles_over, self.before_push = 0, "", None
        self.cut_next = self.lose_next = self.copy_next = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if not self.up:
            raise httpx.ConnectError("no network", request=request)
        if self.portal:
            self.portal -= 1
            return httpx.Response(200, headers={"Content-Type": "text/html"}, content=_PORTAL)
        return self._push(request) if request.url.path == _PUSH else self._pass(request)

    def close(self) -> None:
        self._inner.close()

    def _push(self, request: httpx.Request) -> httpx.Response:
        envelope = _envelope(request)
        if self.stumbles_over and any(item["id"] == self.stumbles_over for item in envelope["items"]):
            return httpx.Response(500, json=_INTERNAL)
        if deed := self.before_push:
            self.before_push = None
            deed()
        if self.cut_next:
            self.cut_next = False
            self.books.happened(Fault.CUT)
            raise httpx.WriteError("cut off", request=request)
        skew = self.books.clock.now() - dt.datetime.fromisoformat(envelope["sent_at"])
        answers = self._five_times(request) if self.copy_next else [self._timed(request)]
        for answer in answers:
            if answer.status_code == 200:
                self.books.answered(envelope["items"], answer.json(), skew=skew)
        self._maybe_lose(request, answers[-1])
        return answers[-1]

    def _maybe_lose(self, request: httpx.Request, answer: httpx.Response) -> None:
        """The server has done it; the phone never hears of it."""
        if answer.status_code != 200:
            return
        if self.books.trap is not None and self.books.trap.catch():
            raise httpx.ReadError("the server died", request=request)
        if self.lose_next:
            self.lose_next = False
            self.books.happened(Fault.ANSWER_LOST)
            raise httpx.ReadError("the answer was lost", request=request)

    def _five_times(self, request: httpx.Request) -> list[httpx.Response]:
        """The same bytes at once over so many connections; the answers of those that did not break, one at least."""
        self.copy_next = False
        self.books.happened(Fault.FIVE_COPIES)
        with ThreadPoolExecutor(_COPIES) as pool:
            sent = [pool.submit(self._pass, request) for _ in range(_COPIES)]
        answers = [each.result() for each in sent if each.exception() is None]
        if not answers:
            raise httpx.ReadError("no copy was answered", request=request)
        return answers

    def _timed(self, request: httpx.Request) -> httpx.Response:
        started = time.monotonic()
        answer = self._pass(request)
        self.books.push_seconds.append(time.monotonic() - started)
        return answer

    def _pass(self, request: httpx.Request) -> httpx.Response:
        answer = self._inner.handle_request(request)
        answer.read()
        return answer


def _envelope(request: httpx.Request) -> dict[str, Any]:
    content = request.content
    packed = request.headers.get("Content-Encoding") == "gzip"
    found: dict[str, Any] = json.loads(gzip.decompress(content) if packed else content)
    return found
