"""Who signs in: the demo accounts, and the invented workers whose names stand under two weeks of records."""

import datetime as dt
from random import Random

from django.conf import settings
from django.contrib.auth.hashers import make_password

from backend.accounts.choices import Role
from backend.accounts.models import User
from backend.accounts.services import duty_grant, user_create
from backend.ops.demo.people import person_name
from backend.ops.demo.places import COUNTY, PREFECTURE, PROVINCE, Cell

_TOWN = f"{COUNTY}901"
_VILLAGE = f"{_TOWN}901"
#: `grid1` and `grid2` work in the village of `village`: the story of the demo plays among these three.
ACCOUNTS = (
    ("province", "省疫情防控办", Role.PROVINCE, PROVINCE),
    ("prefecture", "市疫情防控办", Role.PREFECTURE, PREFECTURE),
    ("county", "县疫情防控办", Role.COUNTY, COUNTY),
    ("town", "松河街道办", Role.TOWNSHIP, _TOWN),
    ("village", "松河社区居委会", Role.VILLAGE, _VILLAGE),
    ("grid1", "周桂兰", Role.GRID_WORKER, f"{_VILLAGE}901"),
    ("grid2", "赵德明", Role.GRID_WORKER, f"{_VILLAGE}902"),
    ("clinic", "松河社区卫生室", Role.CLINIC, _VILLAGE),
    ("health", "县卫生健康局", Role.HEALTH, COUNTY),
    ("admin", "系统管理员", Role.SYSTEM_ADMIN, PROVINCE),
)


def accounts_create(*, since: dt.date) -> None:
    """The demo accounts with their duties since `since`; those that exist already are left as they are."""
    password_hash = make_password(settings.DEMO_PASSWORD)
    for username, name, role, region in ACCOUNTS:
        if not User.objects.filter(username=username).exists():
            user_create(
                actor=None, username=username, display_name=name, role=role, region=region, valid_from=since,
                password_hash=password_hash, must_change_password=False,
            )  # fmt: skip


def workers_of(cells: list[Cell], *, since: dt.date, chance: Random) -> dict[str, User]:
    """Cell code → the worker who walks it. `grid1` and `grid2` have one each, a village's worker the others.

    Nobody signs in as an invented worker.
    """
    own = {region: username for username, _, role, region in ACCOUNTS if role is Role.GRID_WORKER}
    workers: dict[str, User] = {}
    for village in sorted({cell.village for cell in cells}):
        name = person_name(chance)
        codes = [cell.code for cell in cells if cell.village == village and cell.code not in own]
        username = f"w{village}"
        worker = User.objects.filter(username=username).first()
        if worker is None:
            worker, _ = user_create(
                actor=None, username=username, display_name=name, role=Role.GRID_WORKER, region=codes[0],
                valid_from=since, password_hash=make_password(None),
            )  # fmt: skip
        for code in codes:
            duty_grant(actor=None, user=worker, role=Role.GRID_WORKER, region=code, valid_from=since)
            workers[code] = worker
    return workers | {code: User.objects.get(username=username) for code, username in own.items()}


def office_of(township: str, *, since: dt.date) -> User:
    """The account of a township's office: `town` in its own, an invented one elsewhere."""
    for username, _, role, region in ACCOUNTS:
        if role is Role.TOWNSHIP and region == township:
            return User.objects.get(username=username)
    username = f"w{township}"
    office = User.objects.filter(username=username).first()
    if office is None:
        office, _ = user_create(
            actor=None, username=username, display_name="值班室", role=Role.TOWNSHIP, region=township, valid_from=since,
            password_hash=make_password(None),
        )  # fmt: skip
    return office
