"""The timeline: what happened, month by month, as of a day and as known at a state of the record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from flask import Response, g

from events.types import TYPES, kind_of
from projections.involvement import parties_in
from service.api.timeline import ACTS, TimelineFilters, timeline_body
from service.pages import dates
from service.pages.forms import CLOCKS, Form
from service.pages.showing import blp, moved, show
from service.reading import Reading

MOST_FACETS = 12
SHOWN_TYPES = tuple(name for name in TYPES if kind_of(name).family == "act")
CHOICES = {"kinds": ACTS, "types": SHOWN_TYPES, "modes": ("in_person", "phone", "video")}


@blp.get("/")
def timeline() -> Response:
    """What happened."""
    return show("timeline.html", ["timeline"], TimelineFilters, _body)


@blp.context_processor
def _choices() -> dict[str, Any]:
    return {"choices": CHOICES}


def _body(reading: Reading, args: dict[str, Any], form: Form) -> dict[str, Any]:
    path = f"/{g.language}/"
    found = timeline_body(reading, {**args, "facets": "1"})
    kept = {name: values for name, values in form.given.items() if name not in (*CLOCKS, "cursor")}
    return {
        "months": months(found["items"]),
        "total": sum(row["count"] for row in found["facets"]["kind"]),
        "facets": facets(reading, found["facets"], path, kept),
        "parties": [row["value"] for row in found["facets"]["party"]],
        "next": moved(found["next"], path),
        "first": reading.link(path, **kept) if "cursor" in args else None,
        "removals": removals(reading, path, kept),
        "descending": args["order"] == "desc",
    }


def months(items: Sequence[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The items in their order, under headings."""
    for item in items:
        item["parties"] = parties_in(item["data"])
    return [(name, list(group)) for name, group in groupby(items, lambda item: dates.heading(item["occurred_on"]))]


def facets(
    reading: Reading, found: Mapping[str, Any], path: str, kept: Mapping[str, Any]
) -> list[tuple[str, list[dict[str, Any]]]]:
    """Counts that narrow the list, each with the link to exactly what it counts.

    A filter that is set offers no counts of its own: several values of one are either, not both. Years have no
    counts, since an action may have happened in one of two.
    """
    shown = []
    for name in ("kind", "party", "topic", "person"):
        rows = [] if name in kept else found[name][:MOST_FACETS]
        links = [{**row, "href": reading.link(path, **kept, **{name: row["value"]})} for row in rows]
        shown.append((name, links))
    if not {"since", "until"} & kept.keys():
        shown.append(("year", [_year(reading, row["value"], path, kept) for row in reversed(found["year"])]))
    return [(name, rows) for name, rows in shown if len(rows) > 1]


def _year(reading: Reading, year: str, path: str, kept: Mapping[str, Any]) -> dict[str, Any]:
    href = reading.link(path, **kept, since=f"{year}-01-01", until=f"{year}-12-31")
    return {"value": year, "count": None, "href": href}


def removals(reading: Reading, path: str, kept: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """One link for each filter that is set, to the list without it."""
    links = []
    for name, values in kept.items():
        if name not in ("order", "limit", "min_position", "wait"):
            rest = {other: given for other, given in kept.items() if other != name}
            links.append({"name": name, "value": ", ".join(values), "href": reading.link(path, **rest)})
    return links
