"""The search for personal data finds it wherever it hides, and says where without repeating it."""

import base64
import json
import time

import pytest
import redis
from django.conf import settings

from backend.ops.simulate.privacy import BrokerTap, found_in, scan

NAME, PHONE, DOCUMENT, NOTE = "璩翀燚", "12912345678", "99010119460101001X", "密语0123456789"
SECRETS = {NAME, PHONE, DOCUMENT, NOTE}


@pytest.mark.parametrize("secret", sorted(SECRETS))
@pytest.mark.parametrize(
    "hidden",
    [
        lambda s: f"log line: {s} done",
        lambda s: json.dumps({"body": s}),
        lambda s: base64.b64encode(json.dumps([{"name": s}, "padding to be long enough"]).encode()).decode(),
        lambda s: f"/api/v1/x/?q=1{s}2",
    ],
)
def test_found_in_every_disguise(secret: str, hidden) -> None:
    assert secret in found_in(hidden(secret), SECRETS)


def test_ordinary_text_is_clean_and_a_leak_is_not_repeated() -> None:
    differences, read = scan(
        {"日志": ["发热 38.2℃ 模拟3村901组12号 420102901901901"], "地址": [f"/?phone={PHONE}"]}, SECRETS
    )
    assert differences == ["地址: 1 pieces of personal data"]
    assert read > 0


def test_a_search_that_read_nothing_is_no_search() -> None:
    assert scan({"日志": []}, SECRETS) == (["日志: nothing to search"], 0)


def test_the_tap_hears_what_is_said_to_redis() -> None:
    client = redis.Redis.from_url(settings.REDIS_URL)
    with BrokerTap(settings.REDIS_URL) as tap:
        for _ in range(50):
            client.publish("tests.privacy", f"task of {PHONE}")
            if any(PHONE in line for line in tap.lines):
                break
            time.sleep(0.1)
    assert scan({"任务与消息": tap.lines}, SECRETS)[0] == ["任务与消息: 1 pieces of personal data"]
