"""Rules for the relay: the ways in which a line and a server fail. `times` is how often, for ever when None."""

import threading
from collections.abc import Callable
from typing import Any

from tests.conformance.relay import Reply, Request, Rule

_SENTENCES = {
    401: ("not_signed_in", "尚未登录或登录已过期，请重新登录。已填写的内容不会丢失。"),
    413: ("too_large", "一次提交的内容过大，请分批提交。"),
    429: ("too_many_requests", "操作过于频繁，请稍后再试。"),
    500: ("internal", "系统出现故障，已记录。您的内容仍在手机上，请稍后重试。"),
    503: ("unavailable", "系统暂时不可用，请稍后重试。已填写的内容不会丢失。"),
}


def refusal(status: int, **headers: str) -> Reply:
    """A refusal of the whole request as the server words it."""
    code, message = _SENTENCES[status]
    return Reply.of_json(status, {"code": code, "message": message}, **headers)


def _counted(times: int | None, broken: Rule) -> Rule:
    left = [times]
    lock = threading.Lock()

    def rule(request: Request, pass_on: Callable[[], Reply]) -> Reply | None:
        with lock:
            now = left[0] is None or left[0] > 0
            if left[0]:
                left[0] -= 1
        return broken(request, pass_on) if now else pass_on()

    return rule


def answering(reply: Reply, *, times: int | None = None) -> Rule:
    """In the server's place; nothing reaches it."""
    return _counted(times, lambda _request, _pass_on: reply)


def portal(*, times: int | None = None) -> Rule:
    """A captive portal: 200, and a page of its own."""
    page = "<!doctype html><title>免费 Wi-Fi</title>请先登录".encode()
    return answering(Reply(200, [("Content-Type", "text/html; charset=utf-8")], page), times=times)


def losing_the_answer(*, times: int | None = None) -> Rule:
    """The server has done it; the client never hears."""

    def rule(_request: Request, pass_on: Callable[[], Reply]) -> None:
        pass_on()

    return _counted(times, rule)


def copying(copies: int) -> Rule:
    """The request arrives so many times at once over so many connections; the client hears one of the answers."""

    def rule(_request: Request, pass_on: Callable[[], Reply]) -> Reply:
        replies: list[Reply] = []
        threads = [threading.Thread(target=lambda: replies.append(pass_on())) for _ in range(copies)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return replies[-1]

    return rule


def taking_at_most(items: int) -> Rule:
    """413 for a batch of more items."""

    def rule(request: Request, pass_on: Callable[[], Reply]) -> Reply:
        return pass_on() if len(request.items) <= items else refusal(413)

    return rule


def busy_for_more_than(items: int, *, seconds: int) -> Rule:
    """429 `busy` for all but short uploads."""

    def rule(request: Request, pass_on: Callable[[], Reply]) -> Reply:
        body = {"code": "busy", "message": "现在上报的人多，请稍后再试，内容仍在手机上。"}
        return pass_on() if len(request.items) <= items else Reply.of_json(429, body, Retry_After=str(seconds))

    return rule


def stumbling_over(poison: str) -> Rule:
    """500 for every batch that holds this id."""

    def rule(request: Request, pass_on: Callable[[], Reply]) -> Reply:
        return refusal(500) if poison in request.ids else pass_on()

    return rule


def altering(change: Callable[[dict[str, Any]], None], *, times: int | None = None) -> Rule:
    """The server's answer, changed in place by `change` on its way."""

    def rule(_request: Request, pass_on: Callable[[], Reply]) -> Reply:
        reply = pass_on()
        body = reply.json()
        change(body)
        kept = {k: v for k, v in reply.headers if k.lower() in ("set-cookie",)}
        return Reply.of_json(reply.status, body, **kept)

    return _counted(times, rule)


def afterwards(deed: Callable[[], None], *, times: int = 1) -> Rule:
    """Passed on as it is, and then something happens at the server."""

    def rule(_request: Request, pass_on: Callable[[], Reply]) -> Reply:
        reply = pass_on()
        deed()
        return reply

    return _counted(times, rule)
