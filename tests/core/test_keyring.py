"""Sealed values open only where they were sealed; keys rotate; keys made at once by two processes are one."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core import keyring


def test_what_is_sealed_opens() -> None:
    sealed = keyring.seal("王小明", row="1", column="name")
    assert "王".encode() not in sealed
    assert keyring.unseal(sealed, row="1", column="name") == "王小明"


@pytest.mark.parametrize(("row", "column"), [("2", "name"), ("1", "phone")])
def test_a_value_moved_to_another_place_does_not_open(row: str, column: str) -> None:
    sealed = keyring.seal("王小明", row="1", column="name")
    with pytest.raises(keyring.SealBrokenError):
        keyring.unseal(sealed, row=row, column=column)


@given(st.integers(min_value=0, max_value=200), st.integers(min_value=1, max_value=255))
def test_an_altered_value_does_not_open(position: int, flip: int) -> None:
    sealed = bytearray(keyring.seal("王小明", row="1", column="name"))
    sealed[position % len(sealed)] ^= flip
    with pytest.raises(keyring.SealBrokenError):
        keyring.unseal(bytes(sealed), row="1", column="name")


def test_a_new_key_seals_and_the_old_one_still_opens(settings) -> None:  # type: ignore[no-untyped-def]
    old = keyring.seal("王小明", row="1", column="name")
    (settings.KEY_FOLDER / "seal-2.key").write_bytes(b"k" * 32)
    keyring._load.cache_clear()
    new = keyring.seal("王小明", row="1", column="name")
    assert (old[:2], new[:2]) == (b"\0\1", b"\0\2")
    assert {keyring.unseal(value, row="1", column="name") for value in (old, new)} == {"王小明"}


def test_keys_are_made_once_and_for_the_owner_alone(settings) -> None:  # type: ignore[no-untyped-def]
    seen = []

    def use() -> None:
        seen.append(keyring.blind_index("x", column="phone"))

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(seen)) == 1
    modes = {file.stat().st_mode & 0o777 for file in settings.KEY_FOLDER.iterdir()}
    assert modes == {0o600}


def test_the_blind_index_is_keyed_and_per_column(settings) -> None:  # type: ignore[no-untyped-def]
    first = keyring.blind_index("13800000000", column="phone")
    assert first != keyring.blind_index("13800000000", column="document")
    (settings.KEY_FOLDER / "index.key").write_bytes(b"k" * 32)
    keyring._load.cache_clear()
    assert first != keyring.blind_index("13800000000", column="phone")
