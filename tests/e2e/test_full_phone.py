"""A phone without room: the screen says so, what was typed stays, what can be had again makes room; nothing is lost."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenPhone
from tests.faults.scene import Scene

pytestmark = [pytest.mark.e2e, pytest.mark.faults]


def test_a_full_phone_says_so_makes_room_and_loses_nothing(scene: Scene, open_phone: OpenPhone, tmp_path: Path) -> None:
    """Without a reserve clearing makes no room in time; and where nothing can be written, it must not write itself.

    The line itself is cut: a browser told to be offline has processes (the woken service worker) that may not know yet.
    The browser starts anew, as a running one goes for a while by the room that it found when it opened the database.
    """
    line, worker, profile = scene.relay(), scene.worker.username, tmp_path / "profile"
    phone = open_phone(worker, line=line, profile=profile)
    page = phone.page
    phone.unvisited(len(scene.homes))
    page.wait_for_function("caches.has('gridkeeper-reserve')")
    with line.cut():
        phone.fever_visit(scene.homes[1], "36.6")
        phone.expect_waiting(1)
        page.context.close()
        phone = open_phone(worker, line=line, profile=profile, in_use=True)
        page = phone.page
        browser = page.context.new_cdp_session(page)
        used = browser.send("Storage.getUsageAndQuota", {"origin": line.url})["usage"]
        browser.send("Storage.overrideQuotaForOrigin", {"origin": line.url, "quotaSize": used})

        phone.go(f"/households/{scene.homes[0]}/visit")
        page.get_by_test_id("outcome-seen_unwell").click()
        page.get_by_test_id("temperature").first.fill("36.9")
        page.get_by_test_id("save").click()
        expect(page.locator(".van-dialog")).to_contain_text("手机存储满了，没有存下来", timeout=15_000)
        assert [row["state"] for row in phone.queue()] in (["waiting"], ["sending"])
        page.locator(".van-dialog__confirm").click()
        said = page.get_by_test_id("save-problem")
        expect(said).to_have_text("已清出下载的资料，请再点一次保存。内容还在这里。", timeout=15_000)
        expect(page.get_by_test_id("temperature").first).to_have_value("36.9")
        phone.expect_waiting(1)
        page.get_by_test_id("save").click()
        expect(page.get_by_test_id("household-page")).to_be_visible(timeout=15_000)
        phone.expect_waiting(2)
        rows = phone.queue()

    scene.visits = {row["id"]: {"home": row["household"], "outcome": row["outcome"], "fever": 0} for row in rows}
    assert [row["household"] for row in rows] == [scene.homes[1], scene.homes[0]]
    phone.go("/")
    phone.expect_sent()
    scene.stored_once({row["id"] for row in rows})
