"""Who must follow when a household or a person is given to another cell: they register, since they stand above.

Called in the transaction of the move: what follows is stored with it, or not at all.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Move:
    """Households and people that cell `from_region` gave to cell `to_region`. `actor` is a user, or None."""

    from_region: str
    to_region: str
    actor: Any | None
    household_ids: tuple[uuid.UUID, ...] = ()
    person_ids: tuple[uuid.UUID, ...] = ()


Listener = Callable[[Move], object]

_moved: list[Listener] = []


def listen(*, moved: Listener) -> None:
    """Call `moved(move)` inside the transaction of every move, once the rows are saved. Idempotent."""
    if moved not in _moved:
        _moved.append(moved)


def announce_moved(move: Move) -> None:
    """The rows are saved: have everything follow that belongs to them."""
    for listener in _moved:
        listener(move)
