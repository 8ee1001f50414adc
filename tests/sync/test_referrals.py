"""上交记录: what came back to a phone is handed up, kept sealed, answered, and taken in exactly once."""

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from backend.accounts.choices import Role
from backend.accounts.models import Duty, User
from backend.core import clock
from backend.core.errors import ApiError
from backend.core.ids import new_id
from backend.facts.models import SyncItem
from backend.residents.models import Household, SealedBlob
from backend.residents.services import blobs_purge, household_create
from backend.sync.choices import ReferralState
from backend.sync.closing import day_close
from backend.sync.models import Referral
from backend.sync.referrals import referral_answer, referred
from backend.sync.taking_in import referral_take_in
from backend.visits.models import Visit
from tests.conftest import CELL
from tests.residents.factories import household as household_input
from tests.sync.conftest import DEVICE, item
from tests.sync.edits import Push, said

pytestmark = pytest.mark.django_db


def refer(refused: dict[str, Any], code: str = "unknown_household", **more: Any) -> dict[str, Any]:
    """`refused` as the phone hands it up."""
    body = {name: refused[name] for name in ("kind", "schema", "seq", "observed_at")}
    return item("referral", {**body, "item": refused["id"], "record": refused["body"], "code": code, **more}, seq=2)


@pytest.fixture
def refused(push: Push) -> dict[str, Any]:
    """A visit to a household that nobody has registered yet."""
    visit = item("visit", {"household": str(new_id()), "outcome": "seen_well", "note": "孙七在家"})
    assert said(push(visit)) == [("rejected", "unknown_household")]
    return visit


@pytest.fixture
def clerk(user_with: Callable[..., User]) -> User:
    return user_with(Role.TOWNSHIP, CELL[:9], "clerk")


def test_it_is_kept_sealed_and_told_to_its_author(
    push: Push, phone: APIClient, refused: dict[str, Any], worker: User
) -> None:
    sent = refer(refused, note="孙七家是新搬来的", place="3幢2单元501")
    assert said(push(sent)) == [("created", None)]
    assert said(push(sent)) == [("duplicate", None)]
    kept = Referral.objects.get()
    assert (str(kept.pk), str(kept.item), kept.region_code) == (sent["id"], refused["id"], CELL)
    assert (kept.kind, kept.code, kept.state) == ("visit", "unknown_household", "open")
    with connection.cursor() as cursor:
        for table in ("sync_referral", "residents_sealedblob", "facts_syncitem", "audit_auditentry"):
            cursor.execute(f"SELECT t::text FROM {table} t")
            assert "孙七" not in str(cursor.fetchall())
    content = referred(kept)
    assert (content.note, content.item.id) == ("孙七家是新搬来的", kept.item)
    assert "孙七在家".encode() in bytes(content.item.body)
    assert not Visit.objects.exists()


def test_taken_in_when_the_reason_is_gone_once_and_with_its_own_time(push: Push, worker: User, clerk: User) -> None:
    household = new_id()
    made_at = clock.now() - dt.timedelta(hours=5)
    visit = item("visit", {"household": str(household), "outcome": "seen_well"}, observed_at=made_at.isoformat())
    push(visit)
    push(refer(visit))
    kept = Referral.objects.get()
    assert referral_take_in(referral=kept, actor=clerk).code == "unknown_household"
    kept.refresh_from_db()
    assert kept.state == ReferralState.OPEN

    _register(household)
    assert referral_take_in(referral=kept, actor=clerk).verdict == "created"
    stored = Visit.objects.get()
    assert (str(stored.pk), stored.author_id, stored.region_code) == (visit["id"], worker.pk, CELL)
    assert abs(stored.corrected_at - made_at) < dt.timedelta(minutes=1)
    kept.refresh_from_db()
    assert (kept.state, kept.answered_by_name) == ("stored", clerk.display_name)
    # The phone that sends it all the same finds it there, and so does a second tap in the office.
    assert said(push(visit)) == [("duplicate", None)]
    assert referral_take_in(referral=kept, actor=clerk).verdict == "duplicate"
    assert Visit.objects.count() == 1
    closed = day_close(user=worker, device=uuid.UUID(DEVICE), day=stored.business_day, made=[kept.pk])
    assert (closed.closed, closed.confirmed, closed.forgotten) == (True, 1, 0)


def test_a_clock_days_off_is_put_right_when_it_is_taken_in(push: Push, clerk: User) -> None:
    household = new_id()
    off = dt.timedelta(days=3)
    phones_now = clock.now() + off
    visit = item("visit", {"household": str(household), "outcome": "seen_well"}, observed_at=phones_now.isoformat())
    push(visit, sent_at=phones_now)
    handed = refer(visit)
    handed["observed_at"] = phones_now.isoformat()
    push(handed, sent_at=phones_now)
    _register(household)
    referral_take_in(referral=Referral.objects.get(), actor=clerk)
    stored = Visit.objects.get()
    assert (stored.business_day, stored.doubtful) == (clock.today(), False)


def _register(household: Any) -> Household:
    return household_create(item=household_input(id=household), actor=None)


@pytest.mark.parametrize("state", ["recorded", "again", "dismissed"])
def test_an_answer_stands_and_its_content_goes_after_a_month(
    push: Push, refused: dict[str, Any], clerk: User, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    push(refer(refused))
    kept = Referral.objects.get()
    referral_answer(referral_id=kept.pk, state=ReferralState(state), actor=clerk)
    referral_answer(referral_id=kept.pk, state=ReferralState(state), actor=clerk)
    other = ReferralState.DISMISSED if state != "dismissed" else ReferralState.AGAIN
    with pytest.raises(ApiError, match="wrong_state"):
        referral_answer(referral_id=kept.pk, state=other, actor=clerk)
    assert SealedBlob.objects.get(pk=kept.content).expires_at < clock.now() + dt.timedelta(days=31)
    monkeypatch.setattr(clock, "now", _later(days=31))
    blobs_purge()
    with pytest.raises(ApiError, match="wrong_state"):
        referral_take_in(referral=kept, actor=clerk)


def test_what_nobody_answered_is_kept(push: Push, refused: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    push(refer(refused))
    monkeypatch.setattr(clock, "now", _later(days=365))
    blobs_purge()
    assert referred(Referral.objects.get()).item.kind == "visit"


def _later(*, days: int) -> Callable[[], dt.datetime]:
    moment = clock.now() + dt.timedelta(days=days)
    return lambda: moment


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"kind": "referral"}, "bad_field", "body.kind"),
        ({"kind": "conflict_choice"}, "bad_field", "body.kind"),
        ({"record": "text"}, "bad_field", "body.record"),
        ({"code": "不是代码"}, "bad_field", "body.code"),
        ({"note": "x" * 501}, "bad_field", "body.note"),
        ({"more": 1}, "unknown_field", "body.more"),
        ({"note": "a\u0000b"}, "bad_field", "body"),
        ({"record": {"note": "长" * 3000}}, "item_too_large", None),
    ],
)
def test_a_bad_one_is_sent_back_itself(
    push: Push, refused: dict[str, Any], change: dict[str, Any], code: str, field: str | None
) -> None:
    sent = refer(refused)
    sent["body"].update(change)
    (result,) = push(sent)["results"]
    assert (result["verdict"], result["code"], result.get("field")) == ("rejected", code, field)
    assert not Referral.objects.exists()
    assert SyncItem.objects.get(pk=sent["id"]).verdict == "rejected"


def test_it_goes_to_the_office_of_the_cell_that_was_his_that_day(
    push: Push, refused: dict[str, Any], worker: User
) -> None:
    made_at = clock.now() - dt.timedelta(days=1)
    day = clock.business_day(made_at)
    Duty.objects.filter(user=worker).update(valid_from=day - dt.timedelta(days=9), valid_to=day)
    Duty.objects.create(user=worker, role=Role.GRID_WORKER, region_code=CELL[:12] + "900", valid_from=clock.today())
    sent = refer(refused)
    sent["observed_at"] = made_at.isoformat()
    assert said(push(sent))[0][0] == "created"
    assert Referral.objects.get().region_code == CELL


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00"])
def test_a_moment_that_no_calendar_holds_is_sent_back(push: Push, refused: dict[str, Any], moment: str) -> None:
    of_the_record, of_the_phone = refer(refused), refer(refused)
    of_the_record["body"]["observed_at"] = of_the_phone["observed_at"] = moment
    assert said(push(of_the_record)) == [("rejected", "bad_field")]
    assert said(push(of_the_phone, sent_at=dt.datetime.fromisoformat(moment))) == [("rejected", "bad_field")]


def test_the_number_of_statements_does_not_grow_with_the_referrals(push: Push, refused: dict[str, Any]) -> None:
    with CaptureQueriesContext(connection) as none:
        push(item("visit", {"household": str(new_id()), "outcome": "seen_well"}))
    assert not [query for query in none if "sync_referral" in str(query["sql"])]
    with CaptureQueriesContext(connection) as one:
        push(refer(refused))
    with CaptureQueriesContext(connection) as many:
        push(*[refer(refused) for _ in range(20)])
    assert (len(many), Referral.objects.count()) == (len(one), 21)
