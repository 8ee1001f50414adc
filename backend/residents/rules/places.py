"""Doors (门牌): how a place is written, found, and put in walking order. None of these texts ever holds a name."""

import re
import unicodedata

_DIGITS = re.compile(r"(\d+)", re.ASCII)
_PLAIN_NUMBER = re.compile(r"[A-Z]?\d+[A-Z]?", re.ASCII)
_CHINESE_NUMBER = re.compile(r"[一二三四五六七八九十百]+")
_DIGIT_OF = {c: n for n, c in enumerate("零一二三四五六七八九")}
_UNIT_OF = {"十": 10, "百": 100}
#: Three numbers joined by dashes are building, unit and door in every list a village keeps: 3-2-501.
_DASHED = re.compile(r"(\d+)[-—–/](\d+)[-—–/](\d+)", re.ASCII)
_PAIR = re.compile(r"(\d+)[-—–/](\d+)", re.ASCII)
#: Floors are shifted so that basements sort below the ground.
_LOWEST_FLOOR = 100


def place_text(address: str, building: str, unit: str, door: str) -> str:
    """Where the door is, as one would say it: `3幢2单元501`; a house without building is `东沟屯12号`."""
    if not building and not unit:
        return f"{address}{door}号" if _PLAIN_NUMBER.fullmatch(door) else f"{address}{door}"
    return f"{building_text(building)}{_with(unit, '单元')}{door}"


def building_text(building: str) -> str:
    """A building as one says it: `3幢`; one that has a name keeps it."""
    return _with(building, "幢")


def _with(part: str, measure: str) -> str:
    return f"{part}{measure}" if _PLAIN_NUMBER.fullmatch(part) else part


def search_text(address: str, building: str, unit: str, door: str) -> str:
    """What a search for a door looks into: address and place, without spaces, full-width letters made plain."""
    place = place_text(address, building, unit, door)
    return _fold(place if place.startswith(address) else f"{address}{place}")


def query_terms(text: str) -> list[str]:
    """The pieces that must all occur in a `search_text`: `3-2-501` → `3幢2单元501`. At most five pieces."""
    terms = []
    for piece in unicodedata.normalize("NFKC", text).split():
        if match := _DASHED.fullmatch(piece):
            terms.append(f"{match[1]}幢{match[2]}单元{match[3]}")
        elif match := _PAIR.fullmatch(piece):
            terms.extend([f"{match[1]}幢", match[2]])
        else:
            terms.append(_fold(piece))
    return [term for term in terms if term][:5]


def _fold(text: str) -> str:
    return re.sub(r"[\s\x00-\x1f\x7f]", "", unicodedata.normalize("NFKC", text)).lower()


def walking_key(address: str, building: str, unit: str, floor: int | None, door: str) -> str:
    """Text whose byte order is the order of walking: address, building, unit, floor, door, numbers as numbers.

    Parts are joined by a character below every other, so a shorter part always comes before a longer one. Chinese
    numerals of building, unit and door count as numbers (三单元 before 十单元); in addresses they are names (三里屯).
    """
    level = "" if floor is None else f"{min(max(floor, -99), 899) + _LOWEST_FLOOR:03d}"
    return "\x1f".join(
        [_natural(address), _natural(_arabic(building)), _natural(_arabic(unit)), level, _natural(_arabic(door))]
    )


def _natural(text: str) -> str:
    """Every run of digits preceded by its length, so that 2 < 10 < 010a < 100 holds byte by byte."""
    return _DIGITS.sub(lambda match: _counted(match[0].lstrip("0") or "0"), _fold(text))


def _counted(number: str) -> str:
    return f"{len(number):03d}{number}"


def _arabic(text: str) -> str:
    return _CHINESE_NUMBER.sub(lambda match: str(_value(match[0])), text)


def _value(numeral: str) -> int:
    """`十二` → 12, `二十` → 20, `一百零五` → 105; a run of plain digits is read digit by digit."""
    if not any(c in _UNIT_OF for c in numeral):
        return int("".join(str(_DIGIT_OF[c]) for c in numeral))
    total, current = 0, 0
    for c in numeral:
        if c in _UNIT_OF:
            total += (current or 1) * _UNIT_OF[c]
            current = 0
        else:
            current = _DIGIT_OF[c]
    return total + current
