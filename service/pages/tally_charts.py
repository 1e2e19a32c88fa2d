"""The tallies as a chart: the interface's figures, in the language of the page, ready to be drawn or written."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import g
from markupsafe import Markup

from events.fields import Choice, Text
from projections import tallies as view
from projections.words import fold
from service.api.tallies import TalliesFilters, tallies_body, tally_query
from service.charts import bars, lines
from service.charts.bars import Bar
from service.charts.frame import NARROW, WIDE, Frame
from service.charts.lines import Line
from service.pages import dates, tally_texts
from service.pages.forms import CLOCKS, Form
from service.pages.frame import base
from service.pages.words import party
from service.reading import Reading
from service.translations import _, language

TEXTS = ("title", "subtitle", "credit")
MOST_LINES = 8
MOST_TEXT = 300
NARROW_WINDOW = 512  # as in charts.css
VIEWS = ["tallies"]


class ChartFilters(TalliesFilters):
    """Which meetings to count, and the words of the chart."""

    chart = Choice("bars", "lines", load_default="bars")
    title = Text(MOST_TEXT)
    subtitle = Text(MOST_TEXT)
    credit = Text(MOST_TEXT)


@dataclass(frozen=True, kw_only=True)
class TallyChart:
    """One chart: the interface's answer, ties by name in the language of the page, and what is said of it.

    `address` shows the same figures for ever, `permalink` the same words too. `steps` are those of the lines drawn.
    """

    kind: str
    found: Mapping[str, Any]
    steps: Sequence[Mapping[str, Any]]
    title: str
    subtitle: str
    notes: Sequence[str]
    address: str
    permalink: str
    since: dt.date | None
    as_of: dt.date | None

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows of the table."""
        return list(self.found["tallies"])

    def svg(self, *, name: str = "chart", width: int = WIDE, outside: bool = False) -> Markup:
        """The picture."""
        frame = Frame(
            title=self.title,
            subtitle=self.subtitle,
            notes=self.notes,
            told=tally_texts.told(self.rows),
            language=language(),
            name=name,
            width=width,
            outside=outside,
        )
        if self.kind == "lines":
            return lines.lines(frame, self.lines(), self.span(), _month, empty=tally_texts.nothing())
        legend = _("hatched: may lie in the window, but need not")
        return bars.bars(frame, self.bars(), legend=legend, empty=tally_texts.nothing())

    def height(self, window: int = WIDE) -> int:
        """How tall the picture is that a window of so many pixels shows."""
        width = WIDE if window > NARROW_WINDOW else NARROW
        found = re.search(r'height="(\d+)"', self.svg(width=width))
        return round(int(found[1] if found else 0) * min(window, WIDE) / width)

    def bars(self) -> list[Bar]:
        """One bar for each row."""
        return [
            Bar(
                name=party(row["party"]),
                count=row["count"],
                possible=row["possible"],
                label=tally_texts.label(row),
                words=tally_texts.figure(row),
                href=row["actions"],
            )
            for row in self.rows
        ]

    def lines(self) -> list[Line]:
        """One line for each party drawn."""
        drawn = {step["party"] for step in self.steps}
        return [self._line(row) for row in self.rows if row["party"] in drawn]

    def _line(self, row: Mapping[str, Any]) -> Line:
        mine = [step for step in self.steps if step["party"] == row["party"]]
        return Line(
            name=party(row["party"]),
            steps=[(dt.date.fromisoformat(step["on"]), step["count"]) for step in mine],
            label=f"{party(row['party'])} {row['count']}",
            words=tally_texts.figure({**row, "possible": 0}),
            href=row["actions"],
        )

    def span(self) -> tuple[dt.date, dt.date]:
        """The first and last day that the lines cover."""
        days = [dt.date.fromisoformat(step["on"]) for step in self.steps] or [dt.date(2000, 1, 1)]
        return self.since or min(days).replace(day=1), max([*days, *([self.as_of] if self.as_of else [])])


def chart_of(reading: Reading, args: dict[str, Any], form: Form, links: str = "") -> TallyChart:
    """The chart that a query asks for; `links` stands before the addresses of what each bar counts."""
    counted = {name: value for name, value in args.items() if name not in (*TEXTS, "chart")}
    found = tallies_body(reading, counted, path=f"{links}/{g.language}/")
    rows = [{**row, "name": party(row["party"])} for row in found["tallies"]]
    found["tallies"] = sorted(rows, key=lambda row: (-row["count"], fold(row["name"])))
    steps = _steps(reading, counted, found["tallies"]) if args["chart"] == "lines" else []
    address, permalink = (base() + reading.link(f"/{g.language}/tallies", **kept(form, but)) for but in (TEXTS, ()))
    return TallyChart(
        kind=args["chart"],
        found=found,
        steps=steps,
        title=tally_texts.title(found["of"], args),
        subtitle=args.get("subtitle") or tally_texts.statement(found["of"], args, reading),
        notes=list(_notes(reading, args, found, steps, address)),
        address=address,
        permalink=permalink,
        since=args.get("since"),
        as_of=reading.clocks.as_of,
    )


def kept(form: Form, but: Sequence[str] = ()) -> dict[str, Sequence[str]]:
    """The query as typed, without clocks, waiting and what else is not wanted."""
    left = (*CLOCKS, "min_position", "wait", "theme", *but)
    return {name: values for name, values in form.given.items() if name not in left}


def _steps(reading: Reading, args: dict[str, Any], rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The steps of the parties drawn: those chosen, else those met most often."""
    counted = [row["party"] for row in rows if row["count"]]
    drawn = counted if args["party"] else counted[:MOST_LINES]
    found = view.tallies(reading.connection, reading.generation("tallies"), reading.clocks, tally_query(args))
    return [step for step in view.series(found) if step["party"] in drawn]


def _notes(
    reading: Reading,
    args: Mapping[str, Any],
    found: Mapping[str, Any],
    steps: Sequence[Mapping[str, Any]],
    address: str,
) -> list[str]:
    """What stands below the chart: credit, what the subtitle does not say, and where this came from."""
    notes = [args["credit"]] if "credit" in args else []
    if "subtitle" in args:
        notes.append(tally_texts.statement(found["of"], args, reading))
    if args["chart"] == "lines":
        notes += _undrawn(found["tallies"], {step["party"] for step in steps})
    if found["next"] or "cursor" in args:
        notes.append(_("This is one page of a longer list."))
    return [*notes, f"Depositary, {tally_texts.known(reading)}" + _(": ") + address]


def _undrawn(rows: Sequence[Mapping[str, Any]], drawn: set[str]) -> list[str]:
    """What the lines leave out."""
    notes = [_("Lines that would cover each other run side by side.")] if len(drawn) > 1 else []
    left, possible = len(rows) - len(drawn), sum(row["possible"] for row in rows)
    if left:
        notes.append(_("Drawn: %(drawn)s of %(all)s parties.", drawn=len(drawn), all=len(rows)))
    if possible:
        notes.append(_("Not drawn: %(count)s that may lie in the window, but need not.", count=possible))
    return notes


def _month(day: dt.date, year: bool) -> str:
    return f"{dates.month_short(day.month)} {day.year}" if year else dates.month_short(day.month)
