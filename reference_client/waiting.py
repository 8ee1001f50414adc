"""How long a phone waits before it sends the same ids again."""

import random

FIRST_SECONDS = 2
LONGEST_SECONDS = 300


def wait_seconds(failures: int, *, retry_after: float = 0, chance: random.Random) -> float:
    """After the `failures`th failure in a row: doubling, half of it by chance, never sooner than the server asked."""
    whole = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** min(failures - 1, 16))
    return max(retry_after, whole / 2 + chance.random() * whole / 2)
