"""Processes known by more than their number.

A pid alone says nothing: after a crash it may belong to a stranger. A process is ours only when its start time is the
recorded one, or when what it runs and where it works (its data directory, or the stack in its environment) say so.
Everything here reads `/proc`, so Linux it is.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PROC = Path("/proc")
#: Set in the environment of every process of a stack; its value is the stack's folder.
MARK = "GRIDKEEPER_STACK"


@dataclass
class Process:
    """One running process: `started` is its start time in clock ticks since boot, which makes the pid unmistakable."""

    pid: int
    started: str
    child: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def is_alive(self) -> bool:
        if self.child is not None:
            return self.child.poll() is None
        return start_time(self.pid) == self.started

    def send(self, number: int, *, group: bool = False) -> None:
        """Signal the process, or the group it leads; silently nothing when it is gone or the pid is a stranger's."""
        if not self.is_alive():
            return
        try:
            if group and os.getpgid(self.pid) == self.pid:
                os.killpg(self.pid, number)
            else:
                os.kill(self.pid, number)
        except ProcessLookupError:
            return

    def wait(self, seconds: float) -> bool:
        """True when it ended within that time."""
        deadline = time.monotonic() + seconds
        while self.is_alive():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def stop(self, number: int = signal.SIGTERM, *, grace: float = 8.0, group: bool = True) -> None:
        """Ask, wait, then insist. SIGCONT first: a paused process does not answer a request to end."""
        self.send(signal.SIGCONT, group=group)
        self.send(number, group=group)
        if not self.wait(grace):
            self.send(signal.SIGKILL, group=group)
            self.wait(5)


def start_time(pid: int) -> str | None:
    """Clock ticks since boot at which the process began; None when there is no such process or it is a zombie."""
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except (OSError, UnicodeDecodeError):
        return None
    # The name in parentheses may hold anything; what follows the last one is plain.
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in {"Z", "X"} else fields[19]


def find(pid: int) -> Process | None:
    started = start_time(pid)
    return None if started is None else Process(pid, started)


def spawn(
    argv: Sequence[str],
    *,
    log: Path,
    environment: Mapping[str, str],
    cwd: Path,
    user: str | int | None = None,
    group: int | None = None,
) -> Process:
    """Start in a session of its own (Ctrl-C in the terminal reaches the supervisor alone), output into the log."""
    keep_log_short(log)
    with log.open("ab") as output:
        child = subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=dict(environment),
            cwd=cwd,
            start_new_session=True,
            user=user,
            group=group,
            extra_groups=None if user is None else [],
        )
    return Process(child.pid, start_time(child.pid) or "", child)


def keep_log_short(log: Path, limit: int = 20_000_000) -> None:
    """One older generation is kept; a log never fills the disk over months of restarts."""
    try:
        if log.stat().st_size > limit:
            log.replace(log.with_suffix(".log.1"))
    except OSError:
        return


def working_in(folder: Path, program: str) -> Iterator[Process]:
    """Processes of that program whose working directory is the folder: a server chdirs into its data directory."""
    target = str(folder.resolve())
    for entry in PROC.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # The folder may have been deleted under a server that still runs.
            if os.readlink(entry / "cwd").removesuffix(" (deleted)") != target:
                continue
            executable = os.readlink(entry / "exe").removesuffix(" (deleted)")
        except OSError:
            continue
        if Path(executable).name == program and (process := find(int(entry.name))):
            yield process


def marked(folder: Path) -> Iterator[Process]:
    """Processes whose environment names this stack, this process and its parents excepted."""
    mark = f"{MARK}={folder.resolve()}".encode()
    own = set(ancestry(os.getpid()))
    for entry in PROC.iterdir():
        if not entry.name.isdigit() or int(entry.name) in own:
            continue
        try:
            environment = (entry / "environ").read_bytes()
        except OSError:
            continue
        if mark in environment.split(b"\0") and (process := find(int(entry.name))):
            yield process


def ancestry(pid: int) -> Iterator[int]:
    while pid > 0:
        yield pid
        try:
            pid = int((PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            return


def stop_all(found: Sequence[Process], number: int = signal.SIGTERM, *, grace: float = 8.0) -> None:
    """Ask all at once, so that the waits overlap; then insist."""
    for process in found:
        process.send(signal.SIGCONT)
        process.send(number)
    deadline = time.monotonic() + grace
    for process in found:
        if not process.wait(max(0.0, deadline - time.monotonic())):
            process.send(signal.SIGKILL)
            process.wait(5)


# --- records: what a later start needs to know about an earlier one -------------------------------------------------


def boot_id() -> str:
    return (PROC / "sys/kernel/random/boot_id").read_text().strip()


def write_record(path: Path, process: Process) -> None:
    record = {"pid": process.pid, "started": process.started, "boot": boot_id()}
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(record))
    draft.replace(path)


def read_record(path: Path) -> Process | None:
    """The recorded process when it is still the same one, else None."""
    try:
        record = json.loads(path.read_text())
        process = Process(int(record["pid"]), str(record["started"]))
        same_boot = record["boot"] == boot_id()
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return process if same_boot and process.is_alive() else None
