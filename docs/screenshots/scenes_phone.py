"""The walk through the phone app: a grid worker's day, then the village committee's and the clinic's."""

from camera import Camera
from phone_steps import BIG, DARK, LIGHT, fever, fill_returnee, first_household, sent, tab, today
from playwright.sync_api import Page
from scenes_sync import conflict, handover, inbox, offline, storage
from scenes_village import clinic, village


def walk_phone(camera: Camera) -> None:
    _door(camera)
    grid1 = camera.phone("grid1", **LIGHT)
    _today(camera, grid1)
    _households(camera, grid1)
    _visit(camera, grid1)
    offline(camera, grid1)
    _returnee(camera, grid1)
    _checks(camera, grid1)
    inbox(camera, grid1)
    conflict(camera, grid1)
    _alerts(camera, grid1)
    _me(camera, grid1)
    # Last, since it gives a door away.
    handover(camera, grid1)
    camera.close(grid1)
    storage(camera)
    for suffix, settings in (("dark", DARK), ("big", BIG)):
        _again(camera, suffix, settings)
    village(camera)
    clinic(camera)
    for language in ("ko", "en"):
        page = camera.phone("grid1", **LIGHT, locale=language)
        today(page)
        camera.take(page, f"phone-today-{language}")
        camera.close(page)


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
    today(page)
    camera.take(page, "phone-today")
    page.get_by_test_id("filter-all").click()
    page.mouse.wheel(0, 520)
    camera.take(page, "phone-today-all")
    today(page)
    page.get_by_test_id("more-outcomes").nth(1).click()
    page.get_by_test_id("outcome-nobody_home").first.wait_for()
    camera.take(page, "phone-today-outcomes")
    today(page)
    page.get_by_test_id("all-well").first.click()
    page.get_by_test_id("undo").wait_for()
    camera.take(page, "phone-today-undo")
    page.get_by_test_id("undo").click()
    page.set_viewport_size({"width": 844, "height": 390})
    camera.take(page, "phone-today-landscape")
    page.set_viewport_size({"width": 390, "height": 844})


def _households(camera: Camera, page: Page) -> None:
    tab(page, "households")
    page.get_by_test_id("household-link").first.wait_for()
    camera.take(page, "phone-households")
    page.get_by_test_id("household-search").fill("九十九")
    page.get_by_test_id("empty").wait_for()
    camera.take(page, "phone-households-empty")
    page.goto(f"/households/{first_household(page)}")
    page.get_by_test_id("household-page").wait_for()
    camera.take(page, "phone-household")
    page.goto("/households/new")
    page.get_by_test_id("save").wait_for()
    camera.take(page, "phone-household-new")
    page.get_by_test_id("save").click()
    camera.take(page, "phone-household-new-error")


def _visit(camera: Camera, page: Page) -> None:
    page.goto(f"/households/{first_household(page)}/visit")
    page.get_by_test_id("outcome-seen_unwell").wait_for()
    camera.take(page, "phone-visit")
    page.get_by_test_id("save").click()
    camera.take(page, "phone-visit-error")
    page.get_by_test_id("outcome-seen_unwell").click()
    page.get_by_test_id("temperature").first.fill("38.4")
    page.get_by_test_id("symptom-dry_cough").first.click()
    camera.take(page, "phone-visit-fever")


def _returnee(camera: Camera, page: Page) -> None:
    page.goto("/returnees/new")
    page.get_by_test_id("save").wait_for()
    page.get_by_test_id("save").click()
    camera.take(page, "phone-returnee-error")
    fill_returnee(page, "沈小荷")
    camera.take(page, "phone-returnee")
    page.get_by_test_id("save").click()
    page.get_by_test_id("household-row").first.wait_for()
    sent(page)


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


def _alerts(camera: Camera, page: Page) -> None:
    fever(page, "39.1")
    tab(page, "alerts")
    page.get_by_test_id("alert-row").first.wait_for()
    camera.take(page, "phone-alerts")
    page.get_by_test_id("alert-row").first.locator("a").first.click()
    page.get_by_test_id("alert-page").wait_for()
    camera.take(page, "phone-alert")


def _me(camera: Camera, page: Page) -> None:
    tab(page, "me")
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
    today(page)
    camera.take(page, f"phone-today-{suffix}")
    page.goto(f"/households/{first_household(page)}")
    page.get_by_test_id("household-page").wait_for()
    camera.take(page, f"phone-household-{suffix}")
    page.goto(f"/households/{first_household(page)}/visit")
    page.get_by_test_id("outcome-seen_unwell").click()
    page.get_by_test_id("temperature").first.fill("38.4")
    camera.take(page, f"phone-visit-{suffix}")
    page.goto("/returnees/new")
    page.get_by_test_id("save").wait_for()
    camera.take(page, f"phone-returnee-{suffix}")
    tab(page, "alerts")
    page.get_by_test_id("alert-row").first.wait_for()
    camera.take(page, f"phone-alerts-{suffix}")
    camera.close(page)
