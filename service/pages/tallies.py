"""The tallies: how often one party met each other one, with every figure leading to what it counts."""

from __future__ import annotations

from typing import Any

from flask import Response, g, request

from service.api.tallies import TalliesFilters, tallies_body
from service.context import context
from service.pages import dates
from service.pages.forms import CLOCKS, Form, typed
from service.pages.showing import ask, blp, moved, show
from service.reading import Reading


@blp.get("/tallies")
def tallies() -> Response:
    """How often the parties met; the form alone while it is not said whose meetings to count."""
    if context().settings.home is None and not typed(request.args).value("of"):
        return ask("tallies.html")
    return show("tallies.html", ["tallies"], TalliesFilters, _body)


def _body(reading: Reading, args: dict[str, Any], form: Form) -> dict[str, Any]:
    path = f"/{g.language}/tallies"
    found = tallies_body(reading, args, path=f"/{g.language}/")
    most = max((row["count"] + row["possible"] for row in found["tallies"]), default=1)
    for row in found["tallies"]:
        row["bar"] = 100 * row["count"] / most
        row["maybe"] = 100 * row["possible"] / most
    kept = {name: values for name, values in form.given.items() if name not in (*CLOCKS, "cursor")}
    return {
        **found,
        "parties": [found["of"], *(row["party"] for row in found["tallies"])],
        "since_day": args.get("since") and dates.day_in_words(args["since"]),
        "next": moved(found["next"], path),
        "first": reading.link(path, **kept) if "cursor" in args else None,
    }


@blp.context_processor
def _home() -> dict[str, Any]:
    return {"home": context().settings.home}
