"""What goes up first: "When the server is busy" of docs/sync.md."""

from typing import Any

AT_ONCE = 5
#: An order, no judgement, which is the server's: who is warmer than the usual goes first.
WARM = 37.0


def is_urgent(item: dict[str, Any]) -> bool:
    """Whether it may raise an alert."""
    body = item["body"]
    seen = [body, *body.get("people", ())] if item["kind"] in ("visit", "check") else []
    return any((each.get("temperature") or 0) > WARM or each.get("symptoms") for each in seen)


def urgent_of(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first urgent ones of `items` and the registrations they speak of, in their order."""
    urgent = [item for item in items if is_urgent(item)][:AT_ONCE]
    wanted = {item["id"] for item in urgent}
    spoken_of = set().union(*(_names(item) for item in urgent)) if urgent else set()
    # A returnee that the batch brings may live in a household that it brings too.
    for kind, key in (("returnee", "person"), ("household", "household")):
        for item in items:
            if item["kind"] == kind and item["body"][key] in spoken_of:
                wanted.add(item["id"])
                spoken_of |= _names(item)
    return [item for item in items if item["id"] in wanted]


def _names(item: dict[str, Any]) -> set[str]:
    body = item["body"]
    named = [body, *body.get("people", ())]
    return {each[key] for each in named for key in ("household", "person") if each.get(key)}
