"""Bodies of earlier schemas are read as they were meant, and no word of them is lost."""

import datetime as dt
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.returnees.choices import Transport
from backend.returnees.rules import transport_read, travel_problem
from backend.sync.former import ReturneeBody1, ReturneeBody2, ReturneeEditBody1
from backend.sync.schemas import KEPT, SCHEMAS, Former, Schemas, UnknownSchemaError
from backend.sync.shapes import ReturneeBody, VisitBody

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
SAID = st.one_of(
    TEXT, st.sampled_from(["火车", "G8012 次 5 车厢", "飞机转客车", "自驾 吉A12345", "坐船", " ", "摩托车"])
)


def raw(body: Any) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(body).encode())


def bodies(schema: int) -> st.SearchStrategy[dict[str, Any]]:
    """Well-formed bodies of `returnee` in one of its schemas before the last."""
    must = {
        "person": st.uuids().map(str), "name": TEXT.filter(bool),
        "phone": st.text("0123456789-+ ", min_size=1, max_size=20),
        "document_type": st.sampled_from(["id_card", "passport", "hk_macau", "taiwan", "other"]),
        "document_number": TEXT.filter(bool), "arrived_on": st.dates(dt.date(2000, 1, 1)).map(dt.date.isoformat),
        "region": st.from_regex(r"[0-9]{15}", fullmatch=True),
    }  # fmt: skip
    may = {
        "origin": st.from_regex(r"[0-9]{2}([0-9]{2}){0,2}", fullmatch=True), "origin_text": TEXT,
        "household": st.uuids().map(str), "address": TEXT,
    }  # fmt: skip
    ways = (
        {"transport": SAID}
        if schema == 1
        else {"transport": st.sampled_from(Transport.values), "transport_number": TEXT}
    )
    return st.fixed_dictionaries(must, optional=may | ways)


@pytest.mark.parametrize("schema", [1, 2])
@given(data=st.data())
def test_an_old_registration_is_a_valid_one_of_now(schema: int, data: st.DataObject) -> None:
    sent = data.draw(bodies(schema))
    read = SCHEMAS["returnee"].read(schema, raw(sent))[-1].body
    assert isinstance(read, ReturneeBody)
    kept = msgspec.to_builtins(read)
    for field in set(sent) - {"transport"}:
        assert kept.get(field, "") == sent[field]


@given(text=SAID)
def test_no_word_of_a_free_text_is_lost(text: str) -> None:
    transport, number = transport_read(text)
    assert travel_problem(transport=transport, transport_number=number, via="") is None
    label = Transport(transport).label if transport else ""
    words = "".join(c for c in text if not c.isspace() and c.isprintable())
    told = "".join(c for c in f"{label}{number}" if not c.isspace() and c.isprintable())
    assert words in told


@pytest.mark.parametrize(
    ("text", "transport", "number"),
    [
        ("", "", ""), ("  ", "", ""), ("火车", "train", ""), ("火车 G8012", "train", "G8012"),
        ("高铁", "train", "高铁"),
        ("G8012 次 5 车厢", "train", "G8012 次 5 车厢"), ("g8012", "train", "g8012"), ("CZ6113", "plane", "CZ6113"),
        ("长途汽车", "coach", "长途汽车"), ("自驾", "car", ""), ("自驾 吉A12345", "car", "吉A12345"),
        ("京AF0236", "other", "京AF0236"), ("飞机转客车", "other", "飞机转客车"), ("摩托", "other", "摩托"),
        ("飞机\n浦东", "plane", "浦东"),
    ],
)  # fmt: skip
def test_what_a_free_text_meant(text: str, transport: str, number: str) -> None:
    assert transport_read(text) == (transport, number)


@pytest.mark.parametrize(
    ("sent", "means"),
    [
        ({"transport": "自驾"}, {"transport": "car", "transport_number": None}),
        ({"transport": "火车 K7368"}, {"transport": "train", "transport_number": "K7368"}),
        ({"transport": None}, {"transport": None, "transport_number": None}),
        ({"transport": " "}, {}),
        ({"origin": None, "origin_text": "大连"}, {"origin": None, "origin_text": "大连"}),
        ({"left_on": None}, {"left_on": None}),
    ],
)
def test_an_old_edit_means_the_same(sent: dict[str, Any], means: dict[str, Any]) -> None:
    body = {"returnee": "0198c0de-0000-7000-8000-000000000001", "version": 4, "changes": sent}
    read = SCHEMAS["returnee_edit"].read(1, raw(body))[-1].body
    assert msgspec.to_builtins(read) == {**body, "changes": means}


@pytest.mark.parametrize(
    ("kind", "schema", "body", "field"),
    [
        ("returnee", 1, {"transport_number": "G1"}, "transport_number"),
        ("returnee", 1, {"via": "沈阳"}, "via"),
        ("returnee", 2, {"via": "沈阳"}, "via"),
        ("returnee_edit", 1, {"changes": {"via": "沈阳"}}, "via"),
    ],
)
def test_a_body_is_held_to_the_schema_it_names(kind: str, schema: int, body: dict[str, Any], field: str) -> None:
    """A field of a later schema is none of an earlier: nobody guesses what it was meant for."""
    with pytest.raises(msgspec.ValidationError, match=f"unknown field `{field}`"):
        SCHEMAS[kind].read(schema, raw(body))


def test_two_schemas_before_the_current_one_are_taken() -> None:
    for kind, schemas in SCHEMAS.items():
        assert schemas.current - schemas.oldest == min(KEPT, schemas.current - 1), kind
        for schema, newer in ((schemas.oldest - 1, False), (schemas.current + 1, True)):
            with pytest.raises(UnknownSchemaError) as caught:
                schemas.read(schema, raw({}))
            assert caught.value.newer is newer


def test_no_more_than_two_are_kept() -> None:
    def same(body: Any) -> Any:
        return body

    steps = (Former(ReturneeBody1, same), Former(ReturneeBody2, same), Former(ReturneeEditBody1, same))
    with pytest.raises(ValueError, match="former"):
        Schemas(current=4, shape=VisitBody, former=steps)
