"""A pid alone is never enough to call a process ours (launch/processes.py)."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

from launch.paths import Folder
from launch.processes import MARK, Process, boot_id, find, marked, read_record, spawn, working_in, write_record


def test_a_record_is_read_back_while_the_process_lives(folder: Folder, sleeper: Callable[..., Process]) -> None:
    process, record = sleeper(), folder.run / "web.json"
    write_record(record, process)
    found = read_record(record)
    assert found is not None
    assert found.pid == process.pid


def test_a_pid_that_was_given_to_a_stranger_is_not_ours(folder: Folder, sleeper: Callable[..., Process]) -> None:
    stranger, record = sleeper(), folder.run / "web.json"
    record.write_text(json.dumps({"pid": stranger.pid, "started": "1", "boot": boot_id()}))
    assert read_record(record) is None
    Process(stranger.pid, "1").send(signal.SIGKILL)
    assert stranger.is_alive()


def test_a_record_of_before_a_reboot_is_not_ours(folder: Folder, sleeper: Callable[..., Process]) -> None:
    process, record = sleeper(), folder.run / "web.json"
    record.write_text(json.dumps({"pid": process.pid, "started": process.started, "boot": "earlier"}))
    assert read_record(record) is None


def test_torn_records_count_as_none(folder: Folder) -> None:
    record = folder.run / "web.json"
    for text in ("", "{", "[]", '{"pid": "x"}', "null"):
        record.write_text(text)
        assert read_record(record) is None


def test_only_processes_that_name_this_folder_are_marked(folder: Folder, sleeper: Callable[..., Process]) -> None:
    ours = sleeper(environment={**os.environ, MARK: str(folder.root)})
    sleeper(environment={**os.environ, MARK: f"{folder.root}-other"})
    assert [process.pid for process in marked(folder.root)] == [ours.pid]


def test_a_stranger_working_in_the_data_directory_is_not_the_server(
    folder: Folder, sleeper: Callable[..., Process]
) -> None:
    sleeper(cwd=folder.valkey)
    assert list(working_in(folder.valkey, "valkey-server")) == []


def test_a_process_that_will_not_end_is_made_to(folder: Folder) -> None:
    script = "trap '' TERM; while :; do sleep 0.1; done"
    process = spawn(["/bin/sh", "-c", script], log=folder.logs / "x.log", environment=os.environ, cwd=Path("/"))
    process.stop(grace=0.3)
    assert not process.is_alive()
    assert find(process.pid) is None
