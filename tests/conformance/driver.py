"""What the suite asks of a client. Small, so that another client joins easily."""

from collections.abc import Callable
from typing import Any, Protocol


class Driver(Protocol):
    """A phone, signed in, its first download done. What it saves it may send at once."""

    device: str

    def save_visit(self, household: str, outcome: str = "seen_well", *, temperature: str = "", note: str = "") -> str:
        """A visit saved as its user saves it; the record's id."""

    def save_returnee(
        self, household: str, *, name: str, phone: str, document: str, schema: int = 0, **journey: str
    ) -> str:
        """A returnee with an identity card, arrived today from Hubei; the record's id.

        With `schema` as a program of an earlier version saved it, and what that knew of the journey; without network.
        """

    def mend_document(self, record_id: str, document: str) -> None:
        """A returnee that came back, its number corrected and sent again."""

    def refer(self, record_id: str, *, note: str) -> str:
        """A record that came back, handed up to the office; the referral's id."""

    def edit_door(self, household: str, door: str) -> str:
        """The number of a household's door, changed; the record's id. The household is in the cache."""

    def choose(self, conflict: str, side: str) -> None:
        """`mine` or `theirs` for every field of a conflict that was pulled, as it stands in the cache; sent at once."""

    def hand_over(self, household: str, to: str) -> str:
        """A household of the cache offered to another cell of the village, whose name is there; the record's id."""

    def answer(self, handover: str, answer: str) -> str:
        """A hand-over `accepted`, `declined` as not of this cell, or `withdrawn`; the record's id."""

    def at_hand(self) -> dict[str, dict[str, Any]]:
        """Whom the worker may visit, by id: what was delivered, and what he has accepted and not been given yet."""

    def close_days(self) -> bool:
        """Somebody has the days compared now. False where no answer came of it."""

    def closings(self) -> dict[str, dict[str, Any]]:
        """The server's last word on each day: `made`, `confirmed`, `closed`, `statement`, `signature`."""

    def carry_out(self) -> str:
        """The text of a sealed file with all that waits."""

    def sync(self) -> None:
        """Somebody asks for it now. Returns when the phone has come to rest."""

    def restart(self) -> None:
        """The program is ended and started again, with or without network."""

    def until(self, condition: Callable[[], bool], *, seconds: float = 45) -> None:
        """Lets the phone live by itself until it is so; meanwhile its own clock runs faster than ours."""

    def waiting(self) -> set[str]: ...

    def confirmed(self) -> set[str]: ...

    def needs_you(self) -> dict[str, dict[str, Any]]:
        """What came back, by id: `verdict`, `code`, `message`."""

    def cached(self, kind: str) -> dict[str, dict[str, Any]]:
        """The read cache: what was delivered, by id."""

    def asks_for_password(self) -> bool: ...

    def sign_in_again(self) -> None: ...

    def close(self) -> None: ...
