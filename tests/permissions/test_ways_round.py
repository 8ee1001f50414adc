"""What leads past the addresses of the matrix: rules that overlay others, autocomplete, actions on many rows."""

from collections.abc import Callable

from django.contrib import admin
from django.urls import reverse

from backend.accounts.choices import Role
from backend.accounts.models import User
from backend.alerts.models import Alert
from backend.policies.models import PolicyRule
from tests.conftest import CELL
from tests.office.world import Corner, addresses
from tests.permissions.asking import signed_in
from tests.permissions.conftest import THERE


def test_an_overlay_is_seen_where_it_applies(corners: tuple[Corner, Corner], user_with: Callable[..., User]) -> None:
    foreign = PolicyRule.objects.filter(region_code="").first()
    assert foreign is not None
    national = foreign.pk
    foreign.pk, foreign.region_code, foreign.in_force = None, THERE[:2], False
    foreign.save()
    client = signed_in(user_with(Role.TOWNSHIP, CELL[:9]))
    for page in ("change", "history"):
        url = f"admin:policies_policyrule_{page}"
        assert client.get(reverse(url, args=[national])).status_code in {200, 302}
        assert client.get(reverse(url, args=[foreign.pk])).status_code == 404


def test_autocomplete_is_no_way_round(corners: tuple[Corner, Corner], user_with: Callable[..., User]) -> None:
    """Django's autocomplete answers for related fields of registered pages; what it lists is scoped or refused."""
    _, there = corners
    client = signed_in(user_with(Role.TOWNSHIP, CELL[:9]))
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
    client = signed_in(user_with(Role.TOWNSHIP, CELL[:9]))
    chosen = [str(here.alert.pk), str(there.alert.pk)]
    client.post(
        reverse("admin:alerts_alert_changelist"), {"action": "acknowledge_chosen", "_selected_action": chosen}
    )  # fmt: skip
    states = dict(Alert.objects.filter(pk__in=chosen).values_list("pk", "state"))
    assert states == {here.alert.pk: "acknowledged", there.alert.pk: "open"}
    auditor = signed_in(user_with(Role.AUDITOR, CELL[:6]))
    answer = auditor.post(
        reverse("admin:alerts_alert_changelist"), {"action": "acknowledge_chosen", "_selected_action": chosen}
    )  # fmt: skip
    assert answer.status_code == 403
