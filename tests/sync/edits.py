"""Edits and choices as a phone sends them, and what another side did meanwhile."""

from collections.abc import Callable
from typing import Any

from rest_framework.test import APIClient

from backend.residents.models import Household
from backend.residents.services import household_update
from tests.sync.conftest import item

Push = Callable[..., dict[str, Any]]


def edit(kind: str, target: object, changes: dict[str, Any], version: int = 1, **more: Any) -> dict[str, Any]:
    """An edit of a `household`, `person` or `returnee`."""
    return item(f"{kind}_edit", {kind: str(target), "version": version, "changes": changes}, **more)


def choice(conflict: object, /, seen: int = 1, **choices: Any) -> dict[str, Any]:
    """`choice(conflict, headcount="mine")`, made from the conflict's version `seen`."""
    return item("conflict_choice", {"conflict": str(conflict), "version": seen, "choices": choices})


def said(answer: dict[str, Any]) -> list[tuple[str, str | None]]:
    """Verdict and code of each item."""
    return [(result["verdict"], result.get("code")) for result in answer["results"]]


def office_edits(door: Household, /, **changes: Any) -> None:
    """Somebody else changes the household, on the version of now."""
    door.refresh_from_db()
    household_update(household_id=door.pk, base_version=door.version, changes=changes, actor=None)


def pulled(client: APIClient, cursor: str = "") -> tuple[list[dict[str, Any]], str]:
    """The changes of kind `conflict` since `cursor`, and the cursor after them."""
    page = client.get("/api/v1/sync/pull/", {"cursor": cursor, "limit": 2000}).json()
    return [change for change in page["changes"] if change["kind"] == "conflict"], page["cursor"]
