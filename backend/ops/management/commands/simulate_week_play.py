"""The inside of `simulate_week`: plays against the stack whose environment it runs in. Only that command starts it."""

import logging
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from backend.ops.simulate.ending import result_tell
from backend.ops.simulate.table import percentile, percentiles
from backend.ops.simulate.week.control import Control
from backend.ops.simulate.week.plan import Fault, plan_make
from backend.ops.simulate.week.play import Outcome, week_play
from backend.regions.choices import LEVELS_UPWARD
from backend.residents.models import Household
from reference_client.wire import NoAnswerError, RefusedError

_NAMES = {
    Fault.KILLED_BEFORE: "服务进程在提交前被杀",
    Fault.KILLED_DURING: "服务进程在提交中被杀",
    Fault.KILLED_AFTER: "服务进程在提交后被杀",
    Fault.POSTGRES_KILLED: "数据库被杀",
    Fault.POSTGRES_STOPPED: "数据库停止",
    Fault.REDIS_STOPPED: "Redis 停止",
    Fault.RESTORED: "服务器恢复到昨天的备份",
    Fault.ANSWER_LOST: "提交后答复丢失",
    Fault.CUT: "上报中断",
    Fault.FIVE_COPIES: "同一批同时到达五次",
    Fault.PORTAL: "认证网页冒充答复",
    Fault.SESSION_ENDED: "上报途中登录失效",
    Fault.STUMBLED: "服务器在某条上出错",
    Fault.POISON: "批中有坏记录",
    Fault.CLOCK_MOVED: "手机时钟被拨动",
    Fault.CARRIED: "代交文件",
    Fault.CLEARED: "确认后清空手机存储",
    Fault.RESTARTED: "应用重启",
    Fault.TWO_PHONES: "一人两部手机",
    Fault.MOVED: "断网时调到别的网格",
}


class Command(BaseCommand):
    help = "由 simulate_week 在其自建的环境中调用，请勿单独运行。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--url", required=True)
        parser.add_argument("--control", type=int, required=True)
        for name in ("workers", "days", "visits", "seed"):
            parser.add_argument(f"--{name}", type=int, required=True)

    def handle(
        self, *args: Any, url: str, control: int, workers: int, days: int, visits: int, seed: int, **options: Any
    ) -> None:
        if not settings.DEMO_MODE or Household.objects.exists():
            raise CommandError("只能在演示模式的空库中运行，请使用 simulate_week。")
        # One line a request would bury the table.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        plan = plan_make(workers=workers, days=days, visits=visits, seed=seed)
        stack = Control(control)
        try:
            outcome = week_play(plan=plan, url=url, control=stack, folder=settings.VAR, progress=self._say)
        except (RuntimeError, NoAnswerError, RefusedError) as failure:
            raise CommandError(f"模拟中断（种子 {seed}）：{failure}") from failure
        finally:
            stack.close()
        result_tell(
            rows=_rows(outcome), report=_report(outcome), differences=outcome.differences,
            sound="不丢，不重，数字与真值完全一致。", known_as=f"（种子 {seed}）", say=self._say,
        )  # fmt: skip

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _rows(outcome: Outcome) -> list[tuple[str, str]]:
    books, figures = outcome.books, outcome.figures
    return [
        ("种子", str(outcome.plan.seed)),
        ("网格员 × 天 × 每天走访", f"{outcome.plan.workers} × {outcome.plan.days} × {outcome.plan.visits}"),
        ("记录", f"{len(books.truth.made):,}"),
        ("手机显示已确认", f"{len(books.confirmed):,}"),
        ("服务器入库", f"{outcome.ledger.created:,}"),
        ("答复：重复", f"{books.verdicts['duplicate']:,}"),
        ("有意写坏而退回", f"{_rejected(outcome):,}（另有 {books.mended:,} 条改好后入库）"),
        ("代交", f"{len(books.carried):,}"),
        ("恢复备份后由手机补传", f"{books.forgotten:,}"),
        ("时间存疑（手机时钟在保存与上报之间被拨动）", f"{_doubtful(outcome):,}"),
        ("手机日清", f"{outcome.days_closed:,} / {outcome.days_made:,}（有退回未改的日子不收齐）"),
        *((f"故障：{_NAMES[fault]}", f"{books.faults[fault]:,}") for fault in Fault),
        ("上报", percentiles(books.push_seconds, 0.5, 0.95)),
        *(
            (
                f"数字：{level.label}",
                f"核对 {figures.compared[level]:,} 份，不符 {figures.wrong[level]:,} 份",
            )
            for level in reversed(LEVELS_UPWARD)
        ),
        ("丢失", f"{outcome.ledger.lost:,}"),
        ("重复入库", f"{outcome.ledger.doubled:,}"),
        ("用时", f"{outcome.seconds:.0f} 秒"),
    ]


def _report(outcome: Outcome) -> dict[str, Any]:
    """The run as JSON, without personal data."""
    books, plan = outcome.books, outcome.plan
    return {
        "seed": plan.seed, "workers": plan.workers, "days": plan.days, "visits": plan.visits,
        "made": len(books.truth.made), "confirmed": len(books.confirmed), "created": outcome.ledger.created,
        "duplicates": books.verdicts["duplicate"], "rejected_on_purpose": _rejected(outcome), "mended": books.mended,
        "carried": len(books.carried), "sent_again_after_restore": books.forgotten, "doubtful": _doubtful(outcome),
        "days_closed": outcome.days_closed, "days_made": outcome.days_made,
        "faults": {fault.value: books.faults[fault] for fault in Fault},
        "figures": {
            level.value: {"compared": outcome.figures.compared[level], "wrong": outcome.figures.wrong[level]}
            for level in LEVELS_UPWARD
        },
        "lost": outcome.ledger.lost, "doubled": outcome.ledger.doubled,
        "push_seconds_p50": percentile(books.push_seconds, 0.5),
        "push_seconds_p95": percentile(books.push_seconds, 0.95),
        "seconds": outcome.seconds, "differences": outcome.differences,
    }  # fmt: skip


def _rejected(outcome: Outcome) -> int:
    return sum(1 for record in outcome.books.truth.made.values() if record.poison)


def _doubtful(outcome: Outcome) -> int:
    return sum(1 for record in outcome.books.truth.made.values() if record.doubtful)
