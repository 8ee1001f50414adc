"""Inputs that are right as they stand; a test names only what it is about."""

from typing import Any

from backend.core.ids import new_id
from backend.residents.rules import HouseholdInput, PersonInput
from tests.conftest import CELL

#: The cell beside `CELL` in the same village.
SECOND_CELL = "220521901901902"
#: Plain values that must never show up where they do not belong.
HEAD, PHONE = "张三丰", "13812345678"
NAME, PERSON_PHONE, DOCUMENT = "李四光", "13987654321", "11010519491231002X"


def household(**changes: Any) -> HouseholdInput:
    values: dict[str, Any] = {
        "id": new_id(),
        "region_code": CELL,
        "address": "人民路12号",
        "building": "3",
        "unit": "2",
        "floor": 5,
        "door": "501",
        "head_name": HEAD,
        "headcount": 3,
        "phone": PHONE,
    }
    return HouseholdInput(**values | changes)


def person(**changes: Any) -> PersonInput:
    values: dict[str, Any] = {
        "id": new_id(),
        "region_code": CELL,
        "name": NAME,
        "purpose": "returnee",
        "document_type": "id_card",
        "document_number": DOCUMENT,
        "phone": PERSON_PHONE,
        "address": "东沟屯12号",
    }
    return PersonInput(**values | changes)
