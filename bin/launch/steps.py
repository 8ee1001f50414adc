"""What the launcher says: one progress line for each step, one plain sentence when something is missing."""

import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


class LaunchError(Exception):
    """Ends a command: `sentence` says in plain words what is wrong and what to do; `log` is where to read more."""

    def __init__(self, sentence: str, *, log: Path | None = None, status: int = 1):
        super().__init__(sentence)
        self.sentence = sentence
        self.log = log
        self.status = status


class _Line:
    """Whether a step's line is still waiting for its time: what is said in between starts a line of its own."""

    is_open = False


def use_utf8() -> None:
    """Chinese must come out whatever the locale: a C locale would end the command at the first progress line."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace", line_buffering=True)
    os.environ.setdefault("PYTHONUTF8", "1")


def say(text: str = "") -> None:
    _write(("\n" if _Line.is_open else "") + text + "\n")
    _Line.is_open = False


@contextmanager
def step(title: str) -> Iterator[None]:
    """`▸ title … 3.2 秒` around a step; a failing step ends its line with ✗ and the sentence follows."""
    _write(f"▸ {title} …")
    _Line.is_open = True
    began = time.monotonic()
    try:
        yield
    except BaseException:
        _close(title, "✗")
        raise
    _close(title, f"{time.monotonic() - began:.1f} 秒")


def tail(log: Path, lines: int = 12) -> list[str]:
    """The last lines of a log, [] when there is none."""
    try:
        return log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
    except OSError:
        return []


def tell_failure(failure: LaunchError) -> None:
    """The sentence, and the end of the log unless that only says at length that the disk is full."""
    shown = tail(failure.log) if failure.log is not None else []
    full = any(mark in line for line in (failure.sentence, *shown) for mark in ("No space left on device", "ENOSPC"))
    if full:
        _write("✗ 磁盘已满。请腾出空间（首次启动约需 1.5 GB）再运行一次。\n", sys.stderr)
    else:
        _write(
            "".join(f"{line}\n" for line in (f"✗ {failure.sentence}", *(f"    {line}" for line in shown))), sys.stderr
        )
    if failure.log is not None:
        _write(f"  详细日志：{failure.log}\n", sys.stderr)


def failure_of(problem: OSError) -> LaunchError:
    """What the operating system refused, in a sentence."""
    where = f"（{problem.filename}）" if problem.filename else ""
    sentences = {
        errno.ENOSPC: f"磁盘已满{where}。请腾出几百 MB 空间再运行一次。",
        errno.EDQUOT: f"磁盘配额已用完{where}。请腾出空间再运行一次。",
        errno.EROFS: f"磁盘是只读的{where}。请把代码放到可以写入的磁盘上。",
        errno.EACCES: f"没有权限{where}。请用拥有这些文件的用户运行，或先改归属。",
        errno.EPERM: f"没有权限{where}。请用拥有这些文件的用户运行，或先改归属。",
        errno.ENOMEM: "内存不够。请关掉别的程序再运行一次。",
        errno.EMFILE: "打开的文件太多。请调大 ulimit -n 再运行一次。",
        errno.EAGAIN: "进程太多。请关掉别的程序再运行一次。",
    }
    return LaunchError(sentences.get(problem.errno or 0, f"系统不允许这样做：{problem}"))


def _close(title: str, ending: str) -> None:
    _write(f" {ending}\n" if _Line.is_open else f"▸ {title} … {ending}\n")
    _Line.is_open = False


def _write(text: str, stream: TextIO | None = None) -> None:
    """A terminal that was closed, or `bin/run | head`, must not bring the supervisor down with its stack up."""
    try:
        print(text, end="", file=stream or sys.stdout, flush=True)
    except (OSError, ValueError):
        silence = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  (stays open in the stream's place)
        if stream is sys.stderr:
            sys.stderr = silence
        else:
            sys.stdout = silence
