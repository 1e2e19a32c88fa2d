"""The tallies: how often one party met each other one, as a chart to publish and as the table it was drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from flask import Response, g, request

from projections.tallying import tallied
from projections.words import fold
from service.api.tallies import tally_query
from service.context import context
from service.pages import dates
from service.pages.embedding import BELOW, embedding
from service.pages.embeds import drawn
from service.pages.forms import Form, typed
from service.pages.showing import ask, blp, moved, show
from service.pages.tally_charts import TEXTS, VIEWS, ChartFilters, TallyChart, chart_of, kept
from service.pages.words import party
from service.reading import Reading

FILES = {"svg": "SVG", "png": "PNG", "csv": "CSV", "json": "JSON", "vl.json": "Vega-Lite"}


@blp.get("/tallies")
def tallies() -> Response:
    """How often the parties met; the form alone while it is not said whose meetings to count."""
    if context().settings.home is None and not typed(request.args).value("of"):
        return ask("tallies.html")
    return show("tallies.html", VIEWS, ChartFilters, _body)


def _body(reading: Reading, args: dict[str, Any], form: Form) -> dict[str, Any]:
    path = f"/{g.language}/tallies"
    links = context().settings.public_url or ""
    chart = chart_of(reading, args, form, links)
    return {
        **chart.found,
        **drawn(chart),
        "chart": chart,
        "choosable": _choosable(reading, args),
        "parties": [chart.found["of"], *(row["party"] for row in chart.rows)],
        "since_day": args.get("since") and dates.day_in_words(args["since"]),
        "files": [(ending, name, reading.link(f"{path}.{ending}", **kept(form))) for ending, name in FILES.items()],
        "embed": embedding(
            reading.link(f"/{g.language}/embed/tallies", **kept(form), theme="auto"),
            chart.title,
            height=chart.height() + BELOW,
        ),
        "next": _next(chart, path, form),
        "first": reading.link(path, **kept(form, ["cursor"])) if "cursor" in args else None,
    }


def _choosable(reading: Reading, args: dict[str, Any]) -> Sequence[tuple[str, int]]:
    """Every party that may be chosen, by name, with its figure; the chosen ones even without any."""
    query = replace(tally_query(args), parties=())
    found = tallied(reading.connection, reading.generation("tallies"), reading.clocks, query)
    counts = dict.fromkeys(args["party"], 0) | {tally.party: tally.count for tally in found}
    return sorted(counts.items(), key=lambda each: fold(party(each[0])))


def _next(chart: TallyChart, path: str, form: Form) -> str | None:
    """The next page of the table, with the words of the chart."""
    more = moved(chart.found["next"], path)
    words = urlencode({name: form.value(name) for name in (*TEXTS, "chart") if form.value(name)})
    return f"{more}&{words}" if more and words else more


@blp.context_processor
def _home() -> dict[str, Any]:
    return {"home": context().settings.home}
