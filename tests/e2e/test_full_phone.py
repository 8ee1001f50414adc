"""A phone without room: the screen says so, what was typed stays, what can be had again makes room; nothing is lost."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenPhone
from tests.e2e.phone import Phone
from tests.faults.scene import Scene

pytestmark = [pytest.mark.e2e, pytest.mark.faults]

#: For so long after the last page closed a database the browser goes by the room that it found when it was opened.
FORGETS_MS = 4000


def test_a_full_phone_says_so_makes_room_and_loses_nothing(scene: Scene, open_phone: OpenPhone, tmp_path: Path) -> None:
    """Without a reserve clearing makes no room in time; and where nothing can be written, it must not write itself."""
    page = open_phone(scene.worker.username, profile=tmp_path / "profile")
    phone = Phone(page)
    phone.unvisited(len(scene.homes))
    page.wait_for_function("caches.has('gridkeeper-reserve')")
    phone.offline()
    phone.fever_visit(scene.homes[1], "36.6")
    phone.expect_waiting(1)
    page.goto("about:blank")
    browser, origin = page.context.new_cdp_session(page), scene.stack.url
    used = browser.send("Storage.getUsageAndQuota", {"origin": origin})["usage"]
    browser.send("Storage.overrideQuotaForOrigin", {"origin": origin, "quotaSize": used})
    page.wait_for_timeout(FORGETS_MS)

    phone.go(f"/households/{scene.homes[0]}/visit")
    page.get_by_test_id("outcome-seen_unwell").click()
    page.get_by_test_id("temperature").first.fill("36.9")
    page.get_by_test_id("save").click()
    expect(page.locator(".van-dialog")).to_contain_text("手机存储满了，没有存下来", timeout=15_000)
    assert len(phone.queue()) == 1
    page.locator(".van-dialog__confirm").click()
    expect(page.get_by_test_id("save-problem")).to_have_text("已清出下载的资料，请再点一次保存。内容还在这里。")
    expect(page.get_by_test_id("temperature").first).to_have_value("36.9")
    page.get_by_test_id("save").click()
    phone.expect_waiting(2)

    rows = phone.queue()
    scene.visits = {row["id"]: {"home": row["household"], "outcome": row["outcome"], "fever": 0} for row in rows}
    assert [row["household"] for row in rows] == [scene.homes[1], scene.homes[0]]
    phone.online()
    phone.expect_sent()
    scene.stored_once({row["id"] for row in rows})
