"""The inside of `simulate_day`: plays against the stack whose environment it runs in. Started by that command alone."""

import logging
from argparse import ArgumentParser
from typing import Any

import httpx
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from backend.ops.simulate.ending import result_tell
from backend.ops.simulate.play import Outcome, day_play
from backend.ops.simulate.table import percentile, percentiles
from backend.ops.simulate.world import PROVINCE
from backend.residents.models import Household


class Command(BaseCommand):
    help = "由 simulate_day 在其自建的环境中调用，请勿单独运行。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--url", required=True)
        parser.add_argument("--phones", type=int, required=True)
        parser.add_argument("--seed", type=int, required=True)

    def handle(self, *args: Any, url: str, phones: int, seed: int, **options: Any) -> None:
        if not settings.DEMO_MODE or Household.objects.exists():
            raise CommandError("只能在演示模式的空库中运行，请使用 simulate_day。")
        # One line a request would bury the table, and addresses are searched for personal data elsewhere.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        try:
            outcome = day_play(phones=phones, seed=seed, url=url, folder=settings.VAR, progress=self._say)
        except (RuntimeError, httpx.HTTPError) as failure:
            raise CommandError(f"模拟中断，服务器没有正确回答：{failure or type(failure).__name__}") from failure
        result_tell(
            rows=_rows(outcome), report=_report(outcome), differences=outcome.differences, sound="与真值完全一致。",
            say=self._say,
        )  # fmt: skip

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _rows(outcome: Outcome) -> list[tuple[str, str]]:
    answers, traffic = outcome.books.answers, outcome.traffic
    expected, reported, _, figures = outcome.truth.unit(PROVINCE, _after_all(outcome))
    return [
        ("手机", f"{outcome.phones}"),
        ("记录", f"{outcome.made:,}"),
        ("答复：已入库", f"{answers['created']:,}"),
        ("答复：重复", f"{answers['duplicate']:,}"),
        ("答复：冲突", f"{answers['conflict']:,}"),
        ("答复：退回", f"{answers['rejected']:,}"),
        ("丢失的答复、中断的上报、断开的连接", f"{traffic.lost:,}、{traffic.cut:,}、{traffic.broken:,}"),
        ("服务繁忙（503）后重试", f"{traffic.busy:,}"),
        ("请求", f"{traffic.requests:,}，{percentiles(traffic.seconds, 0.5, 0.99)}"),
        ("预警", f"{len(outcome.truth.concerns):,} 条；{outcome.sockets} 个连接共收到 {outcome.events_heard:,} 次"),
        ("从上报到收到预警", percentiles(outcome.latencies, 0.5, 0.99)),
        *((f"截止 {number}", text) for number, text in enumerate(outcome.closed, start=1)),
        ("全省网格", f"应报 {expected}，已报 {reported}"),
        ("全省数字", "，".join(f"{key} {value:g}" for key, value in figures.items())),
        ("个人信息搜查", f"{outcome.scanned:,} 字"),
        ("用时", f"{outcome.seconds:.0f} 秒"),
    ]


def _report(outcome: Outcome) -> dict[str, Any]:
    """The run as JSON, without personal data."""
    return {
        "phones": outcome.phones, "made": outcome.made, "answers": dict(outcome.books.answers),
        "lost_answers": outcome.traffic.lost, "cut_requests": outcome.traffic.cut,
        "requests": outcome.traffic.requests, "alerts": len(outcome.truth.concerns),
        "events_heard": outcome.events_heard, "sockets": outcome.sockets,
        "alert_seconds_p50": percentile(outcome.latencies, 0.5),
        "alert_seconds_p99": percentile(outcome.latencies, 0.99),
        "province": outcome.truth.unit(PROVINCE, _after_all(outcome))[3], "seconds": outcome.seconds,
        "differences": outcome.differences,
    }  # fmt: skip


def _after_all(outcome: Outcome) -> Any:
    return max(fact.received_at for fact in outcome.truth.facts)
