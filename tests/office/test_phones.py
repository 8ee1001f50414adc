"""手机日清: who has not closed a day, and files carried in by hand."""

import datetime as dt
import json
import uuid
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from backend.accounts.models import Device, User
from backend.core import clock, signing
from backend.core.ids import new_id
from backend.facts.models import SyncItem
from backend.sync.carrying import ticket_of
from backend.sync.models import CarriedFile, DayClosing
from backend.visits.models import Visit
from tests.office.world import Corner
from tests.sync.carried import carried_file
from tests.sync.conftest import item
from tests.sync.edits import edit, office_edits


def sent(device: Device, day: dt.date, count: int) -> None:
    """`count` records of a day that the server holds."""
    SyncItem.objects.bulk_create(
        SyncItem(
            id=new_id(), kind="visit", body_hash=b"0" * 16, device_id=device.pk, author_id=device.user_id, seq=n,
            day=day, verdict="created", received_at=timezone.now(),
        )
        for n in range(count)
    )  # fmt: skip


def closed(device: Device, day: dt.date, *, made: int, confirmed: int, refused: int = 0, author: int = 0) -> None:
    """What the phone compared, for its user or another `author`."""
    now = clock.now()
    DayClosing.objects.create(
        id=new_id(), device_id=device.pk, author_id=author or device.user_id, day=day, made=made, confirmed=confirmed,
        refused=refused, missing=made - confirmed - refused, forgotten=0, compared_at=now,
        closed_at=now if made == confirmed else None,
    )  # fmt: skip


def page(desk: Client, **query: str) -> str:
    answer = desk.get(reverse("admin:phones"), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_each_day_says_what_it_is(here: Corner, desk: Client) -> None:
    yesterday = clock.today() - dt.timedelta(days=1)
    sent(here.device, yesterday, 43)
    closed(here.device, yesterday, made=43, confirmed=43)
    sent(here.device, yesterday - dt.timedelta(days=1), 41)
    closed(here.device, yesterday - dt.timedelta(days=1), made=43, confirmed=41)
    sent(here.device, yesterday - dt.timedelta(days=2), 7)
    sent(here.device, yesterday - dt.timedelta(days=3), 19)
    closed(here.device, yesterday - dt.timedelta(days=3), made=20, confirmed=19, refused=1)
    text = page(desk)
    assert "已收齐 43" in text
    assert "缺 2（共 43 条）" in text
    assert "未核对 7" in text
    assert "待本人处理 1（共 20 条）" in text
    assert "无记录" in text


def test_a_record_that_came_after_the_closing_opens_the_day(here: Corner, desk: Client) -> None:
    yesterday = clock.today() - dt.timedelta(days=1)
    sent(here.device, yesterday, 5)
    closed(here.device, yesterday, made=4, confirmed=4)
    assert "未核对 5" in page(desk)


def test_only_the_open_ones(here: Corner, desk: Client) -> None:
    yesterday = clock.today() - dt.timedelta(days=1)
    assert "最近七天的记录全部收齐" in page(desk, only="open")
    sent(here.device, yesterday, 5)
    assert "红米 9A" in page(desk, only="open")
    closed(here.device, yesterday, made=5, confirmed=5)
    assert "红米 9A" not in page(desk, only="open")


def test_a_phone_of_two_is_closed_when_both_have_closed(here: Corner, desk: Client) -> None:
    yesterday = clock.today() - dt.timedelta(days=1)
    colleague = User.objects.create(username="colleague", display_name="同事", password="!").pk
    sent(here.device, yesterday, 5)
    SyncItem.objects.filter(device_id=here.device.pk, seq__lt=2).update(author_id=colleague)
    closed(here.device, yesterday, made=3, confirmed=3)
    assert "未核对 5" in page(desk)
    assert "红米 9A" in page(desk, only="open")
    closed(here.device, yesterday, made=2, confirmed=2, author=colleague)
    assert "已收齐 5" in page(desk)
    assert "红米 9A" not in page(desk, only="open")


def test_a_silent_phone_is_marked(here: Corner, desk: Client) -> None:
    Device.objects.filter(pk=here.device.pk).update(last_seen=timezone.now() - dt.timedelta(days=3))
    assert "3 天没有联系" in page(desk)


def test_another_township_sees_none_of_it(here: Corner, there: Corner, desk: Client) -> None:
    Device.objects.filter(pk=there.device.pk).update(name="别处的手机")
    assert "别处的手机" not in page(desk)


def test_the_page_costs_the_same_for_many_phones(here: Corner, desk: Client) -> None:
    page(desk)
    with CaptureQueriesContext(connection) as few:
        page(desk)
    Device.objects.bulk_create(
        Device(id=uuid.uuid4(), user=here.worker, name=f"手机 {n}", last_seen=timezone.now()) for n in range(30)
    )
    with CaptureQueriesContext(connection) as many:
        page(desk)
    assert len(few) == len(many)


def file_of(here: Corner, *items: dict[str, Any]) -> SimpleUploadedFile:
    """A file as the worker's phone makes it."""
    point = signing.public_key(signing.CARRY)
    keys = {
        "carry": {"key": signing.key_name(point), "point": signing.base64_text(point)},
        "ticket": signing.base64_text(ticket_of(user=here.worker, device=here.device.pk)),
    }
    content = json.dumps(carried_file(keys, str(here.device.pk), list(items))).encode()
    return SimpleUploadedFile("带出记录.gridkeeper", content)


def a_visit(household: uuid.UUID) -> dict[str, Any]:
    return item("visit", {"household": str(household), "outcome": "seen_well"})


def test_the_office_takes_a_carried_file_in_once(here: Corner, desk: Client) -> None:
    url = reverse("admin:sync_carriedfile_do_take_in")
    before, file = Visit.objects.count(), file_of(here, a_visit(here.household.pk))
    for _ in range(2):
        file.seek(0)
        assert desk.post(url, {"file": file}).status_code == 302
    assert Visit.objects.count() == before + 1
    assert CarriedFile.objects.exclude(pk=here.carried.pk).get().times == 2
    assert User.objects.get(pk=Visit.objects.latest("received_at").author_id) == here.worker


def test_what_a_file_leaves_to_its_author_is_counted_and_named(here: Corner, desk: Client) -> None:
    """Sent back, or changed by somebody else first: both wait on his phone."""
    clashed = edit("household", here.household.pk, {"headcount": 9}, version=here.household.version)
    office_edits(here.household, headcount=8)
    file = file_of(here, a_visit(here.household.pk), a_visit(new_id()), clashed)
    url = reverse("admin:sync_carriedfile_do_take_in")
    said = desk.post(url, {"file": file}, follow=True).content.decode()
    assert "新入库 1，此前已入库 0，待本人处理 2。" in said
    assert "第 2 条：" in said
    assert "第 3 条：这条修改中有的内容他人已先改过" in said
    assert "新入库 1，待本人处理 2" in desk.get(reverse("admin:sync_carriedfile_changelist")).content.decode()


def test_a_damaged_file_is_explained_on_the_form(here: Corner, desk: Client) -> None:
    url = reverse("admin:sync_carriedfile_do_take_in")
    answer = desk.post(url, {"file": SimpleUploadedFile("x", b"{}")})
    assert answer.status_code == 422
    assert "打不开" in answer.content.decode()
