"""One request of docs/sync.md, and what counts as an answer.

RefusedError     the server's own refusal {code, message, field?, detail?}
NoAnswerError    anything else that is not the JSON promised: no network, a proxy, a captive portal, half an answer
"""

import gzip
import json
from typing import Any

import httpx

GZIP_FROM_BYTES = 4096
COOKIE = "gk_session"
PUSH = "sync/push/"


class NoAnswerError(Exception):
    """Nothing can be concluded: the server may or may not have done what was asked."""

    def __init__(self, reason: str, *, status: int | None = None, retry_after: float = 0):
        super().__init__(reason)
        self.status = status
        self.retry_after = retry_after


class RefusedError(Exception):
    """The server refused the whole request; nothing of it was stored."""

    def __init__(self, status: int, body: dict[str, Any], *, retry_after: float = 0):
        super().__init__(f"{status} {body['code']}: {body['message']}")
        self.status = status
        self.code: str = body["code"]
        self.message: str = body["message"]
        self.field: str | None = body.get("field")
        self.retry_after = retry_after


class Wire:
    """`Wire("https://host")`; the session's cookie and token live here and nowhere on disk.

    `transport` is what carries the requests, where that is to be something else than the network.
    """

    def __init__(self, url: str, *, timeout: float = 60, transport: httpx.BaseTransport | None = None):
        self._http = httpx.Client(
            base_url=f"{url.rstrip('/')}/api/v1/", timeout=timeout, follow_redirects=False, transport=transport
        )
        self._csrf = ""

    def close(self) -> None:
        self._http.close()

    @property
    def session(self) -> str:
        """The session's cookie; empty without one."""
        return self._http.cookies.get(COOKIE) or ""

    def forget(self) -> None:
        """Cookie and token, as a phone that was switched off."""
        self._http.cookies.clear()
        self._csrf = ""

    def sign_in(self, username: str, password: str, *, device: str) -> dict[str, Any]:
        body = {"username": username, "password": password, "device": {"id": device}}
        answer = self._once("POST", "session/", body=body)
        self._csrf = _text(answer, "csrf")
        return answer

    def sign_out(self) -> None:
        self._ask("DELETE", "session/")
        self.forget()

    def push(self, envelope: dict[str, Any]) -> dict[str, Any]:
        """The answer with its `results`, one object each."""
        answer = self._ask("POST", PUSH, body=envelope)
        results = answer.get("results")
        if not isinstance(results, list) or not all(isinstance(each, dict) for each in results):
            raise NoAnswerError("no results")
        return answer

    def pull(self, cursor: str, limit: int) -> dict[str, Any]:
        """One page, with its `changes` and its `cursor`."""
        answer = self._ask("GET", "sync/pull/", query={"cursor": cursor, "limit": limit})
        _text(answer, "cursor")
        if not isinstance(answer.get("changes"), list):
            raise NoAnswerError("no changes")
        return answer

    def receipts(self, day: str, device: str) -> dict[str, Any]:
        """What the server holds of this device for one business day."""
        answer = self._ask("GET", "sync/receipts/", query={"day": day, "device": device})
        _text(answer, "digest")
        if not isinstance(answer.get("items"), list):
            raise NoAnswerError("no items")
        return answer

    def close_day(self, day: str, device: str, made: list[str]) -> dict[str, Any]:
        """The server's word on a day of this device: docs/receipts.md."""
        answer = self._ask("POST", "sync/receipts/", body={"device": device, "day": day, "made": made})
        for name in ("statement", "signature", "key"):
            _text(answer, name)
        if not isinstance(answer.get("missing"), list) or not isinstance(answer.get("refused"), list):
            raise NoAnswerError("no comparison")
        return answer

    def keys(self, device: str) -> dict[str, Any]:
        """The server's public keys, and this phone's ticket: docs/hand-carry.md."""
        answer = self._ask("GET", "sync/keys/", query={"device": device})
        _text(answer, "ticket")
        return answer

    def bring(self, file: dict[str, Any]) -> dict[str, Any]:
        """Somebody's sealed file, carried here: the answer with its `results`."""
        answer = self._ask("POST", "sync/carried/", body=file)
        if not isinstance(answer.get("results"), list):
            raise NoAnswerError("no results")
        return answer

    def _ask(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        """As `_once`; a token that has turned over is fetched anew, once."""
        try:
            return self._once(method, path, **request)
        except RefusedError as refusal:
            if refusal.code != "csrf_failed":
                raise
        self._csrf = _text(self._once("GET", "session/"), "csrf")
        return self._once(method, path, **request)

    def _once(self, method: str, path: str, *, query: dict[str, Any] | None = None, body: Any = None) -> dict[str, Any]:
        headers = {"Accept": "application/json"}
        content = None
        if method != "GET":
            headers["X-CSRFToken"] = self._csrf
        if body is not None:
            content = json.dumps(body, ensure_ascii=False).encode()
            headers["Content-Type"] = "application/json"
            if path == PUSH and len(content) >= GZIP_FROM_BYTES:
                content = gzip.compress(content)
                headers["Content-Encoding"] = "gzip"
        try:
            answer = self._http.request(method, path, params=query, content=content, headers=headers)
        except httpx.HTTPError as failure:
            raise NoAnswerError(type(failure).__name__) from failure
        return _read(answer)


def _read(answer: httpx.Response) -> dict[str, Any]:
    if answer.status_code == 204:
        return {}
    retry_after = _seconds(answer.headers.get("Retry-After", ""))
    nothing = NoAnswerError("not ours", status=answer.status_code, retry_after=retry_after)
    if "json" not in answer.headers.get("Content-Type", ""):
        raise nothing
    try:
        body = answer.json()
    except ValueError as failure:
        raise nothing from failure
    if not isinstance(body, dict):
        raise nothing
    if answer.status_code == 200:
        return body
    if not isinstance(body.get("code"), str) or not isinstance(body.get("message"), str):
        raise nothing
    raise RefusedError(answer.status_code, body, retry_after=retry_after)


def _text(answer: dict[str, Any], name: str) -> str:
    if not isinstance(answer.get(name), str):
        raise NoAnswerError(f"no {name}")
    return str(answer[name])


def _seconds(header: str) -> float:
    return float(header) if header.isdigit() else 0
