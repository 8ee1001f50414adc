"""The offices of the simulated day: they listen, take alerts on and close them."""

import datetime as dt
from typing import Any

from backend.ops.simulate.sockets import Listener
from backend.ops.simulate.timeline import Hour
from backend.ops.simulate.truth import Concern, Truth
from backend.ops.simulate.wire import Wire
from backend.ops.simulate.world import Office


class Desk:
    """One office. Only townships (nine digits) act on alerts; the others look on."""

    def __init__(self, office: Office, wire: Wire, listener: Listener) -> None:
        self.office, self.wire, self.listener = office, wire, listener

    async def sign_in(self, password: str) -> None:
        await self.wire.sign_in(self.office.username, password)

    async def act(self, hour: Hour, truth: Truth, at: dt.datetime) -> None:
        """In the afternoon every other alert is taken on; in the evening those are closed, and half the rest taken on.

        What was done is written into `truth`.
        """
        if len(self.office.region) != 9:
            return
        if hour is Hour.EVENING:
            for alert in await self._alerts("acknowledged"):
                await self.wire.request("POST", f"/api/v1/alerts/{alert['id']}/close/", json={"reason": "handled"})
                self._concern(truth, alert).closed_at = at
        if hour in (Hour.AFTERNOON, Hour.EVENING):
            for alert in (await self._alerts("open"))[::2]:
                path = f"/api/v1/alerts/{alert['id']}/acknowledge/"
                await self.wire.request("POST", path, json={})
                await self.wire.request("POST", path, json={})
                self._concern(truth, alert).acknowledged_at = at

    async def _alerts(self, state: str) -> list[dict[str, Any]]:
        page = await self.wire.request("GET", "/api/v1/alerts/", params={"state": state, "limit": 500})
        return sorted(page["alerts"], key=lambda a: (a["region"], a["place"], a["rule"]))

    @staticmethod
    def _concern(truth: Truth, alert: dict[str, Any]) -> Concern:
        """The concern that this alert stands for. Raises RuntimeError when nothing gave cause for it."""
        key = (alert["rule"], alert["region"], alert["place"])
        for concern in truth.concerns:
            if concern.key == key and concern.closed_at is None:
                return concern
        raise RuntimeError(f"an alert without a cause: {key}")
