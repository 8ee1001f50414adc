"""Pure decisions about hand-overs (移交): where one may go, and which answer stands. See docs/hand-over.md."""

import datetime as dt
from dataclasses import dataclass

from backend.core.errors import ErrorCode
from backend.core.fields import CELL_LENGTH, COUNTY_LENGTH, VILLAGE_LENGTH
from backend.residents.choices import HandOverState


@dataclass(frozen=True, slots=True)
class Said:
    """When something was said and when it arrived: on a phone without network the two lie apart. Business time."""

    at: dt.datetime
    received_at: dt.datetime


def target_problem(*, from_region: str, to_region: str) -> ErrorCode | None:
    """What keeps a hand-over from `from_region` from going to `to_region`, by their codes alone.

    It goes to a cell or a village of the same county; the office above both moves what goes further.
    """
    if len(to_region) not in (VILLAGE_LENGTH, CELL_LENGTH) or to_region[:COUNTY_LENGTH] != from_region[:COUNTY_LENGTH]:
        return ErrorCode.UNKNOWN_REGION
    return ErrorCode.SAME_REGION if to_region == from_region else None


def answer_problem(
    *, state: str, answer: HandOverState, stored_cell: str, cell: str, from_region: str, to_region: str
) -> tuple[ErrorCode, str] | None:
    """`(code, field)` that keeps `answer` from being given, or None: it may, or has been given already.

    `cell` is where an accepted hand-over goes. Whoever answers first has answered; the same again is no fault.
    """
    if state not in (HandOverState.OFFERED, answer):
        code = ErrorCode.WRONG_STATE if state == HandOverState.VOID else ErrorCode.ALREADY_ANSWERED
        return code, "handover"
    if answer != HandOverState.ACCEPTED:
        return None
    if not cell:
        return ErrorCode.MISSING_FIELD, "region"
    if len(cell) != CELL_LENGTH or not cell.startswith(to_region):
        return ErrorCode.UNKNOWN_REGION, "region"
    if cell == from_region:
        return ErrorCode.SAME_REGION, "region"
    return (ErrorCode.ALREADY_ANSWERED, "handover") if state == answer and cell != stored_cell else None
