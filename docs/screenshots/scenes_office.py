"""The walk through the office: a street office's desk, the levels above it, the health side, the administrator."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from camera import Camera
from office_steps import deed, submit
from playwright.sync_api import Page

CELLS_CSV = """村代码,网格编号,网格名称,楼栋范围,网格长
{village},31,第三十一网格,31-33幢,
{village},3二,写错编号的网格,,
{village},32,,34-35幢,
110101001001,01,别处的网格,,
"""
OPEN_DAYS = 14
#: Wrong passwords that lock an account.
LOCKED_AFTER = 5


def walk_office(camera: Camera) -> None:
    camera.scene("登录", lambda: _door(camera))
    town = camera.desk("town")
    for name, scene in _TOWN.items():
        camera.scene(name, lambda scene=scene: scene(camera, town))
    camera.close(town)
    for name, scene in _OTHERS.items():
        camera.scene(name, lambda scene=scene: scene(camera))


# --- pieces -----------------------------------------------------------------------------------------------------------


def _list(camera: Camera, page: Page, path: str, name: str) -> None:
    page.goto(f"/admin/{path}/")
    camera.take(page, name)


def _first(page: Page) -> None:
    """Open the first row of the list."""
    page.locator("#result_list tbody tr th a, #result_list tbody tr td a").first.click()
    page.wait_for_url(lambda url: "/change/" in url)


def _api(page: Page, path: str) -> dict[str, Any]:
    return page.request.get(f"/api/v1/{path}").json()


def _tree(page: Page, region: str = "", day: str = "") -> None:
    page.goto(f"/admin/day/?region={region}&day={day}" if region else "/admin/day/")
    page.locator(".gk-tree-table tbody tr").first.wait_for()


# --- the street office ------------------------------------------------------------------------------------------------


def _door(camera: Camera) -> None:
    page = camera.desk()
    page.locator("input[name=username]").wait_for()
    camera.take(page, "office-login")
    page.locator("input[name=username]").fill("town")
    page.locator("input[name=password]").fill("not the password")
    page.locator("form button[type=submit]").first.click()
    page.locator(".gk-alert").wait_for()
    camera.take(page, "office-login-refused")
    camera.close(page)


def _work(camera: Camera, page: Page) -> None:
    camera.take(page, "office-town")
    page.goto("/admin/alerts/alert/")
    page.locator(".gk-live-on").wait_for()
    camera.take(page, "office-alerts")
    worker = camera.phone("grid2", theme="light", installDismissed=True)
    worker.get_by_test_id("household-row").first.wait_for()
    household = worker.locator("[data-testid=household-row]:not(.done)").nth(2).get_attribute("data-household")
    worker.goto(f"/households/{household}/visit")
    worker.get_by_test_id("outcome-seen_unwell").click()
    worker.get_by_test_id("temperature").first.fill("38.9")
    worker.get_by_test_id("save").click()
    page.locator(".gk-fresh").first.wait_for()
    camera.take(page, "office-alerts-live")
    camera.close(worker)
    _first(page)
    camera.take(page, "office-alert")
    deed(page, "办结")
    camera.take(page, "office-alert-close")


def _people(camera: Camera, page: Page) -> None:
    _list(camera, page, "returnees/returnee", "office-returnees")
    _first(page)
    camera.take(page, "office-returnee")
    page.goto("/admin/returnees/returnee/")
    deed(page, "登记返乡人员")
    camera.take(page, "office-returnee-new")
    submit(page)
    page.locator(".gk-field-bad").first.wait_for()
    camera.take(page, "office-returnee-new-error")
    _list(camera, page, "health/monitoring", "office-monitoring")
    _list(camera, page, "health/codestatus", "office-codes")
    _first(page)
    camera.take(page, "office-code")
    _list(camera, page, "residents/household", "office-households")
    _first(page)
    camera.take(page, "office-household")
    _list(camera, page, "residents/person", "office-people")
    _first(page)
    camera.take(page, "office-person")
    deed(page, "查看完整信息")
    camera.take(page, "office-reveal")
    for box in page.locator("input[name=fields]").all():
        box.check()
    page.locator("[name=purpose]").fill("联系本人核实到达日期")
    submit(page)
    page.locator(".gk-shown").wait_for()
    camera.take(page, "office-revealed")


def _records(camera: Camera, page: Page) -> None:
    _list(camera, page, "visits/visit", "office-visits")
    _first(page)
    camera.take(page, "office-visit")
    _list(camera, page, "health/dailycheck", "office-checks")
    _first(page)
    camera.take(page, "office-check")


def _day(camera: Camera, page: Page) -> None:
    _tree(page)
    camera.take(page, "office-day")
    page.locator("#calendarlink0").click()
    camera.take(page, "office-day-calendar")
    page.keyboard.press("Escape")
    page.locator("[data-view=all]").click()
    camera.take(page, "office-day-all")
    page.locator("[data-view=main]").click()
    page.locator(".gk-cell.gk-news:visible").first.click()
    page.locator(".gk-trace-rows").wait_for()
    camera.take(page, "office-day-trace")
    page.goto("/admin/reports/exemption/")
    camera.take(page, "office-exemptions")
    deed(page, "批准免报")
    camera.take(page, "office-exemption-grant")


def _team(camera: Camera, page: Page) -> None:
    _list(camera, page, "regions/region", "office-regions")
    _first(page)
    camera.take(page, "office-region")
    page.goto("/admin/regions/region/?level=grid")
    _first(page)
    deed(page, "拆分网格")
    page.locator("input[name=number]").fill("99")
    page.locator("input[name=name]").fill("第九十九网格")
    page.locator("input[name=groups]").first.check()
    submit(page)
    page.locator(".gk-error").wait_for()
    camera.take(page, "office-cell-split")
    page.goto("/admin/regions/region/")
    deed(page, "从文件导入网格")
    camera.take(page, "office-cells-import")
    village = _api(page, "session/")["duties"][0]["region"] + "901"
    page.locator("input[type=file]").set_input_files({
        "name": "网格.csv", "mimeType": "text/csv", "buffer": CELLS_CSV.format(village=village).encode(),
    })  # fmt: skip
    submit(page)
    page.locator(".gk-done").wait_for()
    camera.take(page, "office-cells-imported")
    _list(camera, page, "accounts/user", "office-users")
    _first(page)
    camera.take(page, "office-user")
    deed(page, "授予职责")
    camera.take(page, "office-user-grant")
    _list(camera, page, "accounts/device", "office-devices")
    _list(camera, page, "phones", "office-phones")
    page.goto("/admin/sync/carriedfile/do/take_in/")
    page.locator(".gk-form").wait_for()
    camera.take(page, "office-carried-new")
    _list(camera, page, "policies/policyrule", "office-policies")
    _first(page)
    camera.take(page, "office-policy")
    _list(camera, page, "audit/auditentry", "office-audit")


def _mistakes(camera: Camera, page: Page) -> None:
    page.goto("/admin/find/")
    page.locator(".gk-find input[name=q]").first.fill("501")
    page.locator(".gk-find input[name=q]").first.press("Enter")
    page.locator(".gk-object .gk-rows").first.wait_for()
    camera.take(page, "office-find")
    page.goto("/admin/visits/visit/?day=2020-01-01")
    camera.take(page, "office-empty")
    page.goto("/admin/alerts/alert/00000000-0000-7000-8000-000000000000/change/")
    camera.take(page, "office-not-found")
    page.goto("/admin/returnees/returnee/")
    deed(page, "登记返乡人员")
    page.context.clear_cookies(name="gk_csrf")
    submit(page)
    page.get_by_role("heading", name="页面已过期").wait_for()
    camera.take(page, "office-expired")
    page.goto("/admin/password_change/")
    camera.take(page, "office-password")


# --- the levels above, and the keepers --------------------------------------------------------------------------------


def _levels(camera: Camera) -> None:
    county = camera.desk("county")
    camera.take(county, "office-county")
    region, day = _uneven_day(county)
    _tree(county, region, day)
    _open_uneven(county)
    camera.take(county, "office-day-missing")
    county.emulate_media(media="print")
    county.evaluate("dispatchEvent(new Event('beforeprint'))")
    camera.take(county, "office-day-print")
    county.emulate_media(media="screen")
    county.goto("/admin/residents/household/")
    deed(county, "新增住户")
    county.locator(".select2-selection").click()
    county.locator(".select2-search__field").fill("松河 第二")
    county.locator(".loading-results").wait_for(state="hidden")
    county.locator(".select2-results__option--highlighted", has_text="第二网格").wait_for()
    camera.take(county, "office-region-choose")
    camera.close(county)
    province = camera.desk("province")
    camera.take(province, "office-province")
    _tree(province)
    camera.take(province, "office-province-day")
    _walk_down(camera, province)
    _list(camera, province, "reports/outboxfile", "office-files")
    camera.close(province)


def _walk_down(camera: Camera, page: Page) -> None:
    """From the province's figure to the visits it is made of."""
    page.locator(".gk-cell.gk-news:visible").first.click()
    rows = page.locator(".gk-trace-rows li")
    rows.first.wait_for()
    for _ in range(6):
        figures = [(row, row.locator(".gk-row-end").inner_text().strip(" ›")) for row in rows.locator("button").all()]
        chosen = next((row for row, figure in figures if figure.isdigit() and figure != "0"), None)
        if chosen is None:
            break
        before = page.locator(".gk-trace .gk-crumbs b").inner_text()
        chosen.click()
        page.wait_for_function(
            "before => document.querySelector('.gk-trace .gk-crumbs b')?.textContent !== before", arg=before
        )
    camera.take(page, "office-province-walk")


def _open_uneven(page: Page) -> None:
    """Open the branch in which fewer cells reported than should have, down to the cell that is missing."""
    for _ in range(3):
        for row in page.locator(".gk-tree-table tbody tr:not([data-depth='0'], .gk-unused)").all():
            reported, _, expected = row.locator("td").nth(1).inner_text().partition("/")
            twist = row.locator(".gk-twist[aria-expanded=false]")
            if reported.strip() != expected.strip() and twist.count():
                twist.click()
                page.wait_for_timeout(700)
                break


def _uneven_day(page: Page) -> tuple[str, str]:
    """The caller's region and the latest day on which something below it was late or missing, else yesterday."""
    region = _api(page, "session/")["duties"][0]["region"]
    today = dt.datetime.now(ZoneInfo("Asia/Shanghai")).date()
    for back in range(1, OPEN_DAYS):
        day = (today - dt.timedelta(days=back)).isoformat()
        told = _api(page, f"reports/daily/?region={region}&day={day}")
        if told["is_closed"] and told["reported"] < told["expected"]:
            return region, day
    return region, (today - dt.timedelta(days=1)).isoformat()


def _keepers(camera: Camera) -> None:
    health = camera.desk("health")
    camera.take(health, "office-health")
    _list(camera, health, "health/codestatus", "office-health-codes")
    camera.close(health)
    admin = camera.desk("admin")
    camera.take(admin, "office-admin")
    answer = admin.goto("/admin/alerts/alert/")
    assert answer is not None
    assert answer.status == 403
    camera.take(admin, "office-forbidden")
    camera.close(admin)


def _locked(camera: Camera) -> None:
    """An account that nobody else of the walk uses, locked by wrong passwords."""
    page = camera.desk()
    for _ in range(LOCKED_AFTER):
        page.locator("input[name=username]").fill("nobody-here")
        page.locator("input[name=password]").fill("not the password")
        with page.expect_navigation():
            page.locator("form button[type=submit]").first.click()
        if page.get_by_role("heading", name="账号暂时锁定").count():
            break
    page.get_by_role("heading", name="账号暂时锁定").wait_for()
    camera.take(page, "office-locked")
    camera.close(page)


_TOWN = {
    "预警": _work, "人员": _people, "记录": _records, "日报": _day, "队伍": _team, "出错": _mistakes,
}  # fmt: skip
_OTHERS = {"各级": _levels, "卫生和管理": _keepers, "锁定": _locked}
