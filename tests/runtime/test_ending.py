"""Commands that are asked to end, a reset of what people recorded, what the system refuses in words."""

import errno
import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from launch import demo, environment, main, stamps
from launch.commands import run
from launch.options import parse_run
from launch.paths import REPOSITORY, Folder
from launch.reset import reset
from launch.stack import Stack
from launch.steps import LaunchError, failure_of, tell_failure

SLOW_TO_TIDY = """
import sys, time
try:
    print("up", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    time.sleep(1)
    print("tidy", flush=True)
    sys.exit(7)
"""
IN_FOREGROUND = f"""
import os, signal, sys
sys.path.insert(0, {str(REPOSITORY / "bin")!r})
# Whoever runs these tests may have been told to outlive his terminal.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
from launch.foreground import run_in_foreground
from launch.signals import end_in_order
end_in_order()
sys.exit(run_in_foreground([sys.executable, "-c", {SLOW_TO_TIDY!r}], environment=os.environ))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_command_is_let_tidy_up(number: signal.Signals) -> None:
    """A quarter of a second is not enough to stop a stack; its status is passed on."""
    command = subprocess.Popen([sys.executable, "-c", IN_FOREGROUND], stdout=subprocess.PIPE, text=True)
    assert command.stdout is not None
    assert command.stdout.readline() == "up\n"
    command.send_signal(number)
    assert command.stdout.read() == "tidy\n"
    assert command.wait(20) == 7


def test_a_django_command_that_is_broken_off_shows_no_traceback(tmp_path: Path) -> None:
    script = "import time; print('up', flush=True); time.sleep(60)"
    argv = [sys.executable, "-m", "launch.installed.django_command", "shell", "-v", "0", "-c", script]
    # No database is asked.
    variables = Stack(tmp_path, database_url="postgresql://a@b/c", redis_url="redis://d").environment()
    command = subprocess.Popen(argv, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert command.stdout is not None
    assert command.stdout.readline() == "up\n"
    command.send_signal(signal.SIGINT)
    _, said = command.communicate(timeout=20)
    # Python itself ends with the signal when `exec` was broken off; bin/manage makes 130 of both.
    assert command.returncode in {130, -signal.SIGINT}
    assert said == "\n已中断。\n"


@pytest.fixture
def real_site(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr(demo, "_mode", lambda: False)
    monkeypatch.setattr(sys, "stdin", io.StringIO())


def test_what_people_recorded_is_not_deleted_unasked(real_site: None) -> None:
    with pytest.raises(LaunchError, match=r"正式数据.*--yes"):
        run._agree_to_reset(parse_run(["--reset"]))
    run._agree_to_reset(parse_run(["--reset", "--yes"]))


@pytest.mark.parametrize(("answer", "agreed"), [("yes", True), ("", False), ("y", False)])
def test_in_a_terminal_it_is_asked(real_site: None, monkeypatch: pytest.MonkeyPatch, answer: str, agreed: bool) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _: answer)
    if agreed:
        run._agree_to_reset(parse_run(["--reset"]))
        return
    with pytest.raises(LaunchError, match="没有删除任何东西"):
        run._agree_to_reset(parse_run(["--reset"]))


def test_a_demo_is_reset_without_a_word(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr(demo, "_mode", lambda: True)
    run._agree_to_reset(parse_run(["--reset"]))
    assert capsys.readouterr().out == ""


def test_keys_of_a_database_that_stays_are_kept(folder: Folder) -> None:
    (folder.root / "keys").mkdir()
    reset(folder, keep={"keys"})
    assert (folder.root / "keys").is_dir()
    reset(folder)
    assert not (folder.root / "keys").exists()


def test_a_missing_package_is_installed_anew_by_the_next_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stamps, "STAMPS", tmp_path)
    stamps.write_stamp("environment", "x")
    assert environment.damage_in("OperationalError: no") is None
    assert stamps.is_stamped("environment")
    found = environment.damage_in("Traceback …\nModuleNotFoundError: No module named 'msgspec'")
    assert found is not None
    assert "再运行一次" in found.sentence
    assert not stamps.is_stamped("environment")


@pytest.mark.parametrize(
    ("number", "sentence"),
    [(errno.ENOSPC, "磁盘已满（/x/y）"), (errno.EACCES, "没有权限（/x/y）"), (errno.EIO, "系统不允许这样做")],
)
def test_what_the_system_refuses_is_said_in_words(
    number: int, sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(argv: list[str]) -> int:
        raise OSError(number, os.strerror(number), "/x/y")

    monkeypatch.setattr("launch.commands.bench.main", refuse)
    monkeypatch.setattr("launch.main.end_in_order", lambda: None)
    assert main.main(["bench"]) == 1
    said = capsys.readouterr().err
    assert sentence in said
    assert "Traceback" not in said
    assert sentence in failure_of(OSError(number, "", "/x/y")).sentence


def test_a_full_disk_is_recognised_in_a_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "install.log"
    log.write_text("error: failed to write\n  No space left on device (os error 28)\n")
    tell_failure(LaunchError("依赖没有装上。", log=log))
    said = capsys.readouterr().err
    assert "磁盘已满" in said
    assert "os error" not in said
