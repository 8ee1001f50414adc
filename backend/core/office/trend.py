"""A small line of the last days, drawn as SVG without a script. Zero baseline; a day without a figure is a gap."""

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH, HEIGHT, PAD = 120, 32, 3


def trend_line(values: Sequence[float | None], *, percent: bool = False) -> SafeString | str:
    """The line, with its last point marked and its range in words for who cannot see it; "" without two figures."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return ""
    top = 100.0 if percent else max([*known, 1])
    step = (WIDTH - 2 * PAD) / (len(values) - 1)

    def point(index: int, value: float) -> str:
        return f"{PAD + index * step:.1f},{HEIGHT - PAD - (HEIGHT - 2 * PAD) * min(value, top) / top:.1f}"

    runs: list[list[str]] = [[]]
    for index, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append(point(index, value))
    lines = format_html_join("", '<polyline points="{}"/>', ((" ".join(run),) for run in runs if len(run) > 1))
    dots = format_html_join("", '<polyline points="{0} {0}"/>', ((run[0],) for run in runs if len(run) == 1))
    last = max(index for index, value in enumerate(values) if value is not None)
    x, y = point(last, values[last] or 0).split(",")
    unit = "%" if percent else ""
    label = f"近 {len(values)} 天：最低 {min(known):.0f}{unit}，最高 {max(known):.0f}{unit}"
    return format_html(
        '<svg class="gk-trend" viewBox="0 0 {} {}" role="img" aria-label="{}"><title>{}</title>'
        '<line x1="{}" y1="{}" x2="{}" y2="{}"/>{}{}<circle cx="{}" cy="{}" r="2.5"/></svg>',
        WIDTH, HEIGHT, label, label, PAD, HEIGHT - PAD, WIDTH - PAD, HEIGHT - PAD, lines, dots, x, y,
    )  # fmt: skip
