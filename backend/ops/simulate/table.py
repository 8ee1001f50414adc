"""The table at the end of a simulation, and times as they stand in it."""

import unicodedata
from collections.abc import Sequence


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of `values` lie; 0 when there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def percentiles(seconds: Sequence[float], *shares: float) -> str:
    """Those of times in seconds, in words: `p50 12 毫秒，p99 80 毫秒`."""
    return "，".join(f"p{share * 100:.0f} {percentile(seconds, share) * 1000:.0f} 毫秒" for share in shares)


def table(rows: Sequence[tuple[str, str]]) -> list[str]:
    """Two columns; Chinese characters are two places wide."""
    left = max((_width(name) for name, _ in rows), default=0)
    return [f"  {name}{' ' * (left - _width(name))}  {value}" for name, value in rows]


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
