"""Keeps a started stack alive: a part that died is started again, the longer it keeps dying the later."""

import signal
import threading
import time
from dataclasses import dataclass, field
from types import FrameType

from launch.signals import ASKING
from launch.stack import Stack
from launch.steps import LaunchError, say

FIRST_DELAY = 1.0
LONGEST_DELAY = 30.0
#: A part that ran this long starts over with the short delay.
STEADY_AFTER = 60.0
LOOK_EVERY = 0.5

NAMES = {"postgres": "数据库", "valkey": "消息服务", "web": "网页服务", "worker": "后台任务", "beat": "定时任务"}


@dataclass
class Backoff:
    """When a dead part may be started again: after 1, 2, 4 … 30 seconds."""

    delay: float = FIRST_DELAY
    started: float = field(default_factory=time.monotonic)
    due: float | None = None

    def died(self, now: float) -> None:
        if now - self.started > STEADY_AFTER:
            self.delay = FIRST_DELAY
        self.due = now + self.delay
        self.delay = min(self.delay * 2, LONGEST_DELAY)

    def was_started(self, now: float) -> None:
        self.started = now
        self.due = None


class Supervisor:
    """`run` returns after a request to end (Ctrl-C, TERM, HUP), with the stack still up: its owner stops it."""

    def __init__(self, stack: Stack):
        self.stack = stack
        self.asked_to_end = threading.Event()
        self._backoff = {name: Backoff() for name in stack.parts}

    def listen(self) -> None:
        """From here on the signals only ask: starting and stopping are never torn in the middle."""
        for number in ASKING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._on_signal)

    def run(self) -> None:
        while not self.asked_to_end.wait(LOOK_EVERY):
            self.look()

    def look(self) -> None:
        """One round over all parts."""
        for name in self.stack.parts:
            if not self.stack.is_alive(name):
                self._tend(name, self._backoff[name])

    def _tend(self, name: str, backoff: Backoff) -> None:
        now = time.monotonic()
        if backoff.due is None:
            backoff.died(now)
            say(f"! {NAMES[name]}（{name}）意外退出，稍后重新启动；日志：{self.stack.folder.logs / name}.log")
        elif now >= backoff.due:
            try:
                self.stack.revive(name)
            except (LaunchError, OSError) as problem:
                say(f"! {NAMES[name]}（{name}）没能启动：{problem}")
                backoff.died(now)
            else:
                backoff.was_started(time.monotonic())
                say(f"✓ {NAMES[name]}（{name}）已重新启动")

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.asked_to_end.set()
