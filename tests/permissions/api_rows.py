"""The API's rows of the matrix: one for each address and method."""

from collections.abc import Callable
from typing import Any

from backend.accounts.choices import Capability
from backend.core import clock
from backend.core.api import ANYONE, SIGNED_IN
from tests.office.world import Corner
from tests.permissions.row import ABOVE, Row


def _api(route: str, method: str, need: str, url: Callable[[Corner], str] | str, **more: Any) -> Row:
    if isinstance(url, str):
        return Row(f"api/v1/{route}", method, need, lambda corner: f"/api/v1/{url}", scoped=False, **more)
    return Row(f"api/v1/{route}", method, need, lambda corner: f"/api/v1/{url(corner)}", **more)


def _today() -> str:
    return clock.today().isoformat()


def _reveal(_corner: Corner) -> dict[str, Any]:
    return {"purpose": "核实住址", "fields": ["name"]}


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
        lambda c: f"households/{c.household.pk}/reveal/", body=_reveal,
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
        body=_reveal,
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
