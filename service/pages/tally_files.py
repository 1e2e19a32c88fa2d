"""The chart of the tallies as files: SVG, PNG, CSV, JSON and Vega-Lite, each at the parameters of the page."""

from __future__ import annotations

from collections.abc import Callable

import orjson
from flask import Response, current_app, request

from service.charts import png, vega
from service.charts.tables import table
from service.context import context
from service.pages.forms import Form, typed
from service.pages.frame import base
from service.pages.heads import flat, meta_of
from service.pages.showing import blp, moved
from service.pages.tally_charts import VIEWS, ChartFilters, TallyChart, chart_of, kept
from service.pages.words import party
from service.problems import Refusal
from service.query import asked
from service.reading import Reading, read, tagged
from service.translations import _

PICTURES = "depositary.pictures"
"""Where an application keeps what makes its renderer, when it is another than `png.renderer`."""

Make = Callable[[TallyChart, Reading, Form], bytes]


@blp.get("/tallies.svg")
def tallies_svg() -> Response:
    """The picture, which stands alone."""
    response = _answer(lambda chart, reading, form: chart.svg().encode(), "image/svg+xml")
    response.headers["Content-Security-Policy"] = "default-src 'none'"
    return response


@blp.get("/tallies.png")
def tallies_png() -> Response:
    """The picture as PNG; 501 where it cannot be drawn."""
    try:
        render = current_app.extensions.get(PICTURES, png.renderer)()
    except png.Unavailable as unavailable:
        raise Refusal("not-implemented", str(unavailable)) from None

    def make(chart: TallyChart, reading: Reading, form: Form) -> bytes:
        told = {"Title": chart.title, "Source": chart.permalink, "Software": "Depositary"}
        told |= {name: str(value) for name, value in reading.meta().items() if value is not None}
        return png.png(chart.svg(), told, render)

    return _answer(make, "image/png")


@blp.get("/tallies.json")
def tallies_json() -> Response:
    """The rows as the interface has them, and for lines their steps."""

    def make(chart: TallyChart, reading: Reading, form: Form) -> bytes:
        steps = {"steps": chart.steps} if chart.kind == "lines" else {}
        about = meta_of(reading, kept(form), chart.permalink)
        more = moved(chart.found["next"], request.path)
        return orjson.dumps({**about, "title": chart.title, **chart.found, **steps, "next": more})

    return _answer(make, "application/json")


@blp.get("/tallies.csv")
def tallies_csv() -> Response:
    """The rows for a spreadsheet; for lines their steps."""

    def make(chart: TallyChart, reading: Reading, form: Form) -> bytes:
        about = {"title": chart.title, "of": chart.found["of"], **flat(meta_of(reading, kept(form), chart.permalink))}
        if chart.kind == "lines":
            steps = [(step["on"], step["party"], party(step["party"]), step["count"]) for step in chart.steps]
            return table(about, ["on", "party", "name", "count"], steps)
        names = ("count", "possible", "first", "last", "previous", "actions")
        rows = [(row["party"], party(row["party"]), *(row[name] for name in names)) for row in chart.rows]
        return table(about, ["party", "name", *names], rows)

    return _answer(make, "text/csv")


@blp.get("/tallies.vl.json")
def tallies_vega() -> Response:
    """The chart as a Vega-Lite specification."""

    def make(chart: TallyChart, reading: Reading, form: Form) -> bytes:
        words = {
            "title": chart.title,
            "subtitle": chart.subtitle,
            "party": _("Party"),
            "meetings": _("Meetings"),
            "counted": _("counted"),
            "possible": _("possible"),
            "on": _("Since"),
        }
        about = {**meta_of(reading, kept(form), chart.permalink), "notes": chart.notes}
        if chart.kind == "lines":
            return orjson.dumps(vega.lines(chart.lines(), chart.span(), words, about))
        return orjson.dumps(vega.bars(chart.bars(), words, about))

    return _answer(make, "application/json")


def _answer(make: Make, mimetype: str) -> Response:
    form = typed(request.args)
    args = form.load(ChartFilters)
    args.setdefault("as_of", context().today())

    def answer(reading: Reading) -> Response:
        made = make(chart_of(reading, args, form, base()), reading, form)
        return tagged(made, VIEWS, final=False, mimetype=mimetype)

    return read(VIEWS, asked(args), answer)
