"""Bars, one a row: what counts in full colour, what only may count hatched behind it, and the figure in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from service.charts.frame import Frame, above, below, picture
from service.charts.svg import RULE, element, linked, written
from service.charts.text import shortened, width

ROW, BAR, SIZE = 28, 18, 14  # a row is 24 pixels high even in a window of 320
FULL, MAYBE = "#4b8198", "#c3d6dd"


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One row: its name, how many count and how many may, what a reader is told, and where it leads.

    `label` stands at the end of the bar, such as "7" or "3 + 1 possible".
    """

    name: str
    count: int
    possible: int
    label: str
    words: str
    href: str | None


def bars(frame: Frame, rows: Sequence[Bar], *, legend: str, empty: str) -> Markup:
    """The chart as SVG; `legend` explains the hatched parts where there are any, `empty` stands for no rows."""
    top, y = above(frame)
    drawn, y = _rows(frame, rows, y) if rows else ([written(empty, frame.margin, y + 8, size=SIZE, soft=True)], y + 16)
    hatched = any(row.possible for row in rows)
    if hatched:
        drawn += [
            *_bar(frame, 0, 1, frame.margin, y + 12, 22),
            written(legend, frame.margin + 30, y + 24.5, size=12, soft=True),
        ]
        y += 34
    end, height = below(frame, y)
    return picture(frame, height, [*top, *drawn, *end], [_hatch(frame)] if hatched else [])


def _rows(frame: Frame, rows: Sequence[Bar], y: float) -> tuple[list[Markup], float]:
    names = min(max(width(row.name, SIZE) for row in rows), frame.room * 0.36)
    left = frame.margin + names + 10
    labels = max(width(row.label, SIZE, bold=True) for row in rows) + 8
    most = max(row.count + row.possible for row in rows)
    scale = max(frame.width - frame.margin - left - labels, 20) / max(most, 1)
    axis = element("line", x1=left, x2=left, y1=y, y2=y + ROW * len(rows), class_="rule", stroke=RULE)
    drawn = [axis]
    for nth, row in enumerate(rows):
        drawn.append(_row(frame, row, y + nth * ROW, left, scale, names))
    return drawn, y + ROW * len(rows)


def _row(frame: Frame, row: Bar, y: float, left: float, scale: float, names: float) -> Markup:
    base = y + ROW / 2 + SIZE * 0.35
    whole = frame.width - 2 * frame.margin
    end = left + (row.count + row.possible) * scale
    name = shortened(row.name, SIZE, names)
    return linked(
        row.href,
        row.words,
        element(
            "rect", class_="touch", x=frame.margin, y=y, width=whole, height=ROW, fill="none", pointer_events="all"
        ),
        written(name, left - 10, base, size=SIZE, text_anchor="end"),
        *_bar(frame, row.count, row.possible, left, y + (ROW - BAR) / 2, scale),
        written(row.label, end + 7, base, size=SIZE, font_weight=700),
        outside=frame.outside,
    )


def _bar(frame: Frame, count: int, possible: int, x: float, y: float, scale: float) -> list[Markup]:
    """The part that counts, and behind it the part that may: lighter, and hatched by a path that no style fills."""
    parts = []
    if count:
        parts.append(element("rect", class_="full", x=x, y=y, width=count * scale, height=BAR, fill=FULL))
    if possible:
        x, wide = x + count * scale, possible * scale
        parts.append(element("rect", class_="maybe", x=x, y=y, width=wide, height=BAR, fill=MAYBE))
        shape = f"M{x:.2f} {y:.2f}h{wide:.2f}v{BAR}h-{wide:.2f}z"
        parts.append(element("path", d=shape, fill=f"url(#{frame.name}-hatch)"))
    return parts


def _hatch(frame: Frame) -> Markup:
    stroke = element("path", class_="hatch", d="M-1 7L7 -1M-1 1L1 -1M5 7L7 5", stroke=FULL, stroke_width=1.2)
    return element(
        "pattern", stroke, id=f"{frame.name}-hatch", width=6, height=6, patternUnits="userSpaceOnUse", fill="none"
    )
