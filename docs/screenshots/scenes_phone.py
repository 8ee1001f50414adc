"""The walk through the phone app: a grid worker's day, then the village committee's and the clinic's."""

import re

from camera import Camera
from playwright.sync_api import Page, expect

BIG = {"bigType": True, "installDismissed": True}
DARK = {"theme": "dark", "installDismissed": True}
LIGHT = {"theme": "light", "installDismissed": True}
PASSPORT = "E60218835"


def walk_phone(camera: Camera) -> None:
    _door(camera)
    grid1 = camera.phone("grid1", **LIGHT)
    _today(camera, grid1)
    _households(camera, grid1)
    _visit(camera, grid1)
    _offline(camera, grid1)
    _returnee(camera, grid1)
    _checks(camera, grid1)
    _inbox(camera, grid1)
    _conflict(camera, grid1)
    _handover(camera, grid1)
    _alerts(camera, grid1)
    _me(camera, grid1)
    camera.close(grid1)
    for suffix, settings in (("dark", DARK), ("big", BIG)):
        _again(camera, suffix, settings)
    _village(camera)
    _clinic(camera)
    for language in ("ko", "en"):
        page = camera.phone("grid1", **LIGHT, locale=language)
        _list(page)
        camera.take(page, f"phone-today-{language}")
        camera.close(page)


# --- pieces -----------------------------------------------------------------------------------------------------------


def _list(page: Page) -> None:
    page.goto("/")
    page.get_by_test_id("household-row").first.wait_for()


def _first_household(page: Page) -> str:
    _list(page)
    return page.locator("[data-testid=household-row]:not(.done)").nth(4).get_attribute("data-household") or ""


def _tab(page: Page, name: str) -> None:
    page.goto("/")
    page.get_by_test_id(f"tab-{name}").click()


def _sent(page: Page) -> None:
    expect(page.get_by_test_id("sync-badge")).to_have_attribute("data-waiting", "0", timeout=30_000)


# --- the grid worker --------------------------------------------------------------------------------------------------


def _door(camera: Camera) -> None:
    page = camera.phone(**LIGHT)
    page.get_by_test_id("login-submit").wait_for()
    camera.take(page, "phone-login")
    page.get_by_test_id("login-username").fill("grid1")
    page.get_by_test_id("login-password").fill("not the password")
    page.get_by_test_id("login-submit").click()
    page.get_by_test_id("login-error").wait_for()
    camera.take(page, "phone-login-refused")
    camera.close(page)


def _today(camera: Camera, page: Page) -> None:
    _list(page)
    camera.take(page, "phone-today")
    page.get_by_test_id("filter-all").click()
    page.mouse.wheel(0, 520)
    camera.take(page, "phone-today-all")
    _list(page)
    page.get_by_test_id("more-outcomes").nth(1).click()
    page.get_by_test_id("outcome-nobody_home").first.wait_for()
    camera.take(page, "phone-today-outcomes")
    _list(page)
    page.get_by_test_id("all-well").first.click()
    page.get_by_test_id("undo").wait_for()
    camera.take(page, "phone-today-undo")
    page.get_by_test_id("undo").click()
    page.set_viewport_size({"width": 844, "height": 390})
    camera.take(page, "phone-today-landscape")
    page.set_viewport_size({"width": 390, "height": 844})


def _households(camera: Camera, page: Page) -> None:
    _tab(page, "households")
    page.get_by_test_id("household-link").first.wait_for()
    camera.take(page, "phone-households")
    page.get_by_test_id("household-search").fill("九十九")
    page.get_by_test_id("empty").wait_for()
    camera.take(page, "phone-households-empty")
    page.goto(f"/households/{_first_household(page)}")
    page.get_by_test_id("household-page").wait_for()
    camera.take(page, "phone-household")
    page.goto("/households/new")
    page.get_by_test_id("save").wait_for()
    camera.take(page, "phone-household-new")
    page.get_by_test_id("save").click()
    camera.take(page, "phone-household-new-error")


def _visit(camera: Camera, page: Page) -> None:
    page.goto(f"/households/{_first_household(page)}/visit")
    page.get_by_test_id("outcome-seen_unwell").wait_for()
    camera.take(page, "phone-visit")
    page.get_by_test_id("save").click()
    camera.take(page, "phone-visit-error")
    page.get_by_test_id("outcome-seen_unwell").click()
    page.get_by_test_id("temperature").first.fill("38.4")
    page.get_by_test_id("symptom-dry_cough").first.click()
    camera.take(page, "phone-visit-fever")


def _offline(camera: Camera, page: Page) -> None:
    _list(page)
    page.context.set_offline(True)
    page.get_by_test_id("all-well").first.click()
    expect(page.get_by_test_id("sync-badge")).to_have_attribute("data-waiting", "1")
    page.wait_for_timeout(10_500)
    camera.take(page, "phone-today-offline")
    page.get_by_test_id("sync-badge").click()
    page.get_by_test_id("queue").wait_for()
    camera.take(page, "phone-sync-offline")
    page.get_by_test_id("go-carry-out").click()
    page.get_by_test_id("carry-codes").click()
    page.get_by_test_id("carry-code").wait_for()
    camera.take(page, "phone-carry-out")
    page.go_back()
    page.get_by_test_id("sync-truth").wait_for()
    page.goto("/me")
    page.get_by_test_id("sign-out").click()
    page.get_by_test_id("leave-truth").wait_for()
    camera.take(page, "phone-sign-out-refused")
    page.goto("/report")
    page.wait_for_timeout(1000)
    page.context.set_offline(False)
    page.goto("/")
    _sent(page)


def _fill_returnee(page: Page, name: str) -> None:
    page.goto("/returnees/new")
    page.get_by_test_id("name").fill(name)
    page.get_by_test_id("phone").fill("13800138000")
    page.get_by_test_id("document-type").select_option("passport")
    page.get_by_test_id("document").fill(PASSPORT)
    page.get_by_test_id("origin").select_option("31")
    page.get_by_test_id("origin-text").fill("浦东新区")
    page.get_by_test_id("transport-train").click()
    page.get_by_test_id("transport-number").fill("G1258")
    page.get_by_test_id("household-query").fill("10")
    page.get_by_test_id("household-option").first.click()


def _returnee(camera: Camera, page: Page) -> None:
    page.goto("/returnees/new")
    page.get_by_test_id("save").wait_for()
    page.get_by_test_id("save").click()
    camera.take(page, "phone-returnee-error")
    _fill_returnee(page, "沈小荷")
    camera.take(page, "phone-returnee")
    page.get_by_test_id("save").click()
    page.get_by_test_id("household-row").first.wait_for()
    _sent(page)


def _checks(camera: Camera, page: Page) -> None:
    page.goto("/checks")
    row = page.get_by_test_id("check-row")
    row.first.wait_for()
    camera.take(page, "phone-checks")
    open_row = page.locator("[data-testid=check-row][data-done=false]").first
    person = open_row.get_attribute("data-person")
    open_row.click()
    page.get_by_test_id("temperature").wait_for()
    camera.take(page, "phone-check")
    page.goto(f"/people/{person}")
    page.get_by_test_id("why-toggle").wait_for()
    camera.take(page, "phone-person")
    page.get_by_test_id("why-toggle").click()
    page.wait_for_timeout(600)
    camera.take(page, "phone-person-why")


def _inbox(camera: Camera, page: Page) -> None:
    """The same document a second time: the server refuses it, and it comes back with the reason."""
    _fill_returnee(page, "沈小河")
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("sync-badge")).to_have_attribute("data-needs-you", "1", timeout=30_000)
    page.get_by_test_id("household-row").first.wait_for()
    camera.take(page, "phone-today-needs-you")
    page.get_by_test_id("sync-badge").click()
    page.get_by_test_id("inbox-row").wait_for()
    camera.take(page, "phone-inbox")
    page.get_by_test_id("inbox-row").click()
    page.get_by_test_id("record-reason").wait_for()
    camera.take(page, "phone-inbox-record")
    page.get_by_test_id("record-give-up").click()
    page.locator(".van-dialog__confirm").click()
    page.get_by_test_id("inbox-row").wait_for(state="hidden")


def _conflict(camera: Camera, page: Page) -> None:
    """Two people change one household: here offline, and meanwhile somebody else."""
    household = _first_household(page)
    page.context.set_offline(True)
    page.goto(f"/households/{household}/edit")
    page.get_by_test_id("household-edit").wait_for()
    page.get_by_test_id("headcount").locator("xpath=following-sibling::button").click()
    camera.take(page, "phone-household-edit")
    page.get_by_test_id("save").click()
    page.get_by_test_id("edit-waiting").wait_for()
    other = camera.phone("village", **LIGHT)
    other.goto(f"/households/{household}/edit")
    other.get_by_test_id("household-edit").wait_for()
    more = other.get_by_test_id("headcount").locator("xpath=following-sibling::button")
    more.click()
    more.click()
    other.get_by_test_id("save").click()
    other.get_by_test_id("household-page").wait_for()
    _sent(other)
    camera.close(other)
    page.context.set_offline(False)
    page.goto("/me/sync")
    page.get_by_test_id("conflict-row").wait_for(timeout=60_000)
    page.get_by_test_id("conflict-row").click()
    page.get_by_test_id("choose-theirs").first.click()
    camera.take(page, "phone-conflict")
    desk = camera.desk("town")
    desk.goto("/admin/sync/editconflict/")
    camera.take(desk, "office-conflicts")
    desk.locator("#result_list tbody a").first.click()
    desk.wait_for_url("**/change/")
    camera.take(desk, "office-conflict")
    camera.close(desk)
    page.get_by_test_id("save").click()
    _sent(page)


def _handover(camera: Camera, page: Page) -> None:
    """A household handed over to the cell beside: offered, waiting, and what it is for who is to accept it."""
    household = _first_household(page)
    page.goto(f"/households/{household}/handover")
    page.get_by_test_id("handover-to").wait_for()
    page.get_by_test_id("handover-to").select_option(index=1)
    page.get_by_test_id("handover-reason-wrong_cell").click()
    camera.take(page, "phone-handover")
    page.get_by_test_id("save").click()
    page.locator(".van-dialog__confirm").click()
    _sent(page)
    page.goto("/me/sync")
    page.get_by_test_id("sync-now").click()
    page.goto(f"/households/{household}")
    page.locator("[data-testid=handover-state][data-pending=false]").wait_for(timeout=60_000)
    page.get_by_test_id("handover-note").scroll_into_view_if_needed()
    camera.take(page, "phone-handover-waiting")
    other = camera.phone("grid2", **LIGHT)
    other.get_by_test_id("go-handovers").wait_for(timeout=60_000)
    other.get_by_test_id("go-handovers").click()
    other.get_by_test_id("incoming-row").wait_for()
    camera.take(other, "phone-handovers")
    desk = camera.desk("town")
    desk.goto("/admin/residents/handover/")
    camera.take(desk, "office-handovers")
    desk.locator("#result_list tbody a").first.click()
    desk.wait_for_url("**/change/")
    camera.take(desk, "office-handover")
    camera.close(desk)
    other.get_by_test_id("decline").click()
    other.get_by_test_id("decline-not_ours").click()
    other.get_by_test_id("decline-do").click()
    other.locator("[data-testid=handover-row][data-state=declined]").wait_for()
    _sent(other)
    camera.close(other)


def _alerts(camera: Camera, page: Page) -> None:
    _fever(page, "39.1")
    _tab(page, "alerts")
    page.get_by_test_id("alert-row").first.wait_for()
    camera.take(page, "phone-alerts")
    page.get_by_test_id("alert-row").first.locator("a").first.click()
    page.get_by_test_id("alert-page").wait_for()
    camera.take(page, "phone-alert")


def _fever(page: Page, temperature: str) -> None:
    page.goto(f"/households/{_first_household(page)}/visit")
    page.get_by_test_id("outcome-seen_unwell").click()
    page.get_by_test_id("temperature").first.fill(temperature)
    page.get_by_test_id("save").click()
    page.wait_for_url(lambda url: "/visit" not in url)
    _sent(page)


def _me(camera: Camera, page: Page) -> None:
    _tab(page, "me")
    page.get_by_test_id("me").wait_for()
    camera.take(page, "phone-me")
    page.goto("/me/sync")
    page.get_by_test_id("sync-truth").wait_for()
    camera.take(page, "phone-sync")
    page.get_by_test_id("go-receipts").click()
    page.get_by_test_id("compare").click()
    page.get_by_test_id("receipt-closed").first.wait_for()
    camera.take(page, "phone-receipts")
    page.goto("/me/sync/carry-in")
    page.get_by_test_id("carry-scan").wait_for()
    camera.take(page, "phone-carry-in")
    page.goto("/me/devices")
    page.get_by_test_id("device").first.wait_for()
    camera.take(page, "phone-devices")
    page.goto("/me/password")
    page.get_by_test_id("save").wait_for()
    camera.take(page, "phone-password")


def _again(camera: Camera, suffix: str, settings: dict[str, object]) -> None:
    """The main screens once more, in the dark and in big type."""
    page = camera.phone("grid1", **settings)
    _list(page)
    camera.take(page, f"phone-today-{suffix}")
    page.goto(f"/households/{_first_household(page)}")
    page.get_by_test_id("household-page").wait_for()
    camera.take(page, f"phone-household-{suffix}")
    page.goto(f"/households/{_first_household(page)}/visit")
    page.get_by_test_id("outcome-seen_unwell").click()
    page.get_by_test_id("temperature").first.fill("38.4")
    camera.take(page, f"phone-visit-{suffix}")
    page.goto("/returnees/new")
    page.get_by_test_id("save").wait_for()
    camera.take(page, f"phone-returnee-{suffix}")
    _tab(page, "alerts")
    page.get_by_test_id("alert-row").first.wait_for()
    camera.take(page, f"phone-alerts-{suffix}")
    camera.close(page)


# --- the village committee and the clinic -----------------------------------------------------------------------------


def _village(camera: Camera) -> None:
    page = camera.phone("village", **LIGHT)
    _list(page)
    page.get_by_test_id("sync-badge").wait_for()
    worker = camera.phone("grid2", **LIGHT)
    _fever(worker, "38.7")
    page.get_by_test_id("alert-bar").wait_for()
    camera.take(page, "phone-village-alert-rings")
    camera.close(worker)
    _tab(page, "alerts")
    page.get_by_test_id("alert-row").first.wait_for()
    camera.take(page, "phone-village-alerts")
    page.get_by_test_id("alert-row").first.locator("a").first.click()
    page.get_by_test_id("alert-page").get_by_test_id("acknowledge").click()
    page.locator("[data-testid=alert-page][data-state=acknowledged]").wait_for()
    camera.take(page, "phone-village-alert-taken")
    page.get_by_test_id("close-alert").click()
    page.get_by_test_id("close-reason-handled").click()
    camera.take(page, "phone-village-alert-close")
    _tab(page, "alerts")
    page.get_by_test_id("alerts-closed").click()
    camera.take(page, "phone-village-alerts-closed")
    page.goto("/")
    page.get_by_test_id("household-row").first.wait_for()
    camera.take(page, "phone-village-today")
    page.goto("/report")
    page.get_by_test_id("report").wait_for()
    camera.take(page, "phone-village-report")
    page.get_by_test_id("figure").filter(has_text=re.compile("发热")).first.click()
    page.wait_for_url("**/report/trace**")
    page.wait_for_timeout(800)
    camera.take(page, "phone-village-trace")
    page.goto("/report")
    page.get_by_test_id("report").wait_for()
    page.locator("[data-testid^=report-day-]").first.click()
    page.wait_for_timeout(800)
    camera.take(page, "phone-village-report-yesterday")
    camera.close(page)


def _clinic(camera: Camera) -> None:
    page = camera.phone("clinic", **LIGHT)
    page.goto("/")
    page.get_by_test_id("today-sentence").wait_for()
    page.wait_for_timeout(1500)
    camera.take(page, "phone-clinic-today")
    _tab(page, "alerts")
    page.wait_for_timeout(800)
    camera.take(page, "phone-clinic-alerts")
    _tab(page, "me")
    page.get_by_test_id("me").wait_for()
    camera.take(page, "phone-clinic-me")
    camera.close(page)
