"""Identity documents (证件): the resident identity number of GB 11643-1999 and the shapes of the others.

An identity number has 18 places: area 6, day of birth 8, order 3 (odd for men, even for women), check digit 1. The old
form has 15: the century and the check digit are missing. The area is that of first registration and may have been
abolished since, or never have existed in demo data: who reads it may warn, and never refuses.
"""

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_DIGITS = "10X98765432"

_ID_CARD = re.compile(r"\d{17}[\dX]", re.ASCII)
_OLD_ID_CARD = re.compile(r"\d{15}", re.ASCII)
_FIRST_BIRTH = dt.date(1890, 1, 1)
_SHAPES = {
    "passport": re.compile(r"[A-Z0-9]{5,17}", re.ASCII),
    # 港澳: H or M and eight digits, older cards with two digits of the issue number behind them.
    "hk_macau": re.compile(r"[HM]\d{8}(?:\d{2})?", re.ASCII),
    # 台湾: eight digits; older booklets had ten and a letter.
    "taiwan": re.compile(r"\d{8}|\d{10}[A-Z]?", re.ASCII),
    "other": re.compile(r"[A-Z0-9]{4,30}", re.ASCII),
}


@dataclass(frozen=True)
class DocumentReading:
    """What an identity number says. `area` is the county of first registration, which may be abolished."""

    number: str
    area: str
    born_on: dt.date
    male: bool

    def __repr__(self) -> str:
        return "<DocumentReading>"


def check_digit(first_17: str) -> str:
    """The 18th place for 17 digits: weighted sum modulo 11 (GB 11643-1999)."""
    return CHECK_DIGITS[sum(int(digit) * weight for digit, weight in zip(first_17, WEIGHTS, strict=True)) % 11]


def normalise_document(kind: str, text: str) -> str:
    """One spelling per document: no separators, capitals, and the 18-digit form of an old identity number."""
    plain = re.sub(r"[\s\-]", "", unicodedata.normalize("NFKC", text)).upper()
    if kind == "id_card" and _OLD_ID_CARD.fullmatch(plain):
        widened = plain[:6] + "19" + plain[6:]
        return widened + check_digit(widened)
    return plain


def read_id_card(text: str, *, today: dt.date) -> DocumentReading | None:
    """The reading of an identity number in either form, or None when it is wrong.

    Wrong means: not 18 or 15 places, a check digit that does not fit, or no such day of birth up to `today`.
    """
    number = normalise_document("id_card", text)
    if not _ID_CARD.fullmatch(number) or check_digit(number[:17]) != number[17]:
        return None
    try:
        born_on = dt.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None
    if not _FIRST_BIRTH <= born_on <= today:
        return None
    return DocumentReading(number, number[:6], born_on, int(number[16]) % 2 == 1)


def document_problem(kind: str, text: str, *, today: dt.date) -> bool:
    """Whether `text` cannot be a document number of this kind."""
    if kind == "id_card":
        return read_id_card(text, today=today) is None
    shape = _SHAPES.get(kind)
    return shape is None or shape.fullmatch(normalise_document(kind, text)) is None
