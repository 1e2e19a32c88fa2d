"""The tallies and the timeline for a frame in a page of somebody else: nothing around them, links that open outside.

They say so when what they show was corrected after the state of the record that they are pinned to.
"""

from __future__ import annotations

from typing import Any

from flask import Response, g
from markupsafe import Markup

from events.fields import Choice
from service.api.tallies import tally_query
from service.api.timeline import TimelineFilters, timeline_body, timeline_query
from service.charts.frame import NARROW
from service.pages import tally_texts
from service.pages.corrections import comparison, corrections, of_tallies
from service.pages.forms import Form
from service.pages.showing import blp, show
from service.pages.tally_charts import ChartFilters, TallyChart, chart_of, kept
from service.reading import Reading

THEMES = ("light", "dark", "auto")
LISTED = 10


class EmbeddedTallies(ChartFilters):
    """A chart, and its colours."""

    theme = Choice(*THEMES, load_default="auto")


class EmbeddedTimeline(TimelineFilters):
    """A list, and its colours."""

    theme = Choice(*THEMES, load_default="auto")


@blp.get("/embed/tallies")
def embedded_tallies() -> Response:
    """The chart alone."""
    g.framed = True
    return show("embed_tallies.html", ["tallies", "timeline"], EmbeddedTallies, _tallies)


@blp.get("/embed/timeline")
def embedded_timeline() -> Response:
    """The first actions of a list."""
    g.framed = True
    return show("embed_timeline.html", ["timeline"], EmbeddedTimeline, _timeline)


def drawn(chart: TallyChart, *, outside: bool = False) -> dict[str, Markup]:
    """The picture for wide and for narrow windows."""
    return {
        "wide": chart.svg(outside=outside),
        "narrow": chart.svg(name="narrow", width=NARROW, outside=outside),
    }


def _tallies(reading: Reading, args: dict[str, Any], form: Form) -> dict[str, Any]:
    chart = chart_of(reading, {name: value for name, value in args.items() if name != "theme"}, form)
    count = of_tallies(reading, tally_query(args)) if form.pinned else 0
    return {
        **drawn(chart, outside=True),
        "chart": chart,
        "theme": args["theme"],
        "full": chart.permalink,
        "corrections": count,
        "comparison": comparison(reading, of=chart.found["of"]),
    }


def _timeline(reading: Reading, args: dict[str, Any], form: Form) -> dict[str, Any]:
    wanted = {name: value for name, value in args.items() if name != "theme"}
    wanted.setdefault("limit", LISTED)
    return {
        "items": timeline_body(reading, wanted)["items"],
        "theme": args["theme"],
        "full": reading.link(f"/{g.language}/", **kept(form, ["limit", "cursor"])),
        "known": tally_texts.clocks(reading),
        "corrections": corrections(reading, timeline_query(wanted)) if form.pinned else 0,
        "comparison": comparison(reading),
    }
