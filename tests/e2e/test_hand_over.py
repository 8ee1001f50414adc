"""Records that take another way: carried by a file or by codes, or forgotten by a server; delivered once each."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from launch.stack import Stack
from tests.e2e.conftest import CHROMIUM, FLAGS, OpenPhone
from tests.e2e.phone import Phone
from tests.e2e.test_phone import expect_one_more, visits_of
from tests.real_stack import PASSWORD

pytestmark = pytest.mark.e2e
#: How long each code stands before the camera: more than a look every 160 ms needs.
PICTURES_PER_CODE = 24


def forget(stack: Stack, record: str) -> None:
    """As a restored backup would: the ledger and the visit have never heard of `record`."""
    with psycopg.connect(stack.owner_url) as database:
        gone = database.execute("DELETE FROM facts_syncitem WHERE id = %s", [record]).rowcount
        assert gone == 1
        assert database.execute("DELETE FROM visits_visit WHERE id = %s", [record]).rowcount == 1


def closed_today(phone: Phone) -> None:
    """手机日清 of today, compared on request."""
    phone.go("/me/sync/receipts")
    phone.page.get_by_test_id("compare").click()
    expect(phone.page.get_by_test_id("receipt-day").first.get_by_test_id("receipt-closed")).to_be_visible(
        timeout=30_000
    )


def carried_file(phone: Phone, folder: Path) -> Path:
    """The phone's unsent records as the file that its page gives out."""
    phone.go("/me/sync/carry-out")
    with phone.page.expect_download() as download:
        phone.page.get_by_test_id("carry-file").click()
    kept = folder / download.value.suggested_filename
    download.value.save_as(kept)
    return kept


def offline_visits(phone: Phone) -> tuple[str, str]:
    """Two doors visited without a network, after the phone has learned the server's keys."""
    first, second = phone.unvisited(2)
    phone.expect_sent()
    phone.page.wait_for_timeout(1500)
    phone.offline()
    phone.fever_visit(first, "36.6")
    phone.fever_visit(second, "36.7")
    phone.expect_waiting(2)
    return first, second


def test_a_day_is_closed_after_sync_and_says_so_with_the_server_s_word(open_phone: OpenPhone) -> None:
    phone = open_phone("grid2")
    (household,) = phone.unvisited()
    phone.fever_visit(household, "36.5")
    phone.expect_sent()
    closed_today(phone)
    day = phone.page.get_by_test_id("receipt-day").first
    day.locator("summary").click()
    expect(day.locator("pre")).to_contain_text(f"device {phone.device()}")
    expect(day.locator("pre")).to_contain_text("gridkeeper receipt 1")


def test_what_a_restored_server_forgot_is_delivered_again_by_its_sealed_copy(
    stack: Stack, open_phone: OpenPhone
) -> None:
    phone = open_phone("grid2")
    (household,) = phone.unvisited()
    before = visits_of(stack, household, "grid2")
    phone.fever_visit(household, "36.4")
    phone.expect_sent()
    record = phone.made()[-1]
    forget(stack, record)
    assert record not in visits_of(stack, household, "grid2")
    closed_today(phone)
    assert visits_of(stack, household, "grid2") - before == {record}


def test_a_carried_file_is_created_once_and_the_phone_that_comes_back_finds_it_there(
    stack: Stack, open_phone: OpenPhone, tmp_path: Path
) -> None:
    phone = open_phone("grid1")
    homes = offline_visits(phone)
    before = {home: visits_of(stack, home) for home in homes}
    kept = carried_file(phone, tmp_path)
    assert "36.6" not in kept.read_text(encoding="utf-8")

    other = open_phone("village")
    other.go("/me/sync/carry-in")
    other.page.get_by_test_id("carry-choose").set_input_files(kept)
    carried = other.page.get_by_test_id("carried")
    expect(carried).to_have_attribute("data-state", "done", timeout=30_000)
    expect(carried).to_contain_text("新入库 2，此前已入库 0，待本人处理 0")
    for home in homes:
        expect_one_more(stack, home, before[home])

    phone.online()
    phone.expect_sent()
    closed_today(phone)
    for home in homes:
        assert len(visits_of(stack, home) - before[home]) == 1


@contextmanager
def camera_phone(browser: Browser, stack: Stack, username: str, video: Path) -> Iterator[Page]:
    """A signed-in phone whose camera sees `video`, in a browser of its own: the camera is chosen at its start."""
    camera = [
        "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={video}",
    ]  # fmt: skip
    with_camera = browser.browser_type.launch(executable_path=CHROMIUM, args=[*FLAGS, *camera])
    try:
        page = with_camera.new_page(base_url=stack.url, viewport={"width": 390, "height": 844}, locale="zh-CN")
        page.goto("/")
        page.get_by_test_id("login-username").fill(username)
        page.get_by_test_id("login-password").fill(PASSWORD)
        page.get_by_test_id("login-submit").click()
        page.get_by_test_id("sync-badge").wait_for()
        yield page
    finally:
        with_camera.close()


def test_codes_on_one_screen_are_read_by_the_camera_of_another(
    stack: Stack, browser: Browser, open_phone: OpenPhone, tmp_path: Path
) -> None:
    phone = open_phone("grid1")
    homes = offline_visits(phone)
    before = {home: visits_of(stack, home) for home in homes}
    phone.go("/me/sync/carry-out")
    phone.page.get_by_test_id("carry-codes").click()
    position = phone.page.get_by_test_id("carry-position")
    count = int(position.inner_text().split("共 ")[1].split(" ")[0])
    pictures = []
    for number in range(1, count + 1):
        expect(position).to_have_text(f"第 {number} 张，共 {count} 张", timeout=30_000)
        pictures.append(phone.page.get_by_test_id("carry-code").screenshot(type="jpeg", quality=90))
    # A film of JPEGs one after another is what Chromium takes for a camera.
    film = tmp_path / "codes.mjpeg"
    film.write_bytes(b"".join(picture * PICTURES_PER_CODE for picture in pictures))

    with camera_phone(browser, stack, "village", film) as page:
        page.goto("/me/sync/carry-in")
        page.get_by_test_id("carry-scan").click()
        carried = page.get_by_test_id("carried")
        expect(carried).to_have_attribute("data-state", "done", timeout=60_000)
        expect(carried).to_contain_text("新入库 2")
    for home in homes:
        expect_one_more(stack, home, before[home])
    phone.online()
    phone.expect_sent()


def test_giving_up_wants_an_export_and_the_words(open_phone: OpenPhone, tmp_path: Path) -> None:
    phone = open_phone("grid2")
    (household,) = phone.unvisited()
    phone.expect_sent()
    phone.page.wait_for_timeout(1500)
    phone.offline()
    phone.fever_visit(household, "36.8")
    phone.go("/me")
    phone.page.get_by_test_id("sign-out").click()
    expect(phone.page.get_by_test_id("leave-locked")).to_be_visible()
    carried_file(phone, tmp_path)
    phone.go("/me/leave")
    phone.page.get_by_test_id("leave-words").fill("放弃 1")
    phone.page.get_by_test_id("leave-give-up").click()
    expect(phone.page.get_by_test_id("login-username")).to_be_visible()
    assert [name for name in phone.databases() if name.startswith("gridkeeper-user-")] == []
