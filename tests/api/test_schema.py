"""The API against its own description: whatever schemathesis thinks of, never a 500, always a described answer."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from django.conf import settings
from django.contrib.auth import login
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.http import HttpRequest
from django.middleware.csrf import _get_new_csrf_string
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from backend.accounts.choices import Role
from backend.accounts.models import User
from backend.accounts.session_store import SessionStore
from backend.config.wsgi import application

PATHS = r"^/api/v1/(sync|session|alerts|reports)/"


def described() -> Any:
    """The API's description as the server gives it, over the application itself."""
    schema = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(request=None, public=True))
    schema.app = application
    return schema.include(path_regex=PATHS)


schema = described()


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """A request that ends closes old connections; the test's transaction lives in one."""
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


@pytest.fixture
def credentials(user_with: Callable[..., User], policies: None) -> Iterator[dict[str, str]]:
    """Headers of somebody who may do all that the addresses under test offer."""
    user = user_with(Role.TOWNSHIP, "220521901", "everything")
    request = HttpRequest()
    request.session = SessionStore()
    login(request, user, backend="backend.accounts.backends.AccountBackend")
    request.session.save()
    csrf = _get_new_csrf_string()
    cookies = {settings.SESSION_COOKIE_NAME: request.session.session_key, settings.CSRF_COOKIE_NAME: csrf}
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()), "X-CSRFToken": csrf}


@schema.parametrize()
@hypothesis_settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_every_answer_is_described(case: Any, credentials: dict[str, str]) -> None:
    response = case.call(headers=credentials)
    case.validate_response(
        response,
        checks=[
            not_a_server_error,
            status_code_conformance,
            content_type_conformance,
            response_schema_conformance,
        ],
    )
    if response.status_code >= 400:
        assert set(response.json()) <= {"code", "message", "field", "detail"}
