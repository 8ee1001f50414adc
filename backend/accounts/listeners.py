"""Who wants to know that somebody's duties or sign-in changed: registered from `config`, since they stand above."""

from collections.abc import Callable

from django.db import transaction

Listener = Callable[[int], None]

_duties_changed: list[Listener] = []
_signed_out: list[Listener] = []


def listen(*, duties_changed: Listener, signed_out: Listener) -> None:
    """Call `duties_changed(user_id)` and `signed_out(user_id)` after the transaction that caused them. Idempotent."""
    if duties_changed not in _duties_changed:
        _duties_changed.append(duties_changed)
    if signed_out not in _signed_out:
        _signed_out.append(signed_out)


def announce_duties_changed(user_id: int) -> None:
    """Once the running transaction commits: this user sees another part of the tree."""
    for listener in _duties_changed:
        transaction.on_commit(lambda call=listener: call(user_id), robust=True)  # type: ignore[misc]


def announce_signed_out(user_id: int) -> None:
    """Once the running transaction commits: sessions of this user ended."""
    for listener in _signed_out:
        transaction.on_commit(lambda call=listener: call(user_id), robust=True)  # type: ignore[misc]
