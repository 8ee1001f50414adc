"""Making, changing and closing one grid cell."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from backend.audit.services import audit_record
from backend.core import clock
from backend.core.errors import ApiError, ErrorCode
from backend.core.fields import VILLAGE_LENGTH
from backend.core.models import Tombstone
from backend.core.sql import fetch
from backend.regions.choices import CellKind, Level
from backend.regions.models import Region
from backend.regions.rules import clean_cell_fields

#: Asked before a cell closes: each returns what is still in it as a Chinese phrase, or "". Registered from above.
_guards: list[Callable[[str], str]] = []
#: Who closes or changes cells holds this capability; named here because accounts stand above regions.
CELL_EDIT = "cell_edit"


def cells_guard(guard: Callable[[str], str]) -> None:
    """Let `guard(code)` object to closing a cell. Idempotent."""
    if guard not in _guards:
        _guards.append(guard)


@dataclass(frozen=True)
class CellInput:
    """A cell as somebody writes it down. `number`: 1–999 within its village."""

    village: str
    number: int
    name: str
    buildings: str = ""
    leader_name: str = ""
    kind: str = CellKind.BASIC.value

    @property
    def code(self) -> str:
        """15 digits."""
        return f"{self.village}{self.number:03d}"


def cell_create(*, actor: Any | None, item: CellInput) -> Region:
    """A new cell of a village. `actor` None is the system itself.

    Raises `unknown_region` (field `village`), `bad_field`, `wrong_state` when the number was used by a closed cell.
    """
    fields = clean_cell_fields(number=item.number, name=item.name, buildings=item.buildings, leader=item.leader_name)
    village = _village(actor, item.village)
    if item.kind not in CellKind.values:
        raise ApiError(ErrorCode.BAD_FIELD, field="kind")
    cell = Region(
        code=item.code,
        level=Level.GRID,
        parent_code=village.code,
        kind=item.kind,
        valid_from=clock.today(),
        **fields,
    )
    try:
        with transaction.atomic():
            cell.save(force_insert=True)
            _audit(actor, "cell_created", cell, {})
    except IntegrityError as error:
        raise ApiError(ErrorCode.WRONG_STATE, field="number", message="这个网格编号已经用过，请换一个编号。") from error
    return cell


def cell_update(*, actor: Any | None, code: str, changes: Mapping[str, Any]) -> Region:
    """Change `name`, `buildings`, `leader_name` or `kind`. Nothing is written when nothing differs."""
    if unknown := set(changes) - {"name", "buildings", "leader_name", "kind"}:
        raise ApiError(ErrorCode.UNKNOWN_FIELD, field=sorted(unknown)[0])
    with transaction.atomic():
        cell = cell_locked(actor, code)
        if cell.valid_to is not None:
            raise ApiError(ErrorCode.WRONG_STATE, message="网格已停用，不能再修改。")
        kind = changes.get("kind", cell.kind)
        if kind not in CellKind.values:
            raise ApiError(ErrorCode.BAD_FIELD, field="kind")
        fields = clean_cell_fields(
            number=int(cell.code[-3:]),
            name=changes.get("name", cell.name),
            buildings=changes.get("buildings", cell.buildings),
            leader=changes.get("leader_name", cell.leader_name),
        )
        changed = [name for name, value in {**fields, "kind": kind}.items() if getattr(cell, name) != value]
        if changed:
            for name in changed:
                setattr(cell, name, {**fields, "kind": kind}[name])
            cell.save(update_fields=changed)
            _audit(actor, "cell_updated", cell, {"fields": changed})
    return cell


def cell_close(*, actor: Any | None, code: str, successor: str | None = None) -> Region:
    """Take a cell out of use after today: it reports no more. `successor` is the cell that takes it over. Idempotent.

    Raises `wrong_state` with what is still in it (households, duties): they move first, so that nobody falls out.
    """
    with transaction.atomic():
        cell = cell_locked(actor, code)
        if cell.valid_to is not None:
            return cell
        if left := [phrase for guard in _guards if (phrase := guard(code))]:
            raise ApiError(ErrorCode.WRONG_STATE, message=f"网格内还有{'、'.join(left)}，请先转出再停用。")
        cell.valid_to, cell.successor_code = clock.today(), successor
        cell.save(update_fields=["valid_to", "successor_code"])
        # Phones of the whole village know the name: what is in one cell may be handed over to another.
        Tombstone.objects.create(kind="region", object_id=cell.code, region_code=cell.code[:VILLAGE_LENGTH])
        _audit(actor, "cell_closed", cell, {"to": successor} if successor else {})
    return cell


def cells_locked(actor: Any | None, *codes: str) -> dict[str, Region]:
    """These cells, in use, locked for this transaction in the order of their codes, whoever asks for them.

    Raises `not_found` for one that `actor` may not edit, `wrong_state` for one that is closed.
    """
    cells = {code: cell_locked(actor, code) for code in sorted(codes)}
    if any(cell.valid_to is not None for cell in cells.values()):
        raise ApiError(ErrorCode.WRONG_STATE, message="网格已停用，请刷新后查看。")
    return cells


def cells_hold(codes: Iterable[str]) -> set[str]:
    """Those of `codes` that are cells in use, and stay so until this transaction ends. One query.

    Who writes somebody into a cell holds it: a cell that closes at this very moment would leave him in nobody's hands.
    """
    return {row[0] for row in fetch(_HOLD, [sorted(codes)])}


_HOLD = """
    SELECT code FROM regions_region WHERE code = ANY(%s) AND level = 'grid' AND valid_to IS NULL FOR SHARE
"""


def _village(actor: Any | None, code: str) -> Region:
    village = Region.objects.real().filter(code=code, level=Level.VILLAGE, valid_to=None).first()
    if village is None or (actor is not None and not actor.has_capability(CELL_EDIT, code)):
        raise ApiError(ErrorCode.UNKNOWN_REGION, field="village")
    return village


def cell_locked(actor: Any | None, code: str) -> Region:
    """The cell, locked for this transaction. Raises `not_found` for one that `actor` may not edit."""
    cell = Region.objects.select_for_update().filter(code=code, level=Level.GRID).first()
    if cell is None or (actor is not None and not actor.has_capability(CELL_EDIT, code)):
        raise ApiError(ErrorCode.NOT_FOUND)
    return cell


def _audit(actor: Any | None, action: str, cell: Region, detail: dict[str, Any]) -> None:
    audit_record(actor=actor, action=action, target_kind="region", target_id=cell.code, region=cell.code, detail=detail)
