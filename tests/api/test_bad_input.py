"""Whatever arrives, at every address and method: never a 500, one error shape, a Chinese sentence.

Addresses come from the permission matrix, which fails when one is missing there; fields come from the API's own
description. A new endpoint is swept without a line here.
"""

import gzip
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from backend.accounts.choices import CAPABILITIES_OF, Role
from backend.accounts.models import User
from backend.core.api import ANYONE, SIGNED_IN
from backend.core.errors import ErrorCode
from tests.conftest import CELL
from tests.office.world import Corner, furnish
from tests.permissions.api_rows import API
from tests.permissions.row import HOME, Row

JSON = "application/json"
CODES = {code.code for code in ErrorCode}
WRITES = [row for row in API if row.method in {"POST", "PUT", "PATCH", "DELETE"}]
READS = [row for row in API if row.method == "GET" and row.route not in {"api/v1/schema/", "api/v1/docs/"}]

#: name → (body, headers, content type): what can be wrong with a request before anybody looks at its fields.
BODIES: dict[str, tuple[bytes, dict[str, str], str]] = {
    "nothing": (b"", {}, JSON),
    "cut short": (b'{"a": ', {}, JSON),
    "no UTF-8": (b'{"a": "\xff\xfe"}', {}, JSON),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), {}, JSON),
    "a charset nobody knows": (b"{}", {}, f"{JSON}; charset=klingon"),
    "a list": (b"[]", {}, JSON),
    "null": (b"null", {}, JSON),
    "a number": (b"1", {}, JSON),
    "a text": (b'"x"', {}, JSON),
    "NaN": (b'{"a": NaN}', {}, JSON),
    "Infinity": (b'{"a": -Infinity}', {}, JSON),
    "five thousand digits": (b'{"a": ' + b"9" * 5000 + b"}", {}, JSON),
    "beyond a double": (b'{"a": 1e999}', {}, JSON),
    "lists 50,000 deep": (b"[" * 50_000, {}, JSON),
    "objects 5,000 deep": (b'{"a":' * 5000 + b"1" + b"}" * 5000, {}, JSON),
    "3 MB": (b'{"a": "' + b"x" * 3_000_000 + b'"}', {}, JSON),
    "unknown field": (b'{"\\u0000\\ud800<script>": 1}', {}, JSON),
    "the same key twice": (b'{"a": 1, "a": 2}', {}, JSON),
    "text/plain": (b"{}", {}, "text/plain"),
    "a form": (b"a=1", {}, "application/x-www-form-urlencoded"),
    "multipart without a boundary": (b"x", {}, "multipart/form-data"),
    "multipart with a file": (
        b'--b\r\nContent-Disposition: form-data; name="a"; filename="\x00.txt"\r\n\r\nx\r\n--b--', {},
        "multipart/form-data; boundary=b",
    ),
    "no type": (b"{}", {}, ""),
    "a type of noise": (b"{}", {}, "/;;=\x7f"),
    "gzip that is none": (b"\x1f\x8bgarbage", {"Content-Encoding": "gzip"}, JSON),
    "gzip cut short": (gzip.compress(b'{"a": 1}')[:-6], {"Content-Encoding": "gzip"}, JSON),
    "gzip of 40 MB": (gzip.compress(b" " * 40_000_000), {"Content-Encoding": "gzip"}, JSON),
    "another encoding": (b"{}", {"Content-Encoding": "br"}, JSON),
    "a length that lies": (b"{}", {"Content-Length": "minus one"}, JSON),
    "wants XML": (b"{}", {"Accept": "application/xml"}, JSON),
    "a session of noise": (b"{}", {"Cookie": "sessionid=\x01\xff; csrftoken=" + "x" * 5000}, JSON),
}  # fmt: skip
#: JSON text of values that no field takes, and of some that a careless field does.
VALUES = [
    "null", "true", "-1", "0", "1.5", "9" * 400, "1e308", '""',
    '"\\u0000"', '"\\ud800"', '"x\\u0000y"', '"' + "9" * 70 + '"',
    '"' + "长" * 5000 + '"', '"2026-02-30"', '"99999-01-01"', '"00000000-0000-0000-0000-000000000000"', "[]", "[[[]]]",
    '["\\ud800"]', "{}", '{"a": {"b": null}}', '"２２"', '"22%"', '"\\r\\nSet-Cookie: a=b"',
]  # fmt: skip
#: Values of parameters in an address, already quoted.
QUERIES = [
    "%00", "%FF", "%ED%A0%80", "-1", "0", "9" * 40, "1e308", "NaN", "x" * 3000,
    "2026-02-30", "99999-01-01", "0001-01-01",
    "9999-12-31", "%EF%BC%92%EF%BC%92", "22%25", "'%22--", "a&a=b", "%0d%0a",
]  # fmt: skip
METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "X" * 300]


class _UndoneError(Exception):
    """Rolls back what a request wrote."""


@pytest.fixture
def corner(tree: Any, policies: None) -> Corner:
    return furnish(CELL)


@pytest.fixture
def client_for(user_with: Callable[..., User]) -> Callable[[Row], Client]:
    """`client_for(row)` → a client of somebody who may do what the row asks for."""

    def make(row: Row) -> Client:
        client = Client(raise_request_exception=False)
        if row.need != ANYONE:
            holders = [r for r in Role if row.need == SIGNED_IN or row.need in CAPABILITIES_OF[r]]
            fitting = [r for r in holders if row.who is None or r in row.who]
            role = Role.TOWNSHIP if Role.TOWNSHIP in fitting else fitting[0]
            user = user_with(role, HOME[role], "sweeper")
            client.force_login(user, backend="backend.accounts.backends.AccountBackend")
        return client

    return make


def _ask(client: Client, method: str, url: str, body: bytes = b"", kind: str = JSON, **headers: str) -> Any:
    """The answer; nothing that the request wrote lasts, nor does a sign-out."""
    kept = client.cookies.output()
    answer: Any = None
    try:
        with transaction.atomic():
            answer = client.generic(method, url, body, content_type=kind, headers=headers)
            raise _UndoneError
    except _UndoneError:
        if client.cookies.output() != kept:
            client.cookies.load(kept.replace("Set-Cookie: ", ""))
        return answer


def _wrong(answer: Any, method: str) -> str | None:
    """What is wrong with an answer, if anything."""
    if answer.status_code >= 500:
        return f"{answer.status_code}"
    if answer.status_code < 400 or method == "HEAD":
        return None
    try:
        told = json.loads(answer.content)
    except ValueError:
        return f"{answer.status_code} without JSON: {answer.content[:80]!r}"
    if not {"code", "message"} <= set(told) <= {"code", "message", "field", "detail"} or told["code"] not in CODES:
        return f"{answer.status_code} in another shape: {told}"
    if not re.search(r"[一-鿿]", told["message"]):
        return f"{answer.status_code} in no Chinese: {told['message']}"
    return None


def _faults(asked: Iterator[tuple[str, str, Any]]) -> list[str]:
    return [f"{name} → {wrong}" for name, method, answer in asked if (wrong := _wrong(answer, method))]


@pytest.mark.parametrize("row", WRITES, ids=lambda row: f"{row.method} {row.route}")
def test_bodies_that_are_no_request(row: Row, corner: Corner, client_for: Callable[[Row], Client]) -> None:
    client = client_for(row)

    def asked() -> Iterator[tuple[str, str, Any]]:
        for name, (body, headers, kind) in BODIES.items():
            yield name, row.method, _ask(client, row.method, row.url(corner), body, kind, **headers)

    assert not _faults(asked())


def _described() -> dict[tuple[str, str], tuple[list[str], list[str]]]:
    """(route, method) → names of the fields of its body, names of its parameters, as the API describes itself."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    found = {}
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            content = operation.get("requestBody", {}).get("content", {}).get(JSON, {})
            shape = content.get("schema", {})
            if "$ref" in shape:
                shape = schema["components"]["schemas"][shape["$ref"].rsplit("/", 1)[1]]
            parameters = [p["name"] for p in operation.get("parameters", []) if p["in"] == "query"]
            found[_plain(path), method.upper()] = list(shape.get("properties", {})), parameters
    return found


def _plain(route: str) -> str:
    return re.sub(r"[{<][^}>]*[}>]", "*", route).strip("/")


@pytest.mark.parametrize("row", WRITES, ids=lambda row: f"{row.method} {row.route}")
def test_fields_that_hold_anything(row: Row, corner: Corner, client_for: Callable[[Row], Client]) -> None:
    """One field after the other holds one bad value after the other, in a body that is otherwise as it should be."""
    client = client_for(row)
    names, _ = _described()[_plain(row.route), row.method]
    base = {name: json.dumps(value, default=str) for name, value in row.body(corner).items()}

    def asked() -> Iterator[tuple[str, str, Any]]:
        for name in {*names, *base}:
            for value in VALUES:
                told = {**base, name: value}
                body = "{" + ",".join(f'"{key}":{text}' for key, text in told.items()) + "}"
                answer = _ask(client, row.method, row.url(corner), body.encode())
                yield f"{name}={value[:40]}", row.method, answer

    assert not _faults(asked())


@pytest.mark.parametrize("row", READS, ids=lambda row: row.route)
def test_parameters_that_hold_anything(row: Row, corner: Corner, client_for: Callable[[Row], Client]) -> None:
    client = client_for(row)
    _, names = _described()[_plain(row.route), "GET"]
    url = row.url(corner)

    def asked() -> Iterator[tuple[str, str, Any]]:
        for name in [*names, "nobody-knows"]:
            for value in QUERIES:
                full = f"{url}{'&' if '?' in url else '?'}{name}={value}"
                yield f"{name}={value[:40]}", "GET", _ask(client, "GET", full)

    assert not _faults(asked())


@pytest.mark.parametrize("row", [row for row in API if row.scoped], ids=lambda row: f"{row.method} {row.route}")
def test_addresses_that_name_nothing(row: Row, corner: Corner, client_for: Callable[[Row], Client]) -> None:
    """Every part of the address that names something names nonsense instead."""
    client = client_for(row)
    path, _, query = row.url(corner).partition("?")
    pattern = re.sub(r"<[^>]*>", "([^/]+)", row.route)
    match = re.fullmatch(f"/{pattern}", path)

    def asked() -> Iterator[tuple[str, str, Any]]:
        for number in range(1, (match.lastindex or 0) + 1 if match else 0):
            start, end = match.span(number)
            for value in [*QUERIES, "00000000-0000-0000-0000-000000000000", ".."]:
                full = f"{path[:start]}{value}{path[end:]}?{query}"
                body = json.dumps(row.body(corner)).encode() if row.method != "GET" else b""
                yield value[:40], row.method, _ask(client, row.method, full, body)

    assert not _faults(asked())


@pytest.mark.parametrize("route", sorted({row.route for row in API}))
def test_methods_that_nobody_offers(route: str, corner: Corner, client_for: Callable[[Row], Client]) -> None:
    row = next(row for row in API if row.route == route)
    client = client_for(row)

    def asked() -> Iterator[tuple[str, str, Any]]:
        for method in METHODS:
            yield method, method, _ask(client, method, row.url(corner), b"{}" if method != "GET" else b"")

    assert not _faults(asked())
