"""The phone of the village committee and of the clinic."""

import re

from camera import Camera
from phone_steps import LIGHT, fever, tab, today


def village(camera: Camera) -> None:
    page = camera.phone("village", **LIGHT)
    today(page)
    page.get_by_test_id("sync-badge").wait_for()
    worker = camera.phone("grid2", **LIGHT)
    fever(worker, "38.7")
    page.get_by_test_id("alert-bar").wait_for()
    camera.take(page, "phone-village-alert-rings")
    camera.close(worker)
    tab(page, "alerts")
    page.get_by_test_id("alert-row").first.wait_for()
    camera.take(page, "phone-village-alerts")
    page.get_by_test_id("alert-row").first.locator("a").first.click()
    page.get_by_test_id("alert-page").get_by_test_id("acknowledge").click()
    page.locator("[data-testid=alert-page][data-state=acknowledged]").wait_for()
    camera.take(page, "phone-village-alert-taken")
    page.get_by_test_id("close-alert").click()
    page.get_by_test_id("close-reason-handled").click()
    camera.take(page, "phone-village-alert-close")
    tab(page, "alerts")
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


def clinic(camera: Camera) -> None:
    page = camera.phone("clinic", **LIGHT)
    page.goto("/")
    page.get_by_test_id("today-sentence").wait_for()
    page.wait_for_timeout(1500)
    camera.take(page, "phone-clinic-today")
    tab(page, "alerts")
    page.wait_for_timeout(800)
    camera.take(page, "phone-clinic-alerts")
    tab(page, "me")
    page.get_by_test_id("me").wait_for()
    camera.take(page, "phone-clinic-me")
    camera.close(page)
