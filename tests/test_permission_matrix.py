"""Role × address × in or out of scope, allowed and denied from the same row; an address without a row fails the test.

Each role serves where `here` is; `there` lies in another province. A door is open when the answer is neither 401, 403,
404, 405 nor a fault: what it then says about the body is another test's business.
"""

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.contrib import admin
from django.db import transaction
from django.db.models import Model
from django.template.response import SimpleTemplateResponse
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse

from backend.accounts.choices import CAPABILITIES_OF, Capability, Role
from backend.accounts.models import Duty, User
from backend.alerts.choices import CloseReason
from backend.alerts.models import Alert
from backend.alerts.services import alert_close
from backend.core import clock
from backend.core.admin import ServiceModelAdmin
from backend.core.api import ANYONE, SIGNED_IN
from backend.core.checks import api_views
from backend.policies.models import PolicyRule
from backend.regions.choices import LEVEL_OF
from backend.regions.models import Region
from backend.residents.models import Household, HouseholdTenure, Person
from backend.returnees.models import Returnee
from tests.conftest import CELL
from tests.office.world import Corner, addresses, furnish

THERE = "210202901901901"
HOME = {
    Role.GRID_WORKER: CELL, Role.GRID_LEADER: CELL, Role.VILLAGE: CELL[:12], Role.CLINIC: CELL[:12],
    Role.TOWNSHIP: CELL[:9], Role.COUNTY: CELL[:6], Role.PREFECTURE: CELL[:4], Role.PROVINCE: CELL[:2],
    Role.HEALTH: CELL[:6], Role.SYSTEM_ADMIN: CELL[:6], Role.AUDITOR: CELL[:6],
}  # fmt: skip
#: Who stands above a grid worker and holds all that he holds.
ABOVE = {Role.TOWNSHIP, Role.COUNTY, Role.PREFECTURE, Role.PROVINCE}


@dataclass(frozen=True)
class Row:
    """One address and method. `need`: capability, `SIGNED_IN` or `ANYONE`. `who` narrows the roles further."""

    route: str
    method: str
    need: str
    url: Callable[[Corner], str]
    body: Callable[[Corner], dict[str, Any]] = field(default=lambda corner: {})
    #: Names an object or region of the corner: elsewhere's is not found.
    scoped: bool = True
    who: frozenset[Role] | None = None
    given: Callable[[Corner], None] = field(default=lambda corner: None)
    #: What a refusal may look like beside 403.
    refusals: frozenset[int] = frozenset({403})

    @property
    def office(self) -> bool:
        return self.route.startswith("admin/")

    def allows(self, role: Role) -> bool:
        held = CAPABILITIES_OF[role]
        if self.office and Capability.OFFICE not in held:
            return False
        return (self.need in {SIGNED_IN, ANYONE} or self.need in held) and (self.who is None or role in self.who)


def _api(route: str, method: str, need: str, url: Callable[[Corner], str] | str, **more: Any) -> Row:
    if isinstance(url, str):
        return Row(f"api/v1/{route}", method, need, lambda corner: f"/api/v1/{url}", scoped=False, **more)
    return Row(f"api/v1/{route}", method, need, lambda corner: f"/api/v1/{url(corner)}", **more)


def _today() -> str:
    return clock.today().isoformat()


_REVEAL: Callable[[Corner], dict[str, Any]] = lambda corner: {"purpose": "核实住址", "fields": ["name"]}  # noqa: E731
_C = Capability
API: list[Row] = [
    _api("session/", "POST", ANYONE, "session/"),
    _api("session/", "GET", SIGNED_IN, "session/"),
    _api("session/", "DELETE", SIGNED_IN, "session/"),
    _api("session/all/", "DELETE", SIGNED_IN, "session/all/"),
    _api("session/password/", "POST", SIGNED_IN, "session/password/"),
    _api("session/redeem/", "POST", ANYONE, "session/redeem/"),
    _api("devices/", "GET", SIGNED_IN, "devices/"),
    _api(
        "devices/<uuid:device_id>/", "DELETE", SIGNED_IN, lambda c: f"devices/{c.device.pk}/", who=frozenset(ABOVE),
        refusals=frozenset({403, 404}),
    ),
    _api("policies/", "GET", SIGNED_IN, "policies/"),
    _api("households/", "GET", _C.HOUSEHOLD_VIEW, "households/"),
    _api("households/lookup/", "POST", _C.HOUSEHOLD_VIEW, "households/lookup/"),
    _api("households/<uuid:household_id>/", "GET", _C.HOUSEHOLD_VIEW, lambda c: f"households/{c.household.pk}/"),
    _api(
        "households/<uuid:household_id>/reveal/", "POST", _C.PERSON_REVEAL,
        lambda c: f"households/{c.household.pk}/reveal/", body=_REVEAL,
    ),
    _api(
        "households/<uuid:household_id>/", "PATCH", _C.HOUSEHOLD_EDIT, lambda c: f"households/{c.household.pk}/",
        body=lambda c: {"version": 1, "changes": {"door": "9"}},
    ),
    _api(
        "households/<uuid:household_id>/move/", "POST", _C.HOUSEHOLD_EDIT,
        lambda c: f"households/{c.household.pk}/move/", body=lambda c: {"region": c.cell},
    ),
    _api(
        "households/<uuid:household_id>/close/", "POST", _C.HOUSEHOLD_EDIT,
        lambda c: f"households/{c.household.pk}/close/",
    ),
    _api(
        "households/<uuid:household_id>/reopen/", "POST", _C.HOUSEHOLD_EDIT,
        lambda c: f"households/{c.household.pk}/reopen/",
    ),
    _api(
        "people/<uuid:person_id>/", "PATCH", _C.HOUSEHOLD_EDIT, lambda c: f"people/{c.person.pk}/",
        body=lambda c: {"version": 1, "changes": {"name": "王五"}},
    ),
    _api(
        "people/<uuid:person_id>/move/", "POST", _C.HOUSEHOLD_EDIT, lambda c: f"people/{c.person.pk}/move/",
        body=lambda c: {"region": c.cell, "address": "东沟屯9号"},
    ),
    _api("people/<uuid:person_id>/", "GET", _C.PERSON_VIEW, lambda c: f"people/{c.person.pk}/"),
    _api(
        "people/<uuid:person_id>/reveal/", "POST", _C.PERSON_REVEAL, lambda c: f"people/{c.person.pk}/reveal/",
        body=_REVEAL,
    ),
    _api(
        "households/<uuid:household_id>/call/", "POST", _C.PHONE_CALL, lambda c: f"households/{c.household.pk}/call/",
        body=lambda c: {"purpose": "visit"},
    ),
    _api(
        "people/<uuid:person_id>/call/", "POST", _C.PHONE_CALL, lambda c: f"people/{c.person.pk}/call/",
        body=lambda c: {"purpose": "check"},
    ),
    _api("people/<uuid:person_id>/code/", "GET", _C.CODE_VIEW, lambda c: f"people/{c.person.pk}/code/"),
    _api("alerts/", "GET", _C.ALERT_VIEW, "alerts/"),
    _api(
        "alerts/<uuid:alert_id>/acknowledge/", "POST", _C.ALERT_HANDLE, lambda c: f"alerts/{c.alert.pk}/acknowledge/"
    ),
    _api(
        "alerts/<uuid:alert_id>/close/", "POST", _C.ALERT_HANDLE, lambda c: f"alerts/{c.alert.pk}/close/",
        body=lambda c: {"reason": "handled"},
    ),
    _api(
        "alerts/<uuid:alert_id>/reopen/", "POST", _C.ALERT_HANDLE, lambda c: f"alerts/{c.alert.pk}/reopen/",
    ),
    _api("checks/due/", "GET", _C.CHECK_VIEW, "checks/due/"),
    _api("returnees/", "GET", _C.RETURNEE_VIEW, "returnees/"),
    _api("returnees/", "POST", _C.RETURNEE_REGISTER, "returnees/"),
    _api("returnees/<uuid:returnee_id>/", "GET", _C.RETURNEE_VIEW, lambda c: f"returnees/{c.returnee.pk}/"),
    _api(
        "returnees/<uuid:returnee_id>/leave/", "POST", _C.RETURNEE_REGISTER,
        lambda c: f"returnees/{c.returnee.pk}/leave/", body=lambda c: {"left_on": _today()},
    ),
    _api(
        "returnees/<uuid:returnee_id>/correct/", "POST", _C.RETURNEE_REGISTER,
        lambda c: f"returnees/{c.returnee.pk}/correct/", body=lambda c: {"arrived_on": _today()},
    ),
    _api(
        "returnees/<uuid:returnee_id>/", "PATCH", _C.RETURNEE_REGISTER, lambda c: f"returnees/{c.returnee.pk}/",
        body=lambda c: {"version": 1, "changes": {"transport": "car"}},
    ),
    _api(
        "returnees/<uuid:returnee_id>/return/", "POST", _C.RETURNEE_REGISTER,
        lambda c: f"returnees/{c.returnee.pk}/return/",
    ),
    _api("sync/push/", "POST", _C.SYNC, "sync/push/"),
    _api("sync/pull/", "GET", _C.SYNC, "sync/pull/"),
    _api("sync/receipts/", "GET", _C.SYNC, "sync/receipts/"),
    _api("sync/receipts/", "POST", _C.SYNC, "sync/receipts/"),
    _api("sync/keys/", "GET", _C.SYNC, "sync/keys/"),
    _api("sync/carried/", "POST", _C.SYNC, "sync/carried/"),
    _api("reports/daily/", "GET", _C.REPORT_VIEW, lambda c: f"reports/daily/?region={c.cell}&day={_today()}"),
    _api(
        "reports/daily/<str:region>/<str:day>/submit/", "POST", _C.REPORT_SUBMIT,
        lambda c: f"reports/daily/{c.cell}/{_today()}/submit/", body=lambda c: {"confirm": "report"},
    ),
    _api(
        "reports/daily/<str:region>/<str:day>/trace/", "GET", _C.REPORT_VIEW,
        lambda c: f"reports/daily/{c.cell}/{_today()}/trace/?indicator=households",
    ),
    _api("schema/", "GET", ANYONE, "schema/"),
    _api("docs/", "GET", ANYONE, "docs/"),
]  # fmt: skip


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
    return next(route for route, full in _named_routes() if full == name)


def _named_routes(resolver: Any = None, prefix: str = "", space: str = "") -> Iterator[tuple[str, str]]:
    for entry in (resolver or get_resolver()).url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _named_routes(entry, route, f"{entry.namespace}:" if entry.namespace else space)
        else:
            yield route, f"{space}{entry.name}" if entry.name else ""


def _pages() -> list[tuple[type[Model], ServiceModelAdmin]]:
    return [(model, page) for model, page in admin.site._registry.items() if isinstance(page, ServiceModelAdmin)]


def _office_rows() -> Iterator[Row]:
    yield _office("index", _C.OFFICE)
    yield _office("find", _C.OFFICE)
    yield _office("find", _C.OFFICE, method="POST")
    yield _office("search", _C.OFFICE)
    # Offers nothing outside the scope of the capability that a form asks for.
    yield _office("regions_region_choose", _C.OFFICE)
    yield _office("day_tree", _C.REPORT_VIEW)
    yield _office("phones", _C.USER_VIEW)
    yield _office("password_change", _C.OFFICE)
    yield _office("jsi18n", _C.OFFICE)
    for model, page in _pages():
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
    yield _office("reports_outboxfile_file", _C.REPORT_VIEW, key="reports_outboxfile")


ROWS = API + list(_office_rows())
#: Addresses that are open to all, or answer for others: sign-in and its way out, the phone app's shell, what is left.
OPEN = {
    "healthz", "admin/login/", "admin/logout/", "admin/autocomplete/", "admin/(?P<url>.*)$", "^api/",
    "^(?!static/|assets/|ws/)(?P<path>.*)$",
    # Tested below: no key of a corner leads there.
    "admin/policies/policyrule/<path:object_id>/change/", "admin/policies/policyrule/<path:object_id>/history/",
}  # fmt: skip


def test_every_address_has_a_row() -> None:
    known = {row.route for row in ROWS} | OPEN
    routes = {route for route, _ in _named_routes() if "(?P<app_label>" not in route}
    assert routes - known == set(), "an address that the matrix does not know"
    assert known - routes == set(), "a row for an address that does not exist"
    methods = {(f"{route}", method) for route, view in api_views() for method in view.capabilities}
    assert methods - {(row.route, row.method) for row in API} == set(), "a method that the matrix does not know"


def test_rows_ask_for_what_the_views_declare() -> None:
    declared = {(route, method): str(need) for route, view in api_views() for method, need in view.capabilities.items()}
    for row in API:
        assert declared[row.route, row.method] == row.need, (row.route, row.method)


def test_pages_name_real_capabilities() -> None:
    assert len(_pages()) == len(admin.site._registry)
    for _, page in _pages():
        assert page.view_capability in Capability.values, page
        for deed in page.deeds:
            assert deed.capability in Capability.values, deed


@pytest.fixture
def corners(tree: Any, policies: None, user_with: Callable[..., User]) -> tuple[Corner, Corner]:
    Region.objects.bulk_create(
        Region(code=THERE[:n], name=f"别省{n}", level=LEVEL_OF[n], parent_code=THERE[:m] if m else None)
        for m, n in ((0, 2), (2, 4), (4, 6), (6, 9), (9, 12), (12, 15))
    )  # fmt: skip
    closer = user_with(Role.TOWNSHIP, CELL[:9], "closer")
    Duty.objects.create(user=closer, role=Role.TOWNSHIP, region_code=THERE[:9], valid_from=clock.today())
    return furnish(CELL), furnish(THERE)


class _UndoneError(Exception):
    """Rolls back what a request wrote."""


def _signed_in(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user, backend="backend.accounts.backends.AccountBackend")
    return client


def _ask(browser: Client, row: Row, corner: Corner) -> Any:
    """What `row` answers to this browser; nothing that it does lasts, not even signing out."""
    client = Client(raise_request_exception=False)
    client.cookies = copy.deepcopy(browser.cookies)
    answer: Any = None
    try:
        with transaction.atomic():
            row.given(corner)
            if row.office:
                answer = client.generic(row.method, row.url(corner), content_type="application/x-www-form-urlencoded")
            else:
                data = json.dumps(row.body(corner)) if row.method != "GET" else ""
                answer = client.generic(row.method, row.url(corner), data, content_type="application/json")
            raise _UndoneError
    except _UndoneError:
        return answer


def _shut(row: Row, answer: Any) -> bool:
    """Whether this is a refusal for want of a capability."""
    to_login = row.office and answer.status_code == 302 and "/admin/login/" in answer["Location"]
    return answer.status_code in row.refusals or to_login


def _open(answer: Any) -> bool:
    to_login = answer.status_code == 302 and "/admin/login/" in answer["Location"]
    return answer.status_code not in {401, 403, 404, 405} and answer.status_code < 500 and not to_login


@pytest.fixture
def unrendered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are decided upon but not drawn: what they look like is `tests/office`'s business, and takes its time."""
    monkeypatch.setattr(SimpleTemplateResponse, "rendered_content", property(lambda response: ""))


@pytest.mark.parametrize("role", list(Role))
def test_role(role: Role, corners: tuple[Corner, Corner], user_with: Callable[..., User], unrendered: None) -> None:
    here, there = corners
    browser = _signed_in(user_with(role, HOME[role], "subject"))
    wrong: list[str] = []
    for row in ROWS:
        if row.need == ANYONE:
            continue
        inside = _ask(browser, row, here)
        if not (_open(inside) if row.allows(role) else _shut(row, inside)):
            wrong.append(f"here: {row.method} {row.route} → {inside.status_code}, allowed: {row.allows(role)}")
        if not row.scoped:
            continue
        outside = _ask(browser, row, there)
        # Where the deed itself is shut to this role, the missing may look missing.
        if outside.status_code != 404 and (row.allows(role) or not _shut(row, outside)):
            wrong.append(f"there: {row.method} {row.route} → {outside.status_code}, allowed: {row.allows(role)}")
    assert not wrong, "\n".join(wrong)


def test_nobody(corners: tuple[Corner, Corner]) -> None:
    """Without a session: 401 from the API, the sign-in page from the office, on every address but the open ones."""
    here, _ = corners
    wrong = []
    for row in ROWS:
        answer = _ask(Client(), row, here)
        if row.need == ANYONE:
            fine = answer.status_code not in {401, 403, 405} and answer.status_code < 500
        elif row.office:
            fine = answer.status_code == 302 and "/admin/login/" in answer["Location"]
        else:
            fine = answer.status_code == 401
        if not fine:
            wrong.append(f"{row.method} {row.route} → {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def test_lists_hold_nothing_from_elsewhere(corners: tuple[Corner, Corner], user_with: Callable[..., User]) -> None:
    """No list of any role names an object of the other province."""
    _, there = corners
    marks = {str(value) for value in addresses(there).values() if len(str(value)) > 10}
    for role in Role:
        browser = _signed_in(user_with(role, HOME[role], f"reader-{role.value}"))
        for row in ROWS:
            if row.scoped or row.method != "GET" or row.need == ANYONE or not row.allows(role):
                continue
            answer = _ask(browser, row, there)
            text = b"".join(answer).decode() if answer.streaming else answer.content.decode()
            assert not [mark for mark in marks if mark in text], (role, row.route)


def test_an_overlay_is_seen_where_it_applies(corners: tuple[Corner, Corner], user_with: Callable[..., User]) -> None:
    foreign = PolicyRule.objects.filter(region_code="").first()
    assert foreign is not None
    national = foreign.pk
    foreign.pk, foreign.region_code, foreign.in_force = None, THERE[:2], False
    foreign.save()
    client = _signed_in(user_with(Role.TOWNSHIP, CELL[:9]))
    for page in ("change", "history"):
        url = f"admin:policies_policyrule_{page}"
        assert client.get(reverse(url, args=[national])).status_code in {200, 302}
        assert client.get(reverse(url, args=[foreign.pk])).status_code == 404


def test_autocomplete_is_no_way_round(corners: tuple[Corner, Corner], user_with: Callable[..., User]) -> None:
    """Django's autocomplete answers for related fields of registered pages; what it lists is scoped or refused."""
    _, there = corners
    client = _signed_in(user_with(Role.TOWNSHIP, CELL[:9]))
    for model in admin.site._registry:
        for related in (f for f in model._meta.get_fields() if f.many_to_one and f.concrete):
            answer = client.get(
                reverse("admin:autocomplete"),
                {
                    "app_label": model._meta.app_label, "model_name": str(model._meta.model_name),
                    "field_name": str(related.name), "term": "",
                },
            )  # fmt: skip
            assert answer.status_code in {200, 403, 404}
            if answer.status_code == 200:
                shown = {row["id"] for row in answer.json()["results"]}
                assert not shown & {str(v) for v in addresses(there).values()}


def test_bulk_actions_reach_only_the_scope(corners: tuple[Corner, Corner], user_with: Callable[..., User]) -> None:
    here, there = corners
    client = _signed_in(user_with(Role.TOWNSHIP, CELL[:9]))
    chosen = [str(here.alert.pk), str(there.alert.pk)]
    client.post(
        reverse("admin:alerts_alert_changelist"), {"action": "acknowledge_chosen", "_selected_action": chosen}
    )  # fmt: skip
    states = dict(Alert.objects.filter(pk__in=chosen).values_list("pk", "state"))
    assert states == {here.alert.pk: "acknowledged", there.alert.pk: "open"}
    auditor = _signed_in(user_with(Role.AUDITOR, CELL[:6]))
    answer = auditor.post(
        reverse("admin:alerts_alert_changelist"), {"action": "acknowledge_chosen", "_selected_action": chosen}
    )  # fmt: skip
    assert answer.status_code == 403
