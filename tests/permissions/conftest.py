"""Two corners of the country, for every test of the matrix."""

from collections.abc import Callable
from typing import Any

import pytest

from backend.accounts.choices import Role
from backend.accounts.models import Duty, User
from backend.core import clock
from backend.regions.choices import LEVEL_OF
from backend.regions.models import Region
from tests.conftest import CELL
from tests.office.world import Corner, furnish

THERE = "210202901901901"


@pytest.fixture
def corners(tree: Any, policies: None, user_with: Callable[..., User]) -> tuple[Corner, Corner]:
    Region.objects.bulk_create(
        Region(code=THERE[:n], name=f"别省{n}", level=LEVEL_OF[n], parent_code=THERE[:m] if m else None)
        for m, n in ((0, 2), (2, 4), (4, 6), (6, 9), (9, 12), (12, 15))
    )  # fmt: skip
    closer = user_with(Role.TOWNSHIP, CELL[:9], "closer")
    Duty.objects.create(user=closer, role=Role.TOWNSHIP, region_code=THERE[:9], valid_from=clock.today())
    return furnish(CELL), furnish(THERE)
