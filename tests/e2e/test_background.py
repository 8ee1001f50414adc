"""Background Sync: the browser wakes the service worker, which sends although no window of the app is open."""

from typing import Any

import pytest

from launch.stack import Stack
from tests.e2e.conftest import OpenPhone
from tests.e2e.test_phone import expect_one_more, visits_of

pytestmark = pytest.mark.e2e


def test_a_phone_in_a_pocket_is_woken_and_sends_without_a_window(stack: Stack, open_phone: OpenPhone) -> None:
    phone = open_phone("grid1")
    (household,) = phone.unvisited()
    before = visits_of(stack, household)
    phone.offline()
    phone.fever_visit(household, "36.5")
    phone.expect_waiting(1)
    browser = phone.page.context.new_cdp_session(phone.page)
    registrations: list[dict[str, Any]] = []
    browser.on("ServiceWorker.workerRegistrationUpdated", lambda event: registrations.extend(event["registrations"]))
    browser.send("ServiceWorker.enable")
    phone.page.wait_for_timeout(500)
    registration = next(each for each in registrations if each["scopeURL"].startswith(phone.line.url))
    phone.page.goto("about:blank")
    phone.online()
    wake = {
        "origin": phone.line.url, "registrationId": registration["registrationId"], "tag": "gridkeeper-outbox",
        "lastChance": False,
    }  # fmt: skip
    browser.send("ServiceWorker.dispatchSyncEvent", wake)
    expect_one_more(stack, household, before)
