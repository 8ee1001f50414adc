"""Telephone numbers (电话): mainland mobile and landline numbers, and demo numbers that no network has assigned.

Mobile numbers have eleven digits and begin with 13 to 19 (second digit 3 to 9). No operator was assigned 12x: demo mode
invents its people's numbers there, and outside demo mode they are refused, so invented data cannot pass for real.
"""

import re
import unicodedata

DEMO_PHONE_PREFIX = "129"

_SEPARATORS = re.compile(r"[\s\-()（）—–]")
_COUNTRY = re.compile(r"^(?:\+|00)86")
_MOBILE = re.compile(r"1[3-9]\d{9}")
#: Area code with its leading zero, then seven or eight digits that begin with 2 to 9.
_LANDLINE = re.compile(r"0(?:10|2\d|[3-9]\d{2})[2-9]\d{6,7}")
_DEMO = re.compile(rf"{DEMO_PHONE_PREFIX}\d{{8}}")


def normalise_phone(text: str) -> str:
    """Digits only, without separators and without the country code 86. Full-width digits become plain ones."""
    plain = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text))
    return _COUNTRY.sub("", plain)


def phone_problem(text: str, *, demo: bool) -> bool:
    """Whether `text` is not a telephone number this system accepts. `demo` lets invented numbers (129…) pass."""
    number = normalise_phone(text)
    if not number.isascii():
        return True
    if _DEMO.fullmatch(number):
        return not demo
    return not (_MOBILE.fullmatch(number) or _LANDLINE.fullmatch(number))
