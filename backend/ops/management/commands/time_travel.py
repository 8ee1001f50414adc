"""`bin/manage time_travel`: move business time, in demo mode only. See docs/clock.md and docs/demo.md."""

import datetime as dt
import re
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from backend.core import clock
from backend.ops.travel import clock_move

_STEP = re.compile(r"([+-]?)(\d{1,5})([smhd])")
_UNIT = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_FORMATS = ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d")
_FARTHEST = dt.timedelta(days=3660)


class Command(BaseCommand):
    help = "拨动业务时间（仅限演示模式）。不带参数时显示当前业务时间。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        way = parser.add_mutually_exclusive_group()
        way.add_argument("--to", help="拨到这一时刻（北京时间），如 “2026-11-22 07:00”")
        way.add_argument("--by", help="拨快这么久，如 2h、30m、1d；负数拨慢，如 --by=-1d")
        way.add_argument("--reset", action="store_true", help="恢复为真实时间")

    def handle(self, *args: Any, to: str | None = None, by: str | None = None, reset: bool = False, **_: Any) -> None:
        if not settings.DEMO_MODE:
            raise CommandError("只有演示模式可以拨动业务时间。")
        if to or by or reset:
            offset = dt.timedelta(0) if reset else _moment(to) - timezone.now() if to else _current() + _step(by or "")
            if abs(offset) > _FARTHEST:
                raise CommandError("与真实时间相差不能超过十年。")
            clock_move(offset=offset)
        self.stdout.write(f"业务时间：{clock.now().astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M:%S}")


def _current() -> dt.timedelta:
    clock.forget_offset()
    return dt.timedelta(seconds=clock.offset_seconds())


def _moment(text: str) -> dt.datetime:
    for form in _FORMATS:
        try:
            return dt.datetime.strptime(text.strip(), form).replace(tzinfo=clock.SHANGHAI)
        except ValueError:
            continue
    raise CommandError("时刻应写成 2026-11-22 07:00。")


def _step(text: str) -> dt.timedelta:
    match = _STEP.fullmatch(text.strip())
    if match is None:
        raise CommandError("时长应写成 2h、30m、1d。")
    length = dt.timedelta(**{_UNIT[match[3]]: int(match[2])})
    return -length if match[1] == "-" else length
