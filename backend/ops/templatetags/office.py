"""Words and figures in office templates."""

import datetime as dt
from typing import Any

from django import template

from backend.alerts.office import alert_clock as clock_of_alert
from backend.alerts.office import severity_mark as mark_of_alert
from backend.core.office import words

register = template.Library()


@register.filter
def thousands(value: int | float | None) -> str:
    """1104 → 1,104."""
    return "" if value is None else f"{value:,}"


@register.filter
def percent_of(value: int | None, base: int | None) -> str:
    """`92.0%`, or nothing without a base."""
    return f"{100 * value / base:.1f}%" if value is not None and base else ""


@register.filter
def day_words(day: dt.date | None) -> str:
    return words.day_words(day)


@register.filter
def severity_mark(alert: Any) -> Any:
    return mark_of_alert(alert)


@register.filter
def alert_clock(alert: Any) -> Any:
    return clock_of_alert(alert)
