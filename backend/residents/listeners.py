"""Who must follow when a household or a person is given to another cell, or a hand-over is settled: they register,
since they stand above.

Called in the transaction of the move: what follows is stored with it, or not at all. What they would take along, they
can say beforehand.
"""

import uuid
from collections.abc import Callable, Collection, Sequence
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
#: Told the ids of hand-overs that were answered, or became void.
Settled = Callable[[Sequence[uuid.UUID]], object]

#: `(household ids, person ids)` → what of these belongs to them, as a phrase with its number, or "".
Belongings = Callable[[Collection[uuid.UUID], Collection[uuid.UUID]], str]

_moved: list[Listener] = []
_settled: list[Settled] = []
_belongings: list[Belongings] = []


def listen(*, moved: Listener | None = None, settled: Settled | None = None, belongs: Belongings | None = None) -> None:
    """Call `moved(move)` inside the transaction of every move, once the rows are saved, and `settled(ids)` inside that
    of every answer to a hand-over; ask `belongs` before a cell is reshaped. Idempotent."""
    if moved is not None and moved not in _moved:
        _moved.append(moved)
    if settled is not None and settled not in _settled:
        _settled.append(settled)
    if belongs is not None and belongs not in _belongings:
        _belongings.append(belongs)


def belongings_of(household_ids: Collection[uuid.UUID], person_ids: Collection[uuid.UUID]) -> list[str]:
    """What goes along with these households and people, in phrases: `2 名返乡人员`."""
    return [phrase for each in _belongings if (phrase := each(household_ids, person_ids))]


def announce_moved(move: Move) -> None:
    """The rows are saved: have everything follow that belongs to them."""
    for listener in _moved:
        listener(move)


def announce_settled(handovers: Sequence[uuid.UUID]) -> None:
    """The answer is saved: nobody is waited for any more."""
    for listener in _settled:
        listener(handovers)
