"""Records pushed as a phone pushes them, for tests that watch other screens."""

import datetime as dt
from typing import Any

from uuid_utils.compat import uuid4, uuid7

from tests.api_client import Api
from tests.conformance.world import today


def households_of(api: Api) -> list[dict[str, Any]]:
    """The caller's households, as a phone downloads them."""
    found, cursor = [], ""
    while True:
        page = api.get("sync/pull/", cursor=cursor, limit=2000)
        found += [c["data"] for c in page["changes"] if c["kind"] == "household" and c["op"] == "put"]
        if not page["more"]:
            return sorted(found, key=lambda row: row["sort"])
        cursor = page["cursor"]


def calm_household(api: Api) -> str:
    """The last of the caller's households about which nothing is open: a fever there is a new alert."""
    states = ("open", "acknowledged")
    alerts = [row for state in states for row in api.get("alerts/", after=0, state=state, limit=500)["alerts"]]
    busy = {row.get("household") for row in alerts}
    return next(row["id"] for row in reversed(households_of(api)) if row["id"] not in busy)


def fever_push(api: Api, household: str, temperature: float) -> str:
    """A visit with somebody who has a fever, `created`; its id."""
    body = {"household": household, "outcome": "seen_unwell", "people": [{"temperature": temperature}]}
    return _pushed(api, "visit", 1, body)


def returnee_push(api: Api, household: str) -> str:
    """Somebody who came back today and is measured from now on; the person's id."""
    person = str(uuid4())
    body = {
        "person": person, "name": "归来人", "phone": "13900139001", "document_type": "passport",
        "document_number": f"G{uuid4().int % 10**8:08d}", "arrived_on": today(), "region": api.region,
        "origin": "11", "household": household,
    }  # fmt: skip
    _pushed(api, "returnee", 3, body)
    return person


def _pushed(api: Api, kind: str, schema: int, body: dict[str, Any]) -> str:
    now = dt.datetime.now(dt.UTC).isoformat()
    item = {"id": str(uuid7()), "kind": kind, "schema": schema, "seq": 1, "observed_at": now, "body": body}
    answer = api.post("sync/push/", {"device": str(uuid4()), "api_level": 1, "sent_at": now, "items": [item]}).json()
    assert answer["results"][0]["verdict"] == "created", answer
    return str(item["id"])


def alert_of(api: Api, household: str) -> dict[str, Any]:
    """The open alert about a household."""
    rows = [a for a in api.get("alerts/", after=0, state="open")["alerts"] if a.get("household") == household]
    assert len(rows) == 1, rows
    return rows[0]
