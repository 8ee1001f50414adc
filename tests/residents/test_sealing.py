"""The key ring under personal data: rotation, values moved elsewhere, blobs that expire, nothing in repr or log."""

import datetime as dt
import logging
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from backend.audit.models import AuditEntry
from backend.core import clock, keyring
from backend.core.keyring import SealBrokenError, blind_index, seal, seal_bytes, unseal, unseal_bytes
from backend.residents.models import Household, SealedBlob
from backend.residents.selectors import document_digest, phone_digest
from backend.residents.services import blob_open, blob_seal, blobs_purge, households_create, person_create
from backend.residents.services.sealing import HEAD, HOUSEHOLD_PHONE, opened
from tests.conftest import CELL
from tests.residents import factories
from tests.residents.factories import household, person


def add_key(settings: Any, number: int) -> Path:
    path = Path(settings.KEY_FOLDER) / f"seal-{number}.key"
    path.write_bytes(os.urandom(32))
    path.chmod(0o600)
    keyring._load.cache_clear()
    return path


def test_a_new_key_seals_and_the_old_one_still_opens(settings: Any) -> None:
    before = seal("李四光", row=1, column="person.name")
    add_key(settings, 2)
    after = seal("李四光", row=1, column="person.name")
    assert (before[:2], after[:2]) == (b"\x00\x01", b"\x00\x02")
    assert unseal(before, row=1, column="person.name") == unseal(after, row=1, column="person.name") == "李四光"


def test_a_lost_key_opens_nothing_and_the_other_still_does(settings: Any) -> None:
    before = seal("a", row=1, column="c")
    add_key(settings, 2)
    after = seal("b", row=1, column="c")
    (Path(settings.KEY_FOLDER) / "seal-1.key").unlink()
    keyring._load.cache_clear()
    with pytest.raises(SealBrokenError):
        unseal(before, row=1, column="c")
    assert unseal(after, row=1, column="c") == "b"


def test_key_files_are_for_their_owner_alone(settings: Any) -> None:
    seal("a", row=1, column="c")
    folder = Path(settings.KEY_FOLDER)
    assert {path.name for path in folder.iterdir()} == {"seal-1.key", "index.key"}
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in folder.iterdir())
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(("row", "column"), [(2, "person.name"), (1, "person.phone"), ("1|person.name", "")])
def test_a_value_moved_to_another_row_or_column_does_not_open(row: object, column: str) -> None:
    sealed = seal("李四光", row=1, column="person.name")
    with pytest.raises(SealBrokenError):
        unseal(sealed, row=row, column=column)


def test_an_altered_value_does_not_open() -> None:
    sealed = bytearray(seal("李四光", row=1, column="c"))
    for place in range(len(sealed)):
        bent = bytes(sealed[:place]) + bytes([sealed[place] ^ 1]) + bytes(sealed[place + 1 :])
        with pytest.raises(SealBrokenError):
            unseal(bent, row=1, column="c")


@given(st.binary(max_size=200), st.integers(), st.text(max_size=10))
def test_what_is_sealed_opens_again(content: bytes, row: int, column: str) -> None:
    assert unseal_bytes(seal_bytes(content, row=row, column=column), row=row, column=column) == content


def test_blind_indexes_are_equal_for_equal_values_of_one_kind_only() -> None:
    assert phone_digest("138-1234-5678") == phone_digest("+8613812345678")
    assert document_digest("id_card", "110105491231002") == document_digest("id_card", factories.DOCUMENT)
    assert document_digest("passport", "12345678") != document_digest("taiwan", "12345678")
    assert blind_index("1", column="phone") != blind_index("1", column="document")


@pytest.mark.usefixtures("tree")
def test_values_swapped_between_two_households_do_not_open() -> None:
    items = [household(), household(head_name="赵六", phone="13611112222")]
    households_create(items=items, actor=None)
    one, two = (Household.objects.get(pk=item.id) for item in items)
    assert opened(one, one.head_sealed, HEAD) == "张三丰"
    with pytest.raises(SealBrokenError):
        opened(one, two.head_sealed, HEAD)
    with pytest.raises(SealBrokenError):
        opened(one, one.phone_sealed, HEAD)
    assert opened(two, two.phone_sealed, HOUSEHOLD_PHONE) == "13611112222"


@pytest.mark.usefixtures("tree")
def test_nothing_personal_in_repr_log_or_audit(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    home = household()
    households_create(items=[home], actor=None)
    row = person_create(item=person(household_id=home.id, address=""), actor=None)
    stored = Household.objects.get(pk=home.id)
    said = "".join(f"{x!r}{x!s}" for x in (home, row, stored, stored.__dict__, row.__dict__))
    said += caplog.text + "".join(f"{entry.detail}" for entry in AuditEntry.objects.all())
    for value in (factories.HEAD, factories.PHONE, factories.NAME, factories.PERSON_PHONE, factories.DOCUMENT):
        assert value not in said


@pytest.mark.django_db
def test_a_blob_opens_until_its_day_and_is_then_purged(monkeypatch: pytest.MonkeyPatch) -> None:
    content = b'{"name": "\xe6\x9d\x8e\xe5\x9b\x9b"}\x00\xff'
    short = blob_seal(purpose="rejected_item", content=content, region_code=CELL, author_id=1, keep_days=30)
    long = blob_seal(purpose="uploaded_file", content=b"", region_code="", author_id=None, keep_days=90)
    assert content not in bytes(SealedBlob.objects.get(pk=short).sealed)
    assert (blob_open(blob_id=short), blob_open(blob_id=long)) == (content, b"")
    assert blobs_purge() == 0
    later = clock.now() + dt.timedelta(days=31)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert blob_open(blob_id=short) is None
    assert blobs_purge() == 1
    assert list(SealedBlob.objects.values_list("pk", flat=True)) == [long]


@pytest.mark.django_db
def test_purposes_of_blobs_are_named() -> None:
    blob_id = blob_seal(purpose="rejected_item", content=b"x", region_code=CELL, author_id=1, keep_days=1)
    SealedBlob.objects.get(pk=blob_id).clean_fields()
    with pytest.raises(ValidationError):
        SealedBlob(purpose="fun").clean_fields()
