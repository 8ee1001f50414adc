"""The office's rows of the matrix: every page and every deed that the admin has registered."""

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.urls import URLResolver, get_resolver, reverse

from backend.accounts.choices import CAPABILITIES_OF, Capability, Role
from backend.accounts.models import User
from backend.alerts.choices import CloseReason
from backend.alerts.services import alert_close
from backend.core import clock
from backend.core.admin import ServiceModelAdmin
from backend.residents.models import Household, HouseholdTenure, Person
from backend.returnees.models import Returnee
from tests.office.world import Corner, addresses
from tests.permissions.row import ABOVE, Row


def _close_alert(corner: Corner) -> None:
    boss = User.objects.get(username="closer")
    alert_close(actor=boss, alert_id=corner.alert.pk, reason=CloseReason.HANDLED)


def _close_household(corner: Corner) -> None:
    """As the service does, but for the people who live there."""
    HouseholdTenure.objects.filter(household=corner.household, valid_to=None).update(valid_to=clock.now())
    Household.objects.filter(pk=corner.household.pk).update(closed_at=clock.now())


#: What a deed needs before it applies.
GIVEN: dict[str, Callable[[Corner], None]] = {
    "accounts_user_do_resume": lambda c: User.objects.filter(pk=c.worker.pk).update(is_active=False) and None,
    "alerts_alert_do_reopen": _close_alert,
    "residents_household_do_reopen": _close_household,
    # Who lives with others goes with them.
    "residents_person_do_handover": lambda c: (
        Person.objects.filter(pk=c.person.pk).update(household=None, address="东沟屯9号") and None
    ),
    "returnees_returnee_do_return": lambda c: (
        Returnee.objects.filter(pk=c.returnee.pk).update(state="left", left_on=clock.today()) and None
    ),
}
#: Deeds on accounts and devices reach only who stands below.
DEED_WHO = {
    **{f"accounts_user_do_{name}": frozenset(ABOVE) for name in ("grant", "edit", "reset", "suspend", "resume")},
    "accounts_device_do_revoke": frozenset(ABOVE),
    # Who may grant a duty may take it.
    "accounts_duty_do_revoke": frozenset(ABOVE),
}


def _office(name: str, need: str, *, method: str = "GET", key: str | None = None, **more: Any) -> Row:
    def url(corner: Corner) -> str:
        return reverse(f"admin:{name}", args=[addresses(corner)[key]] if key else [])

    return Row(_route_of(f"admin:{name}"), method, need, url, scoped=key is not None, **more)


def _route_of(name: str) -> str:
    return next(route for route, full in named_routes() if full == name)


def named_routes(resolver: Any = None, prefix: str = "", space: str = "") -> Iterator[tuple[str, str]]:
    for entry in (resolver or get_resolver()).url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from named_routes(entry, route, f"{entry.namespace}:" if entry.namespace else space)
        else:
            yield route, f"{space}{entry.name}" if entry.name else ""


def pages() -> list[tuple[type[Model], ServiceModelAdmin]]:
    return [(model, page) for model, page in admin.site._registry.items() if isinstance(page, ServiceModelAdmin)]


def office_rows() -> Iterator[Row]:
    yield _office("index", Capability.OFFICE)
    yield _office("find", Capability.OFFICE)
    yield _office("find", Capability.OFFICE, method="POST")
    yield _office("search", Capability.OFFICE)
    # Offers nothing outside the scope of the capability that a form asks for.
    yield _office("regions_region_choose", Capability.OFFICE)
    yield _office("day_tree", Capability.REPORT_VIEW)
    yield _office("phones", Capability.USER_VIEW)
    yield _office("password_change", Capability.OFFICE)
    yield _office("jsi18n", Capability.OFFICE)
    for model, page in pages():
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        need = page.view_capability
        yield _office(f"{name}_changelist", need)
        # National rules lie nowhere in particular.
        if name != "policies_policyrule":
            yield _office(f"{name}_change", need, key=name)
            yield _office(f"{name}_history", need, key=name)
        for deed in page.deeds:
            full = f"{name}_do_{deed.name}"
            viewers = frozenset(role for role in Role if need in CAPABILITIES_OF[role])
            who = viewers & DEED_WHO.get(full, viewers)
            given = GIVEN.get(full, lambda corner: None)
            # GET and POST pass the same guard; POST goes through it and on to the form or the service.
            yield _office(
                full, deed.capability, method="POST", key=None if deed.on_list else name, who=who, given=given
            )
    yield _office("reports_outboxfile_file", Capability.REPORT_VIEW, key="reports_outboxfile")
