"""The built app as it goes over the line."""

import re

import httpx
import pytest

from launch.stack import Stack

pytestmark = pytest.mark.e2e


def test_every_file_of_the_first_load_is_handed_out_packed(stack: Stack) -> None:
    """Mechanism: `pwa/scripts/pack.mjs`. Without it an empty phone on slow 3G waits for three times the bytes."""
    with httpx.Client(base_url=stack.url, headers={"Accept-Encoding": "gzip"}) as browser:
        files = re.findall(r'(?:src|href)="(/[^"]+\.(?:js|css))"', browser.get("/").text)
        assert len(files) > 2
        for path in [*files, "/sw.js"]:
            assert browser.get(path).headers.get("content-encoding") == "gzip", path
