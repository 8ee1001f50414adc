"""Memory: the whole stack idle after use, as shares of pages (PSS): web, worker, schedule, PostgreSQL, Valkey."""

import time

import psutil
from _harness import Line, report

from launch.paths import REPOSITORY
from launch.stack import Stack
from tests.api_client import Api

LIMIT_MB = 800
IDLE_SECONDS = 20
PEOPLE = ("grid1", "grid2", "village", "town", "county", "province")


def pss_of(pid: int) -> float:
    """MB of a process and all below it; pages shared by several are counted once in all."""
    root = psutil.Process(pid)
    total = 0.0
    for process in (root, *root.children(recursive=True)):
        try:
            total += process.memory_full_info().pss
        except psutil.NoSuchProcess:
            continue
    return total / 1e6


def use(url: str) -> None:
    """What a morning does, so that caches and pools are as warm as they get: sign in, pull, alerts, report."""
    for name in PEOPLE:
        person = Api(url, name)
        person.get("alerts/")
        if name.startswith("grid"):
            person.get("sync/pull/", limit=2000)


def main() -> None:
    stack = Stack(REPOSITORY / "var" / "bench" / "memory", demo=True).reset()
    try:
        stack.start(seed=("seed_demo",))
        use(stack.url)
        time.sleep(IDLE_SECONDS)
        shares = {part: pss_of(process.pid) for part in stack.parts if (process := stack.process(part))}
    finally:
        stack.stop()
    for part, megabytes in shares.items():
        print(f"  {part:<10} {megabytes:7.1f} MB")
    total = sum(shares.values())
    report("memory", [Line("whole stack idle, PSS", LIMIT_MB, total, "MB", 1.0, at_most=True)], shares=shares)


if __name__ == "__main__":
    main()
