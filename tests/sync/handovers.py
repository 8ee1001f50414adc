"""Hand-overs as phones send them."""

from typing import Any

from tests.residents.factories import SECOND_CELL
from tests.sync.conftest import item


def offer(household: object = None, to: str = SECOND_CELL, *, person: object = None, **more: Any) -> dict[str, Any]:
    """A household, or a person, offered to a cell or village; `note` goes into the body."""
    body: dict[str, Any] = {"to": to, "reason": more.pop("reason", "wrong_cell")}
    named = {"household": household, "person": person, "note": more.pop("note", None)}
    return item("handover", {**body, **{name: str(value) for name, value in named.items() if value}}, **more)


def answer(handover: dict[str, Any] | str, said: str, **more: Any) -> dict[str, Any]:
    """`accepted`, `declined` (with a `reason`) or `withdrawn`; `region` and `reason` go into the body."""
    offered = handover if isinstance(handover, str) else handover["id"]
    body = {name: more.pop(name) for name in ("region", "reason", "note") if name in more}
    return item("handover_answer", {"handover": offered, "answer": said, **body}, **more)
