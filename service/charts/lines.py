"""Lines that climb a step with each meeting, named at their ends; names that would touch are moved apart."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from service.charts.frame import NARROW, Frame, above, below, picture
from service.charts.svg import GROUND, RULE, element, linked, written
from service.charts.text import shortened, width

COLOURS = ("#1d6a8c", "#b4431f", "#3f7d3a", "#7a4a9e", "#8a6a00", "#a8336b", "#4a5a6a", "#00776b")
DASHES = (None, "7 4", "2 3")
LEAST, APART, SIZE = 300, 24, 13
BESIDE = 2.6  # how far apart lines run that would cover each other


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line: its name, its steps as (day, how many from then on), what a reader is told, and where it leads."""

    name: str
    steps: Sequence[tuple[dt.date, int]]
    label: str
    words: str
    href: str | None

    @property
    def end(self) -> int:
        """How many in the end."""
        return self.steps[-1][1] if self.steps else 0


@dataclass(frozen=True, kw_only=True)
class Plot:
    """Where days and numbers lie in the picture."""

    left: float
    right: float
    top: float
    bottom: float
    first: dt.date
    last: dt.date
    most: int

    def x(self, day: dt.date) -> float:
        """Where a day lies."""
        share = (day - self.first).days / max((self.last - self.first).days, 1)
        return self.left + (self.right - self.left) * min(max(share, 0), 1)

    def y(self, count: float) -> float:
        """Where a number lies."""
        return self.bottom - (self.bottom - self.top) * count / self.most

    def shift(self, nth: int, of: int) -> float:
        """How far the nth of so many lines runs beside the numbers, so that it covers no other."""
        one = (self.bottom - self.top) / self.most
        return (nth - (of - 1) / 2) * min(BESIDE, one * 0.6 / of)


def lines(
    frame: Frame,
    rows: Sequence[Line],
    span: tuple[dt.date, dt.date],
    named: Callable[[dt.date, bool], str],
    *,
    empty: str,
) -> Markup:
    """The chart as SVG over the days of `span`; `named` gives a month's name, with its year when asked for."""
    top, y = above(frame)
    if not rows:
        end, height = below(frame, y + 16)
        return picture(frame, height, [*top, written(empty, frame.margin, y + 8, size=14, soft=True), *end])
    plot = _plot(frame, rows, span, y)
    drawn = [*_grid(plot), *_months(plot, named)]
    for nth, (row, at) in enumerate(zip(rows, _places(plot, rows), strict=True)):
        drawn.append(_line(frame, plot, row, nth, at, plot.shift(nth, len(rows))))
    end, height = below(frame, plot.bottom + 28)
    return picture(frame, height, [*top, *drawn, *end])


def _plot(frame: Frame, rows: Sequence[Line], span: tuple[dt.date, dt.date], y: float) -> Plot:
    labels = min(max(width(row.label, SIZE, bold=True) for row in rows) + 30, frame.room * 0.42)
    tall = max(LEAST, APART * len(rows))
    return Plot(
        left=frame.margin + 22,
        right=frame.width - frame.margin - labels,
        top=y + 10,
        bottom=y + 10 + tall,
        first=span[0],
        last=span[1],
        most=max(row.end for row in rows) or 1,
    )


def _grid(plot: Plot) -> list[Markup]:
    step = next(
        size * tens for tens in (1, 10, 100, 1_000, 10_000) for size in (1, 2, 5) if plot.most <= 8 * size * tens
    )
    parts = []
    for count in range(0, plot.most + 1, step):
        y = plot.y(count)
        parts.append(element("line", x1=plot.left, x2=plot.right, y1=y, y2=y, class_="rule", stroke=RULE))
        parts.append(written(str(count), plot.left - 7, y + 4, size=11, soft=True, text_anchor="end"))
    return parts


def _months(plot: Plot, named: Callable[[dt.date, bool], str]) -> list[Markup]:
    """The first days of as many months as there is room to name."""
    low, high = plot.first.year * 12 + plot.first.month, plot.last.year * 12 + plot.last.month
    months = [dt.date(month // 12, month % 12 + 1, 1) for month in range(low, high)]
    if not months:
        return [written(named(plot.first, True), plot.left, plot.bottom + 18, size=11, soft=True)]
    room = width("Sept.", 11) + 20
    fit = max(1, int((plot.right - plot.left) / room))
    every = next((size for size in (1, 2, 3, 6, 12, 24, 60, 120, 240, 600) if len(months) <= fit * size), 1_200)
    shown = [day for day in months if (day.month - 1 + day.year * 12) % every == 0] or months[:1]
    parts = []
    for before, day in zip([None, *shown], shown, strict=False):
        x = plot.x(day)
        if x + room * 0.6 <= plot.right or day == shown[0]:
            parts.append(element("line", x1=x, x2=x, y1=plot.bottom, y2=plot.bottom + 5, class_="rule", stroke=RULE))
            year = before is None or before.year != day.year
            parts.append(written(named(day, year), x, plot.bottom + 18, size=11, soft=True))
    return parts


def _places(plot: Plot, rows: Sequence[Line]) -> list[float]:
    """Where each name stands: beside the end of its line, or as near as the others let it."""
    order = sorted(range(len(rows)), key=lambda nth: (-rows[nth].end, nth))
    places = [0.0] * len(rows)
    lowest = plot.bottom
    at = plot.top - APART
    for nth in order:
        at = max(plot.y(rows[nth].end), at + APART)
        places[nth] = at
    for nth in reversed(order):
        places[nth] = lowest = min(places[nth], lowest)
        lowest -= APART
    return places


def _line(frame: Frame, plot: Plot, row: Line, nth: int, at: float, shift: float) -> Markup:
    colour, dash = COLOURS[nth % len(COLOURS)], DASHES[nth // len(COLOURS) % len(DASHES)]
    look = f"line-{nth % len(COLOURS) + 1}"
    size = SIZE if frame.width > NARROW else 12
    end = plot.y(row.end) + shift
    room = frame.width - frame.margin - plot.right - 22
    drawn = {"fill": "none", "stroke": colour, "stroke_linejoin": "round"}
    return linked(
        row.href,
        row.words,
        element("path", class_=look, d=_path(plot, row, shift), stroke_width=2.2, stroke_dasharray=dash, **drawn),
        element("path", class_=look, d=f"M{plot.right + 3:.2f} {end:.2f}L{plot.right + 17:.2f} {at:.2f}", **drawn),
        element("circle", class_=f"{look} dot", cx=plot.right, cy=end, r=3.2, fill=colour, stroke=GROUND),
        written(
            shortened(row.label, size, room, bold=True),
            plot.right + 21,
            at + size * 0.35,
            size=size,
            class_=f"{look} name",
            fill=colour,
            font_weight=700,
        ),
        outside=frame.outside,
    )


def _path(plot: Plot, row: Line, shift: float) -> str:
    """Flat until a step, then up."""
    path = f"M{plot.left:.2f} {plot.bottom:.2f}"
    for day, count in row.steps:
        path += f"H{plot.x(day) + shift / 2:.2f}V{plot.y(count) + shift:.2f}"
    return f"{path}H{plot.right:.2f}"
