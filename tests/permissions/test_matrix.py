"""Role × address × in or out of scope, allowed and denied from the same row; an address without a row fails the test.

Each role serves where `here` is; `there` lies in another province. A door is open when the answer is neither 401, 403,
404, 405 nor a fault: what it then says about the body is another test's business.
"""

from collections.abc import Callable

import pytest
from django.contrib import admin
from django.template.response import SimpleTemplateResponse
from django.test import Client

from backend.accounts.choices import Capability, Role
from backend.accounts.models import User
from backend.core.api import ANYONE
from backend.core.checks import api_views
from tests.office.world import Corner, addresses
from tests.permissions.api_rows import API
from tests.permissions.asking import ask, is_open, is_shut, signed_in
from tests.permissions.office_rows import named_routes, office_rows, pages
from tests.permissions.row import HOME

ROWS = API + list(office_rows())
#: Addresses that are open to all, or answer for others: sign-in and its way out, the phone app's shell, what is left.
OPEN = {
    "healthz", "admin/login/", "admin/logout/", "admin/autocomplete/", "admin/(?P<url>.*)$", "^api/",
    "^(?!static/|assets/|ws/)(?P<path>.*)$",
    # Tested in test_ways_round.py: no key of a corner leads there.
    "admin/policies/policyrule/<path:object_id>/change/", "admin/policies/policyrule/<path:object_id>/history/",
}  # fmt: skip


def test_every_address_has_a_row() -> None:
    known = {row.route for row in ROWS} | OPEN
    routes = {route for route, _ in named_routes() if "(?P<app_label>" not in route}
    assert routes - known == set(), "an address that the matrix does not know"
    assert known - routes == set(), "a row for an address that does not exist"
    methods = {(f"{route}", method) for route, view in api_views() for method in view.capabilities}
    assert methods - {(row.route, row.method) for row in API} == set(), "a method that the matrix does not know"


def test_rows_ask_for_what_the_views_declare() -> None:
    declared = {(route, method): str(need) for route, view in api_views() for method, need in view.capabilities.items()}
    for row in API:
        assert declared[row.route, row.method] == row.need, (row.route, row.method)


def test_pages_name_real_capabilities() -> None:
    assert len(pages()) == len(admin.site._registry)
    for _, page in pages():
        assert page.view_capability in Capability.values, page
        for deed in page.deeds:
            assert deed.capability in Capability.values, deed


@pytest.fixture
def unrendered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are decided upon but not drawn: what they look like is `tests/office`'s business, and takes its time."""
    monkeypatch.setattr(SimpleTemplateResponse, "rendered_content", property(lambda response: ""))


@pytest.mark.parametrize("role", list(Role))
def test_role(role: Role, corners: tuple[Corner, Corner], user_with: Callable[..., User], unrendered: None) -> None:
    here, there = corners
    browser = signed_in(user_with(role, HOME[role], "subject"))
    wrong: list[str] = []
    for row in ROWS:
        if row.need == ANYONE:
            continue
        inside = ask(browser, row, here)
        if not (is_open(inside) if row.allows(role) else is_shut(row, inside)):
            wrong.append(f"here: {row.method} {row.route} → {inside.status_code}, allowed: {row.allows(role)}")
        if not row.scoped:
            continue
        outside = ask(browser, row, there)
        # Where the deed itself is shut to this role, the missing may look missing.
        if outside.status_code != 404 and (row.allows(role) or not is_shut(row, outside)):
            wrong.append(f"there: {row.method} {row.route} → {outside.status_code}, allowed: {row.allows(role)}")
    assert not wrong, "\n".join(wrong)


def test_nobody(corners: tuple[Corner, Corner]) -> None:
    """Without a session: 401 from the API, the sign-in page from the office, on every address but the open ones."""
    here, _ = corners
    wrong = []
    for row in ROWS:
        answer = ask(Client(), row, here)
        if row.need == ANYONE:
            fine = answer.status_code not in {401, 403, 405} and answer.status_code < 500
        elif row.office:
            fine = answer.status_code == 302 and "/admin/login/" in answer["Location"]
        else:
            fine = answer.status_code == 401
        if not fine:
            wrong.append(f"{row.method} {row.route} → {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def test_lists_hold_nothing_from_elsewhere(corners: tuple[Corner, Corner], user_with: Callable[..., User]) -> None:
    """No list of any role names an object of the other province."""
    _, there = corners
    marks = {str(value) for value in addresses(there).values() if len(str(value)) > 10}
    for role in Role:
        browser = signed_in(user_with(role, HOME[role], f"reader-{role.value}"))
        for row in ROWS:
            if row.scoped or row.method != "GET" or row.need == ANYONE or not row.allows(role):
                continue
            answer = ask(browser, row, there)
            text = b"".join(answer).decode() if answer.streaming else answer.content.decode()
            assert not [mark for mark in marks if mark in text], (role, row.route)
