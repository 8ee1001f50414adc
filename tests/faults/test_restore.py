"""A server restored from a backup into another cluster: phones start their copy over and lose nothing they hold."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from launch.stack import Stack
from tests.faults.conftest import Phone
from tests.real_stack import REPOSITORY

pytestmark = pytest.mark.faults


@pytest.fixture
def elsewhere() -> Iterator[Stack]:
    """Another cluster in another folder, empty."""
    folder = REPOSITORY / "var" / "test" / "restored"
    shutil.rmtree(folder, ignore_errors=True)
    made = Stack(folder, demo=True, services=("web",))
    try:
        made.start_servers()
        yield made
    finally:
        made.stop()


def test_phones_resync_and_what_the_backup_forgot_comes_back(
    stack: Stack, elsewhere: Stack, phone: Callable[[str], Phone], tmp_path: Path
) -> None:
    worker = phone("grid1")
    known = [worker.visit(home) for home in worker.households[:5]]
    forgotten = [worker.visit(home) for home in worker.households[5:10]]
    unsent = [worker.visit(home) for home in worker.households[10:15]]
    assert set(worker.push_until_answered(*known)) == {"created"}
    cursor = ""
    while True:
        page = worker.get("sync/pull/", cursor=cursor, limit=2000)
        cursor = page["cursor"]
        if not page["more"]:
            break
    backup = tmp_path / "day.backup"
    stack.manage("backup", str(backup), owner=True)
    assert set(worker.push_until_answered(*forgotten)) == {"created"}

    elsewhere.manage("restore", str(backup), owner=True)
    elsewhere.start_services()
    worker.http.base_url = f"{elsewhere.url}/api/v1/"
    page = worker.get("sync/pull/", cursor=cursor, limit=2000)
    assert page["resync"]
    downloaded = {c["id"] for c in page["changes"] if c["kind"] == "household"}
    assert downloaded == set(worker.households)

    # The queue is sent as if nothing had happened; the day's receipts name what this server has forgotten.
    assert set(worker.push_until_answered(*unsent)) == {"created"}
    everything = {item["id"]: item for item in (*known, *forgotten, *unsent)}
    missing = set(everything) - worker.confirmed()
    assert missing == {item["id"] for item in forgotten}
    assert set(worker.push_until_answered(*(everything[item] for item in missing))) == {"created"}
    assert worker.confirmed() == set(everything)
