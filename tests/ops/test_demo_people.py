"""Invented people: valid in form, refused outside the demo, never two alike."""

import datetime as dt
from random import Random

from backend.ops.demo.people import AREA, identity_number, person_name, phone_number, record_id
from backend.residents.rules import phone_problem, read_id_card


def test_identity_numbers_are_right_in_form_and_of_no_place() -> None:
    chance = Random(1)
    numbers = [identity_number(chance, serial=serial) for serial in range(30_000)]
    assert len(set(numbers)) == len(numbers)
    assert all(number.startswith(AREA) for number in numbers)
    assert all(read_id_card(number, today=dt.date(2026, 11, 22)) for number in numbers[::97])


def test_phones_pass_in_the_demo_alone() -> None:
    number = phone_number(Random(1))
    assert not phone_problem(number, demo=True)
    assert phone_problem(number, demo=False)


def test_the_same_seed_gives_the_same_people() -> None:
    at = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
    first, second = Random("a"), Random("a")
    for _ in range(20):
        assert (person_name(first), record_id(first, at)) == (person_name(second), record_id(second, at))


def test_record_ids_are_version_seven_and_carry_their_time() -> None:
    at = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
    made = record_id(Random(1), at)
    assert made.version == 7
    assert made.int >> 80 == int(at.timestamp() * 1000)
