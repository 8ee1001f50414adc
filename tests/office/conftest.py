"""Two furnished cells in two townships, and clerks."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from backend.accounts.choices import Role
from backend.accounts.models import User
from tests.conftest import CELL, OTHER_CELL
from tests.office.world import Corner, furnish


@pytest.fixture
def here(tree: Any, policies: None) -> Corner:
    return furnish(CELL)


@pytest.fixture
def there(tree: Any, policies: None) -> Corner:
    return furnish(OTHER_CELL)


@pytest.fixture
def clerk(user_with: Callable[..., User]) -> User:
    """The township above `here`."""
    return user_with(Role.TOWNSHIP, CELL[:9], "clerk")


@pytest.fixture
def desk(clerk: User) -> Client:
    """The clerk's browser."""
    client = Client()
    client.force_login(clerk, backend="backend.accounts.backends.AccountBackend")
    return client
