"""The story the product is judged by: a household recorded offline at a door, up to the province and back down.

The network is cut and restored, the server killed and restarted, Redis stopped and restarted. In the end there is one
visit, one alert, and the right figure on six levels, each of which leads back to that visit.
"""

import datetime as dt
import time
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from launch.stack import Stack
from tests.api_client import Api
from tests.e2e.conftest import OpenOffice, OpenPhone

pytestmark = pytest.mark.e2e
SHANGHAI = ZoneInfo("Asia/Shanghai")
LEVELS = (15, 12, 9, 6, 4, 2)


def wait_for(what: Callable[[], bool], *, seconds: float, step: float = 0.5) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(step)


def figures(api: Api, cell: str, day: str) -> dict[int, dict[str, int | None]]:
    """The day's figures of the cell and everything above it, by length of code."""
    return {length: api.get("reports/daily/", region=cell[:length], day=day)["figures"] for length in LEVELS}


def test_one_visit_from_the_door_to_the_province_and_back(
    stack: Stack, open_phone: OpenPhone, open_office: OpenOffice
) -> None:
    province = Api(stack.url, "province")
    day = dt.datetime.now(SHANGHAI).date().isoformat()
    phone = open_phone("grid1")
    village = open_phone("village").page
    village.get_by_test_id("tab-alerts").click()
    village.get_by_test_id("alerts-live").wait_for()
    office = open_office("town")
    (household,) = phone.unvisited()
    cell = Api(stack.url, "grid1").region
    before = figures(province, cell, day)

    # Offline at the door: somebody has a fever.
    phone.offline()
    phone.fever_visit(household, "38.6")
    phone.expect_waiting(1)
    phone.page.reload()
    phone.expect_waiting(1)

    # The server dies, Redis is away, the network comes back before either.
    stack.kill("web")
    stack.halt("valkey")
    phone.online()
    time.sleep(2)
    phone.expect_waiting(1)
    stack.restart("web")
    phone.expect_sent()
    stack.restart("valkey")

    # One alert on the village's phone and at the township's desk.
    alerts = village.locator("[data-testid=alert-row]").filter(has_text="38.6")
    grid = Api(stack.url, "grid1")
    mine = [a for a in grid.get("alerts/", after=0, state="open")["alerts"] if a.get("household") == household]
    assert len(mine) == 1
    expect(village.locator(f"[data-testid=alert-row][data-alert='{mine[0]['id']}']")).to_have_count(1, timeout=30_000)
    assert alerts.count() <= 1
    office.goto(f"/admin/alerts/alert/{mine[0]['id']}/change/")
    expect(office.get_by_text(mine[0]["place"]).first).to_be_visible(timeout=15_000)

    # One visit, counted on six levels while the day runs.
    wait_for(lambda: figures(province, cell, day)[2]["fever"] == (before[2]["fever"] or 0) + 1, seconds=30)
    after = figures(province, cell, day)
    for length in LEVELS:
        assert after[length]["fever"] == (before[length]["fever"] or 0) + 1, length
        assert after[length]["reached"] == (before[length]["reached"] or 0) + 1, length

    # The day ends; every level closes by itself; the province's figure leads back to the visit.
    next_day = (dt.datetime.now(SHANGHAI) + dt.timedelta(days=1)).strftime("%Y-%m-%d 11:05")
    stack.manage("time_travel", "--to", next_day)
    try:
        wait_for(lambda: province.get("reports/daily/", region=cell[:2], day=day)["is_closed"], seconds=150, step=2)
        closed = figures(province, cell, day)
        for length in LEVELS:
            assert closed[length]["fever"] == after[length]["fever"], length
        region = cell[:2]
        while True:
            rows = province.get(f"reports/daily/{region}/{day}/trace/", indicator="fever")["rows"]
            if rows[0]["kind"] != "unit":
                break
            region = next(row["code"] for row in rows if cell.startswith(row["code"]))
        assert region == cell
        found = [row for row in rows if row.get("household") == household or row["place"] == mine[0]["place"]]
        assert len([row for row in found if row["kind"] == "visit"]) == 1
    finally:
        stack.manage("time_travel", "--reset")
