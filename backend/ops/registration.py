"""What higher apps have to say to lower ones, in one list, made at start."""

from backend.accounts.listeners import listen
from backend.accounts.selectors import duties_in
from backend.realtime.services import duties_changed, signed_out
from backend.regions.services import cells_guard
from backend.residents.choices import HandOverState
from backend.residents.models import HandOver, Household, Person


def connect() -> None:
    """Called once from `OpsConfig.ready`."""
    listen(duties_changed=duties_changed, signed_out=signed_out)
    cells_guard(_households_left)
    cells_guard(_people_left)
    cells_guard(_duties_left)
    cells_guard(_handovers_left)


def _households_left(code: str) -> str:
    count = Household.objects.open().filter(region_code=code).count()
    return f" {count} 户住户" if count else ""


def _people_left(code: str) -> str:
    count = Person.objects.filter(region_code=code).count()
    return f" {count} 名登记人员" if count else ""


def _duties_left(code: str) -> str:
    count = duties_in(code)
    return f" {count} 项在岗职责" if count else ""


def _handovers_left(code: str) -> str:
    count = HandOver.objects.filter(to_region=code, state=HandOverState.OFFERED).count()
    return f" {count} 件待签收的移交" if count else ""
