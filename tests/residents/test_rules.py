"""Documents, phones, masking and walking order: pure rules, mostly as properties."""

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.residents.rules import (
    check_digit,
    document_problem,
    household_problem,
    mask_document,
    mask_name,
    mask_phone,
    normalise_document,
    normalise_phone,
    person_problem,
    phone_problem,
    place_text,
    query_terms,
    read_id_card,
    search_text,
    walking_key,
)
from tests.residents.factories import DOCUMENT, household, person

TODAY = dt.date(2026, 11, 22)
births = st.dates(min_value=dt.date(1890, 1, 1), max_value=TODAY)
areas = st.from_regex(r"[1-9][0-9]{5}", fullmatch=True)
orders = st.from_regex(r"[0-9]{3}", fullmatch=True)


def number(area: str, born: dt.date, order: str) -> str:
    first = f"{area}{born:%Y%m%d}{order}"
    return first + check_digit(first)


# ---- identity numbers (GB 11643-1999)


def test_the_example_of_the_standard() -> None:
    reading = read_id_card(DOCUMENT, today=TODAY)
    assert reading is not None
    assert (reading.area, reading.born_on, reading.male) == ("110105", dt.date(1949, 12, 31), False)


@given(areas, births, orders)
def test_every_number_with_its_check_digit_is_read(area: str, born: dt.date, order: str) -> None:
    reading = read_id_card(number(area, born, order), today=TODAY)
    assert reading is not None
    assert (reading.area, reading.born_on, reading.male) == (area, born, int(order[2]) % 2 == 1)


@given(areas, births, orders, st.integers(0, 17), st.sampled_from("0123456789X"))
def test_one_wrong_place_is_always_noticed(area: str, born: dt.date, order: str, place: int, other: str) -> None:
    good = number(area, born, order)
    wrong = good[:place] + other + good[place + 1 :]
    assert (read_id_card(wrong, today=TODAY) is None) == (wrong != good)


@given(areas, births, orders, st.integers(6, 16))
def test_two_neighbours_swapped_are_always_noticed(area: str, born: dt.date, order: str, place: int) -> None:
    good = number(area, born, order)
    swapped = good[:place] + good[place + 1] + good[place] + good[place + 2 :]
    assert swapped == good or read_id_card(swapped, today=TODAY) is None


@given(areas, st.dates(min_value=dt.date(1900, 1, 1), max_value=dt.date(1999, 12, 31)), orders)
def test_old_and_new_form_are_one_document(area: str, born: dt.date, order: str) -> None:
    old = f"{area}{born:%y%m%d}{order}"
    assert normalise_document("id_card", old) == number(area, born, order)
    assert not document_problem("id_card", old, today=TODAY)


@pytest.mark.parametrize(
    "spelling", ["11010519491231002x", " 110105 19491231 002X", "１１０１０５１９４９１２３１００２Ｘ"]
)
def test_spellings_of_one_number(spelling: str) -> None:
    assert normalise_document("id_card", spelling) == DOCUMENT


def test_an_area_that_never_was_is_no_reason_to_refuse() -> None:
    assert not document_problem("id_card", number("990101", dt.date(1980, 5, 1), "001"), today=TODAY)


@pytest.mark.parametrize("born", ["19490231", "18891231", "20261123", "00000000"])
def test_no_such_birthday(born: str) -> None:
    first = f"110105{born}002"
    assert read_id_card(first + check_digit(first), today=TODAY) is None


def test_a_reading_shows_nothing_of_itself() -> None:
    assert repr(read_id_card(DOCUMENT, today=TODAY)) == "<DocumentReading>"


@pytest.mark.parametrize(
    ("kind", "text", "wrong"),
    [
        ("passport", "E12345678", False),
        ("passport", "e1234 5678", False),
        ("passport", "护照12345", True),
        ("hk_macau", "H12345678", False),
        ("hk_macau", "M1234567890", False),
        ("hk_macau", "K12345678", True),
        ("taiwan", "01234567", False),
        ("taiwan", "0123456", True),
        ("other", "AB-12-34", False),
        ("other", "?", True),
        ("licence", "AB1234", True),
    ],
)
def test_other_documents_have_their_shapes(kind: str, text: str, wrong: bool) -> None:
    assert document_problem(kind, text, today=TODAY) is wrong


@given(st.sampled_from(["id_card", "passport", "hk_macau", "taiwan", "other", ""]), st.text(max_size=40))
def test_no_text_makes_the_document_check_fail(kind: str, text: str) -> None:
    document_problem(kind, text, today=TODAY)


# ---- telephones


@pytest.mark.parametrize("text", ["13812345678", "+86 138-1234-5678", "008613812345678", "１３８１２３４５６７８"])
def test_spellings_of_one_mobile_number(text: str) -> None:
    assert not phone_problem(text, demo=False)
    assert normalise_phone(text) == "13812345678"


@pytest.mark.parametrize("text", ["0435-3212345", "010 62345678", "021-5234567"])
def test_landlines(text: str) -> None:
    assert not phone_problem(text, demo=False)


@pytest.mark.parametrize(
    "text", ["", "1381234567", "138123456789", "12812345678", "0435-1234567", "138٠1234567", "张三", "+8513812345678"]
)
def test_what_is_no_telephone(text: str) -> None:
    assert phone_problem(text, demo=True)


@given(st.from_regex(r"129[0-9]{8}", fullmatch=True))
def test_demo_numbers_pass_only_in_the_demo(text: str) -> None:
    assert not phone_problem(text, demo=True)
    assert phone_problem(text, demo=False)


@given(st.text(max_size=30))
def test_normalising_twice_changes_nothing_for_numbers(text: str) -> None:
    if not phone_problem(text, demo=True):
        assert normalise_phone(normalise_phone(text)) == normalise_phone(text)


# ---- masking


@given(st.text(min_size=1, max_size=20).filter(str.strip))
def test_a_masked_name_keeps_one_character(name: str) -> None:
    assert mask_name(name) == f"{name.strip()[0]}*"


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_a_masked_phone_hides_four_digits(phone: str) -> None:
    assert mask_phone(phone) == f"{phone[:3]}****{phone[-4:]}"


def test_masks_of_short_values() -> None:
    assert (mask_name(" "), mask_phone("12345"), mask_document("AB"), mask_document(DOCUMENT)) == (
        "",
        "***45",
        "**",
        "1****************X",
    )


# ---- places and walking order


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (("人民路12号", "3", "2", "501"), "3幢2单元501"),
        (("人民路12号", "3号楼", "", "501"), "3号楼501"),
        (("人民路12号", "", "2", "501"), "2单元501"),
        (("东沟屯", "", "", "12"), "东沟屯12号"),
        (("东沟屯", "", "", "东院"), "东沟屯东院"),
        (("东沟屯", "", "", ""), "东沟屯"),
        (("小区", "A3", "1", "1201B"), "A3幢1单元1201B"),
    ],
)
def test_places_as_one_says_them(parts: tuple[str, str, str, str], said: str) -> None:
    assert place_text(*parts) == said


@given(st.lists(st.tuples(*[st.integers(0, 3000)] * 4), min_size=2, max_size=20))
def test_walking_order_takes_numbers_as_numbers(doors: list[tuple[int, int, int, int]]) -> None:
    keyed = sorted(doors, key=lambda d: walking_key(f"人民路{d[0]}号", f"{d[1]}幢", str(d[2]), None, str(d[3])))
    assert keyed == sorted(doors)


@given(st.lists(st.integers(-20, 200), min_size=2, max_size=10))
def test_floors_below_the_ground_come_first(floors: list[int]) -> None:
    assert sorted(floors, key=lambda floor: walking_key("路", "1", "1", floor, "")) == sorted(floors)


def test_chinese_numerals_of_buildings_are_numbers_and_names_of_streets_are_not() -> None:
    units = ["十二单元", "一百单元", "三单元", "二十单元", "一单元", "十单元", "二单元"]
    assert sorted(units, key=lambda unit: walking_key("路", "1", unit, None, "")) == [
        "一单元", "二单元", "三单元", "十单元", "十二单元", "二十单元", "一百单元",
    ]  # fmt: skip
    assert "三里屯" in walking_key("三里屯", "", "", None, "")


def test_a_shorter_part_comes_before_a_longer_one() -> None:
    assert walking_key("路1号", "9", "", None, "") < walking_key("路1号院", "1", "", None, "")


@given(st.text(max_size=30), st.text(max_size=20), st.text(max_size=10), st.text(max_size=10))
def test_keys_of_any_text_hold_no_control_but_the_separator(address: str, building: str, unit: str, door: str) -> None:
    key = walking_key(address, building, unit, None, door)
    assert key.count("\x1f") == 4
    assert not re.search(r"[\x00-\x1e]", key)


@pytest.mark.parametrize("q", ["3-2-501", "3幢 501", "人民路", "501", "３－２－５０１", "3-2 501", "3-501"])
def test_a_door_is_found_as_people_type_it(q: str) -> None:
    text = search_text("人民路12号", "3", "2", "501")
    assert (q == "3-2 501") or all(term in text for term in query_terms(q))


@given(st.text(max_size=60))
def test_no_search_text_makes_it_fail(text: str) -> None:
    assert all(term and "\x00" not in term for term in query_terms(text))


# ---- inputs


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"address": " "}, "missing_field", "address"),
        ({"head_name": ""}, "missing_field", "head_name"),
        ({"address": "路" * 121}, "bad_field", "address"),
        ({"door": "5\x000"}, "bad_field", "door"),
        ({"building": "\ud800"}, "bad_field", "building"),
        ({"headcount": 51}, "bad_field", "headcount"),
        ({"headcount": -1}, "bad_field", "headcount"),
        ({"floor": 201}, "bad_field", "floor"),
        ({"occupancy": "squatted"}, "bad_field", "occupancy"),
        ({"care": ["famous"]}, "bad_field", "care"),
        ({"care": ["infant", "infant"]}, "bad_field", "care"),
        ({"phone": "12912345678"}, "bad_phone", "phone"),
    ],
)
def test_what_is_wrong_with_a_household(changes: dict[str, object], code: str, field: str) -> None:
    problem = household_problem(household(**changes), demo=False)
    assert problem is not None
    assert (problem[0].code, problem[1]) == (code, field)


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"purpose": "curiosity"}, "bad_field", "purpose"),
        ({"name": " "}, "missing_field", "name"),
        ({"name": "名" * 41}, "bad_field", "name"),
        ({"address": ""}, "missing_field", "address"),
        ({"document_type": ""}, "missing_field", "document_type"),
        ({"document_number": ""}, "missing_field", "document_number"),
        ({"document_type": "licence"}, "bad_field", "document_type"),
        ({"document_number": "110105194912310021"}, "bad_document", "document_number"),
        ({"phone": "123"}, "bad_phone", "phone"),
    ],
)
def test_what_is_wrong_with_a_person(changes: dict[str, object], code: str, field: str) -> None:
    problem = person_problem(person(**changes), demo=False, today=TODAY)
    assert problem is not None
    assert (problem[0].code, problem[1]) == (code, field)


def test_right_inputs_have_no_problem_and_show_nothing() -> None:
    assert household_problem(household(), demo=False) is None
    assert person_problem(person(), demo=False, today=TODAY) is None
    shown = "".join(repr(item).replace(str(item.id), "") for item in (household(), person()))
    assert not any(value in shown for value in ("张三丰", "李四光", "138", "139", DOCUMENT))
