"""How benchmarks measure and report: interleaved rounds, medians, ratios against a raw baseline of the same run."""

import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(__file__).resolve().parents[1] / "var" / "bench"


@dataclass(frozen=True)
class Line:
    """One goal: `ours` held against `baseline`. A goal is a least ratio, or a greatest one where `at_most`."""

    name: str
    baseline: float
    ours: float
    unit: str
    goal: float
    at_most: bool = False

    @property
    def ratio(self) -> float:
        return self.ours / self.baseline

    @property
    def reached(self) -> bool:
        return self.ratio <= self.goal if self.at_most else self.ratio >= self.goal


def interleaved(rounds: int, **ways: Callable[[], float]) -> dict[str, float]:
    """Run every way once a round, in turn, and give each one's median. One round before does not count."""
    figures: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, way in ways.items():
            figure = way()
            if turn:
                figures[name].append(figure)
    return {name: statistics.median(values) for name, values in figures.items()}


def seconds_of(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def report(name: str, lines: list[Line], **more: object) -> None:
    """Print a table, write `var/bench/<name>.json`, end non-zero when a goal is missed."""
    width = max(len(line.name) for line in lines)
    for line in lines:
        mark = "reached" if line.reached else "MISSED"
        bound = "at most" if line.at_most else "at least"
        print(
            f"{line.name:<{width}}  baseline {line.baseline:>12,.1f}  ours {line.ours:>12,.1f} {line.unit:<8}"
            f"  ratio {line.ratio:6.2f}  goal {bound} {line.goal:.2f}  {mark}"
        )
    RESULTS.mkdir(parents=True, exist_ok=True)
    content = {
        "name": name,
        "lines": [{**asdict(line), "ratio": line.ratio, "reached": line.reached} for line in lines],
        **more,
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    sys.exit(0 if all(line.reached for line in lines) else 1)
