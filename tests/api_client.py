"""A signed-in HTTP client, for asking a running stack what it holds."""

import weakref
from typing import Any

import httpx


class Api:
    """`Api(url, "province").get("reports/daily/", region="22", day="2026-11-22")` → JSON."""

    def __init__(self, url: str, username: str, password: str = "gridkeeper-demo") -> None:
        self.http = httpx.Client(base_url=f"{url.rstrip('/')}/api/v1/", timeout=30)
        weakref.finalize(self, self.http.close)
        answer = self.http.post("session/", json={"username": username, "password": password})
        answer.raise_for_status()
        self.session: dict[str, Any] = answer.json()
        self.http.headers["X-CSRFToken"] = self.session["csrf"]

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        answer = self.http.get(path, params=query)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:300])
        return answer.json()

    def post(self, path: str, body: Any) -> httpx.Response:
        return self.http.post(path, json=body)

    @property
    def region(self) -> str:
        """The region of the first duty."""
        return self.session["duties"][0]["region"]
