"""The search for personal data where none may be: logs, addresses, socket frames, whatever went to the broker."""

import base64
import binascii
import json
import re
import threading
from collections.abc import Iterable
from pathlib import Path

import redis

_DIGITS = re.compile(r"\d{11,}X?")
_CHINESE = re.compile(r"[\u3400-\u9fff]{3,}")
_TOKEN = re.compile(r"密语[0-9a-f]{10}")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{24,}={0,2}")
_LENGTHS = (11, 18)


def found_in(text: str, secrets: set[str]) -> set[str]:
    """Which of `secrets` stand in `text`, plain, as JSON escapes, or in base64.

    Secrets are names of three characters, numbers of 11 or 18 places, and notes that begin with 密语.
    """
    plain = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    opened = [_opened(match[0]) for match in _BASE64.finditer(plain)]
    return {candidate for piece in (plain, *opened) for candidate in _candidates(piece) if candidate in secrets}


def _candidates(text: str) -> Iterable[str]:
    for match in _DIGITS.finditer(text):
        for length in _LENGTHS:
            yield from (match[0][start : start + length] for start in range(len(match[0]) - length + 1))
    for match in _CHINESE.finditer(text):
        yield from (match[0][start : start + 3] for start in range(len(match[0]) - 2))
    yield from _TOKEN.findall(text)


def _opened(text: str) -> str:
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), decoded)


def scan(sources: dict[str, Iterable[str]], secrets: set[str]) -> tuple[list[str], int]:
    """`(differences, characters read)`. A difference names the place and the number of leaks, never the data.

    A place from which nothing came is a difference too: the search would have found nothing there whatever leaked.
    """
    differences, read = [], 0
    for place, texts in sources.items():
        leaks: set[str] = set()
        before = read
        for text in texts:
            read += len(text)
            leaks |= found_in(text, secrets)
        if read == before:
            differences.append(f"{place}: nothing to search")
        if leaks:
            differences.append(f"{place}: {len(leaks)} pieces of personal data")
    return differences, read


def log_texts(folder: Path) -> Iterable[str]:
    """Every log of the run."""
    for file in sorted(folder.glob("*.log")):
        yield file.read_text(encoding="utf-8", errors="replace")


class BrokerTap:
    """Everything that is said to Redis while it is open: task messages with their arguments, doorbells, keys."""

    def __init__(self, url: str) -> None:
        self.lines: list[str] = []
        # No time limit: a listener that hears nothing for a while is no failure.
        self._client = redis.Redis.from_url(url, socket_timeout=None)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "BrokerTap":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        # The tap hears this as well, and so wakes up to find that it is over.
        self._client.ping()
        self._thread.join(5)
        self._client.close()

    def _run(self) -> None:
        with self._client.monitor() as monitor:
            while not self._stop.is_set():
                self.lines.append(json.dumps(monitor.next_command(), ensure_ascii=False, default=str))
