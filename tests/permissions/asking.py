"""A request of a row, and whether its door was open."""

import copy
import json
from typing import Any

from django.db import transaction
from django.test import Client

from backend.accounts.models import User
from tests.office.world import Corner
from tests.permissions.row import Row


class _UndoneError(Exception):
    """Rolls back what a request wrote."""


def signed_in(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user, backend="backend.accounts.backends.AccountBackend")
    return client


def ask(browser: Client, row: Row, corner: Corner) -> Any:
    """What `row` answers to this browser; nothing that it does lasts, not even signing out."""
    client = Client(raise_request_exception=False)
    client.cookies = copy.deepcopy(browser.cookies)
    answer: Any = None
    try:
        with transaction.atomic():
            row.given(corner)
            if row.office:
                answer = client.generic(row.method, row.url(corner), content_type="application/x-www-form-urlencoded")
            else:
                data = json.dumps(row.body(corner)) if row.method != "GET" else ""
                answer = client.generic(row.method, row.url(corner), data, content_type="application/json")
            raise _UndoneError
    except _UndoneError:
        return answer


def is_shut(row: Row, answer: Any) -> bool:
    """Whether this is a refusal for want of a capability."""
    to_login = row.office and answer.status_code == 302 and "/admin/login/" in answer["Location"]
    return answer.status_code in row.refusals or to_login


def is_open(answer: Any) -> bool:
    to_login = answer.status_code == 302 and "/admin/login/" in answer["Location"]
    return answer.status_code not in {401, 403, 404, 405} and answer.status_code < 500 and not to_login
