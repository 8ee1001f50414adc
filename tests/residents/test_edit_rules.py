"""Edits brought together: what merges, what clashes, and whose word follows whose."""

import datetime as dt
import uuid
from typing import Any

import pytest

from backend.core.errors import ApiError, ErrorCode
from backend.residents.rules import EditOrigin, marked, merge
from backend.residents.services import LateEdit, edit_part

PHONE, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)
NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
CURRENT = {"door": "501", "floor": 5, "kind": "a", "number": "1"}


def marks(origin: EditOrigin | None = None) -> Any:
    """`door` and `number` were changed in version 2."""
    return marked({}, ["door", "number"], version=2, by="李站长", at=NOW, origin=origin)


@pytest.mark.parametrize(
    ("origin", "clashes"),
    [
        (None, ("door",)),
        (EditOrigin(PHONE, 7, 5), ()),
        (EditOrigin(PHONE, 7, 4), ("door",)),
        (EditOrigin(PHONE, 8, 5), ("door",)),
        (EditOrigin(OTHER, 7, 5), ("door",)),
    ],
    ids=["the desk", "its own next", "its own again", "another user of it", "another phone"],
)
def test_only_the_same_phones_later_word_is_no_clash(origin: EditOrigin | None, clashes: tuple[str, ...]) -> None:
    known = marks(EditOrigin(PHONE, 7, 4))
    merged = merge(
        current=CURRENT, changes={"door": "502", "floor": 6}, base_version=1, marks=known, empty={}, origin=origin
    )
    assert merged.clashes == clashes


def test_a_mark_of_the_desk_follows_nobody() -> None:
    assert not EditOrigin(PHONE, 7, 9).follows(marks()["door"])


def part(changes: dict[str, Any], base: int | None, **more: Any) -> Any:
    return edit_part(
        current=CURRENT, edit=LateEdit(base, changes), version=3, marks=marks(), empty={"door": ""},
        shown={"number": lambda value: "*"}, **more,
    )  # fmt: skip


def test_what_clashes_is_handed_back_and_the_rest_is_applied() -> None:
    differing, (clash,) = part({"door": None, "floor": 6}, 1)
    assert differing == {"floor": 6}
    assert (clash.field, clash.sent, clash.sent_shown, clash.stored_shown) == ("door", "", None, "501")
    assert (clash.by, clash.at) == ("李站长", NOW.isoformat())


def test_a_version_that_was_lost_is_the_first_and_none_is_the_last() -> None:
    assert part({"door": "502"}, 9)[0] == {}
    assert part({"door": "502"}, 3)[0] == {"door": "502"}
    assert part({"door": "502"}, None)[0] == {"door": "502"}


def test_fields_that_belong_together_clash_together() -> None:
    differing, clashes = part({"kind": "b", "number": "2", "floor": 6}, 1, together=(("kind", "number"),))
    assert differing == {"floor": 6}
    assert [(clash.field, clash.by, clash.sent_shown) for clash in clashes] == [
        ("kind", "李站长", "b"), ("number", "李站长", "*"),
    ]  # fmt: skip


def test_what_may_not_be_empty_is_refused() -> None:
    with pytest.raises(ApiError) as refused:
        part({"floor": None}, 3)
    assert (refused.value.code, refused.value.field) == (ErrorCode.MISSING_FIELD, "floor")
