"""The demo from nothing to now, through the services. Deterministic by seed; see docs/demo.md."""

import datetime as dt
from collections.abc import Callable
from random import Random

from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction

from backend.accounts.choices import Role
from backend.accounts.models import User
from backend.audit.models import AuditEntry
from backend.audit.services import audit_record
from backend.core import clock
from backend.ops.demo import places
from backend.ops.demo.accounts import ACCOUNTS, accounts_create, office_of, workers_of
from backend.ops.demo.days import TwoWeeks
from backend.ops.demo.households import households_of
from backend.ops.demo.returns import returns
from backend.regions.divisions.run import divisions_import
from backend.regions.services import cells_import
from backend.residents.models import Household
from backend.residents.services import households_create

HISTORY_DAYS = 14
RETURNEES = 300
#: The audit entry that says the demo is whole.
DONE = "demo_seeded"


class DemoRefusedError(Exception):
    """The demo may not be written into this database."""


def is_seeded() -> bool:
    """Whether the whole demo is in this database."""
    return AuditEntry.objects.filter(action=DONE).exists()


def demo_seed(
    *,
    seed: int = 1,
    history_days: int = HISTORY_DAYS,
    returnees: int = RETURNEES,
    progress: Callable[[str], None] = lambda _: None,
) -> bool:
    """Write the demo; False, at once, when it is there already.

    `history_days` days before today are played, and today up to now; `returnees` people come back in them. A run that
    was interrupted is taken up again the same day: whatever is there is left as it is, and records that were uploaded
    are duplicates. Raises DemoRefusedError outside demo mode, and where somebody's real data lies.
    """
    if not settings.DEMO_MODE:
        raise DemoRefusedError("不在演示模式，不写入演示数据。")
    if is_seeded():
        return False
    _refuse_real_data()
    with connection.cursor() as cursor:
        # Thousands of small commits of invented data need not reach the disk one by one.
        cursor.execute("SET synchronous_commit TO off")
    now = clock.now()
    today = clock.business_day(now)
    first = today - dt.timedelta(days=history_days)
    setup = clock.at(first - dt.timedelta(days=1), dt.time(8))
    chance = Random(f"{seed}:{first}")  # noqa: S311 - invented data
    with clock.standing_at(setup):
        cells = places.cells(chance)
        divisions_import(files=places.division_files())
        cells_import(actor=None, content=places.cells_csv(cells))
        progress(f"区划与网格：{len(cells)} 个网格")
        accounts_create(since=setup.date())
        workers = workers_of(cells, since=setup.date(), chance=chance)
        progress(f"账号：{len(ACCOUNTS)} 个演示账号，{len(set(workers.values())) - 2} 名网格员")
        households = {cell.code: households_of(cell, chance=chance, since=setup) for cell in cells}
        for village in sorted({cell.village for cell in cells}):
            items = [item for code in households for item in households[code] if code.startswith(village)]
            households_create(items=items, actor=None)
        progress(f"住户：{sum(map(len, households.values())):,} 户")
    people = returns(households=households, count=returnees, first=first, today=today, chance=chance)
    story = TwoWeeks(
        households=households, returns=people, workers=workers,
        offices={code: office_of(code, since=setup.date()) for code in sorted({c.code[:9] for c in cells})},
        seed=f"{seed}:{first}",
        today_quiet=frozenset(region for _, _, role, region in ACCOUNTS if role is Role.GRID_WORKER),
    )  # fmt: skip
    for day in story.play(first=first, until=now):
        progress(f"{day:%m月%d日} 的走访、监测、预警、日报")
    with transaction.atomic():
        audit_record(actor=None, action=DONE, target_kind="demo", target_id=seed, region=places.PROVINCE)
    cache.clear()
    return True


def _refuse_real_data() -> None:
    """Accounts with a known password, and invented people, must not come to lie beside real ones."""
    invented = Household.objects.filter(region_code__startswith=f"{places.COUNTY}9")
    if Household.objects.exclude(pk__in=invented).exists():
        raise DemoRefusedError("库中已有演示区划以外的住户，不写入演示数据。")
    names = [username for username, *_ in ACCOUNTS]
    if User.objects.exclude(username__in=names).exclude(username__startswith=f"w{places.COUNTY}9").exists():
        raise DemoRefusedError("库中已有演示账号以外的用户，不写入演示数据。")
