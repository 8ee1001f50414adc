"""One error shape, one list of codes, every code documented and in Chinese."""

import re
from pathlib import Path

import pytest
from rest_framework.test import APIClient

from backend.core.errors import ApiError, ErrorCode, error_body

DOCS = Path(__file__).resolve().parents[2] / "docs" / "errors.md"


@pytest.mark.parametrize("code", list(ErrorCode))
def test_every_code_speaks_chinese_and_says_what_to_do(code: ErrorCode) -> None:
    assert re.search(r"[\u4e00-\u9fff]", code.message)
    assert code.message.endswith("。")
    assert 400 <= code.status < 600


def test_codes_are_unique_on_the_wire() -> None:
    assert len({code.code for code in ErrorCode}) == len(ErrorCode)


def test_every_code_is_documented() -> None:
    text = DOCS.read_text(encoding="utf-8")
    assert [code.code for code in ErrorCode if f"`{code.code}`" not in text] == []


def test_the_shape_has_no_empty_parts() -> None:
    assert set(error_body(ErrorCode.NOT_FOUND)) == {"code", "message"}
    full = ApiError(ErrorCode.BAD_FIELD, field="x", detail={"a": 1}).body()
    assert set(full) == {"code", "message", "field", "detail"}


@pytest.mark.parametrize("path", ["/api/v1/nothing/", "/api/", "/api/v2/session/"])
def test_unknown_addresses_answer_in_the_one_shape(path: str) -> None:
    response = APIClient().get(path)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


@pytest.mark.django_db
def test_not_signed_in_is_401_with_the_shape() -> None:
    response = APIClient().get("/api/v1/sync/pull/")
    assert (response.status_code, response.json()["code"]) == (401, "not_signed_in")
    assert response["WWW-Authenticate"] == "Session"
