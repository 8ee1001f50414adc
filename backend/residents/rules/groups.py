"""Which households of a cell go together when it is split: of a building, a street or hamlet, or out of one cell."""

import re
from collections.abc import Sequence

from backend.residents.rules.places import building_text

_HOUSE_NUMBER = re.compile(r"[\s\d０-９]+[号號]?$")


def place_key(address: str, building: str) -> str:
    """Households with the same key stand at one place: the building; where there is none, the street or hamlet."""
    return f"{address}|{building}" if building else _street(address)


def origin_key(previous_codes: Sequence[str]) -> str:
    """The cell out of which a household came last; "" for one that was always here."""
    return previous_codes[-1] if previous_codes else ""


def place_label(address: str, building: str) -> str:
    """The place in words: `幸福小区 3幢`, `东沟屯`."""
    return f"{address} {building_text(building)}" if building else _street(address)


def _street(address: str) -> str:
    return _HOUSE_NUMBER.sub("", address) or address
