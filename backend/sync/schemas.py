"""Versions of what phones send (记录版本): what an older app made is read as it was meant. docs/sync.md, "Versions".

Each kind of record has a current schema, and up to two before it that are still taken. A body is parsed by the shape of
its own schema, brought up step by step by pure functions, and then checked as if it had been sent today.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Raw, Struct

from backend.sync.choices import ItemKind
from backend.sync.former import ReturneeBody1, ReturneeBody2, ReturneeEditBody1, returnee_2, returnee_3, returnee_edit_2
from backend.sync.shapes import BODIES, Body

#: So many schemas before the current one are taken: a phone may have been in a drawer for two versions.
KEPT = 2


class UnknownSchemaError(Exception):
    """No schema of this kind that is taken. `newer`: the app is ahead of the server."""

    def __init__(self, *, newer: bool) -> None:
        super().__init__()
        self.newer = newer


@dataclass(frozen=True, slots=True)
class Former:
    """A schema that went before: its shape, and what a body of it is in the schema after it."""

    shape: type[Struct]
    upgrade: Callable[[Any], Struct]


class Form(Struct, frozen=True):
    """A body in one schema: as it was sent, or as it was brought up to."""

    schema: int
    body: Any


class Schemas:
    """The versions of one kind: number `current` has the shape `shape`; those of `former` go before, oldest first."""

    def __init__(self, *, current: int, shape: type[Body], former: tuple[Former, ...] = ()) -> None:
        if len(former) > min(KEPT, current - 1):
            raise ValueError("more former schemas than are taken")
        self.current, self.former = current, former
        self.shapes: tuple[type[Struct], ...] = (*(each.shape for each in former), shape)
        self.oldest = current - len(former)
        self._decoders = [msgspec.json.Decoder(each) for each in self.shapes]

    def read(self, schema: int, raw: Raw) -> list[Form]:
        """The body in every schema from the one it was sent in to the current one, which comes last.

        Raises UnknownSchemaError, and msgspec.DecodeError with the path in the body as it was sent.
        """
        if not self.oldest <= schema <= self.current:
            raise UnknownSchemaError(newer=schema > self.current)
        forms = [Form(schema, self._decoders[schema - self.oldest].decode(raw))]
        for step in self.former[schema - self.oldest :]:
            forms.append(Form(forms[-1].schema + 1, step.upgrade(forms[-1].body)))
        if len(forms) > 1:
            forms[-1] = Form(self.current, self._decoders[-1].decode(msgspec.json.encode(forms[-1].body)))
        return forms


_FORMER: dict[str, tuple[Former, ...]] = {
    ItemKind.RETURNEE.value: (Former(ReturneeBody1, returnee_2), Former(ReturneeBody2, returnee_3)),
    ItemKind.RETURNEE_EDIT.value: (Former(ReturneeEditBody1, returnee_edit_2),),
}
_CURRENT: dict[str, int] = {ItemKind.RETURNEE.value: 3, ItemKind.RETURNEE_EDIT.value: 2}

SCHEMAS: dict[str, Schemas] = {
    kind: Schemas(current=_CURRENT.get(kind, 1), shape=shape, former=_FORMER.get(kind, ()))
    for kind, shape in BODIES.items()
}


def current_schema(kind: str) -> int:
    """The schema that a record of `kind` made now is of."""
    return SCHEMAS[kind].current
