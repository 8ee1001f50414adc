"""What the suite asks of a client. Small, so that another client joins easily."""

from collections.abc import Callable
from typing import Any, Protocol


class Driver(Protocol):
    """A phone, signed in, its first download done. What it saves it may send at once."""

    device: str

    def save_visit(self, household: str, outcome: str = "seen_well", *, temperature: str = "", note: str = "") -> str:
        """A visit saved as its user saves it; the record's id."""

    def save_returnee(self, household: str, *, name: str, phone: str, document: str) -> str:
        """A returnee with an identity card, arrived today from Hubei; the record's id."""

    def mend_document(self, record_id: str, document: str) -> None:
        """A returnee that came back, its number corrected and sent again."""

    def sync(self) -> None:
        """Somebody asks for it now. Returns when the phone has come to rest."""

    def restart(self) -> None:
        """The program is ended and started again, with or without network."""

    def until(self, condition: Callable[[], bool], *, seconds: float = 45) -> None:
        """Lets the phone live by itself until it is so."""

    def waiting(self) -> set[str]: ...

    def confirmed(self) -> set[str]: ...

    def needs_you(self) -> dict[str, dict[str, Any]]:
        """What came back, by id: `verdict`, `code`, `message`."""

    def cached(self, kind: str) -> set[str]:
        """Ids in the read cache."""

    def asks_for_password(self) -> bool: ...

    def sign_in_again(self) -> None: ...

    def close(self) -> None: ...
