"""How values read in the office: words with a shape beside them, times as people say them. No colour stands alone."""

import datetime as dt
import re

from django.utils.html import format_html
from django.utils.safestring import SafeString

from backend.core import clock

#: Tone → the shape that carries it for who cannot tell the colours apart.
SHAPES = {"good": "●", "warn": "▲", "bad": "■", "calm": "○", "none": ""}


def mark(word: object, tone: str = "none") -> SafeString:
    """A word with the shape of its tone: good, warn, bad, calm, none."""
    shape = SHAPES[tone]
    return (
        format_html('<span class="gk-mark gk-{}"><i aria-hidden="true">{}</i>{}</span>', tone, shape, word)
        if shape
        else format_html('<span class="gk-mark">{}</span>', word)
    )


def quiet(text: object) -> SafeString:
    """Text that steps back: 未填写, 无."""
    return format_html('<span class="gk-quiet">{}</span>', text)


def link(url: str, text: object) -> SafeString:
    return format_html('<a class="gk-link" href="{}">{}</a>', url, text)


def clause_words(clause: str) -> str:
    """A clause as the office reads it; packs say in English where its wording is not at hand."""
    return clause.replace("clause text not held", "条款原文未收录")


def version_words(version: str) -> str:
    """`national-2021.1:fever_threshold@2020-02-24` → 全国规则 2021.1 版，2020年2月24日起执行."""
    parts = re.fullmatch(r"(\w+)-([\d.]+):[^@]*@(\d{4})-(\d{2})-(\d{2})", version)
    if parts is None:
        return version
    pack, edition, year, month, day = parts.groups()
    whose = "全国" if pack == "national" else "本地"
    return f"{whose}规则 {edition} 版，{year}年{int(month)}月{int(day)}日起执行"


def date_words(day: dt.date | None) -> str:
    """11月20日, with the year when it is another than this one."""
    if day is None:
        return ""
    return f"{day.month}月{day.day}日" if day.year == clock.today().year else f"{day.year}年{day.month}月{day.day}日"


def days_words(first: dt.date, last: dt.date | None, *, open_end: str = "长期") -> str:
    """11月7日 至 11月20日; without a last day, `open_end` in its place."""
    return f"{date_words(first)} 至 {date_words(last) or open_end}"


def day_words(day: dt.date | None) -> str:
    """今天、昨天、明天, else 11月20日 (with the year when it is another)."""
    if day is None:
        return ""
    near = {0: "今天", 1: "明天", -1: "昨天"}.get((day - clock.today()).days)
    return near or date_words(day)


def time_words(moment: dt.datetime | None) -> str:
    """今天 14:05, in Asia/Shanghai."""
    if moment is None:
        return ""
    local = moment.astimezone(clock.SHANGHAI)
    return f"{day_words(local.date())} {local:%H:%M}"


def span_words(seconds: float) -> str:
    """How long: 42 分, 3 小时 5 分, 2 天."""
    minutes = max(0, int(seconds // 60))
    if minutes < 60:
        return f"{minutes} 分"
    if minutes < 24 * 60:
        hours, rest = divmod(minutes, 60)
        return f"{hours} 小时 {rest} 分" if rest else f"{hours} 小时"
    return f"{minutes // (24 * 60)} 天"


def due_words(due: dt.datetime | None) -> SafeString | str:
    """What is left of a clock, or how far it is past: 还剩 42 分 / 超时 3 小时."""
    if due is None:
        return ""
    left = (due - clock.now()).total_seconds()
    if left < 0:
        return mark(f"超时 {span_words(-left)}", "bad")
    return mark(f"还剩 {span_words(left)}", "warn" if left < 15 * 60 else "calm")
