"""The timeline: what happened, month by month, as of a day and as known at a state of the record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from flask import Response, g
from markupsafe import Markup

from events.types import TYPES, kind_of
from projections.browse import TimelineQuery
from projections.calendar import Bin, Calendar, calendar
from projections.counts import count
from projections.involvement import parties_in
from projections.words import words
from service.api.timeline import ACTS, TimelineFilters, timeline_body, timeline_query
from service.api.timeline import facets as as_facets
from service.context import context
from service.editions import published
from service.pages import dates
from service.pages.forms import CLOCKS, Form
from service.pages.highlight import highlight
from service.pages.labels import kind, plain
from service.pages.showing import blp, moved, show
from service.pages.strip import strip
from service.pages.words import party
from service.reading import Reading
from service.translations import LANGUAGES, _, language

MOST_FACETS, MOST_YEARS, MOST_NAMED = 12, 30, 60
SHOWN_TYPES = tuple(name for name in TYPES if kind_of(name).family == "act")
CHOICES = {"kinds": ACTS, "types": SHOWN_TYPES, "modes": ("in_person", "phone", "video")}
BESIDE = ("order", "limit", "min_position", "wait")


@blp.get("/")
def timeline() -> Response:
    """What happened."""
    return show("timeline.html", ["timeline"], TimelineFilters, _body)


@blp.context_processor
def _choices() -> dict[str, Any]:
    return {"choices": CHOICES}


def _body(reading: Reading, args: dict[str, Any], form: Form) -> dict[str, Any]:
    path = f"/{g.language}/"
    found = timeline_body(reading, {**args, "facets": "0"})
    kept = {name: values for name, values in form.given.items() if name not in (*CLOCKS, "cursor")}
    counts, when = counted(reading, timeline_query(args))
    return {
        "months": months(found["items"], words(args.get("q") or "")),
        "edition": next(iter(published(reading.connection, reading.clocks.position)), None),
        "total": sum(row["count"] for row in counts["kind"]),
        "strip": strip(when, reading.link, kept, path),
        "facets": facets(reading, counts, when.years, path, kept),
        "parties": [row["value"] for row in counts["party"]],
        "next": moved(found["next"], path),
        "first": reading.link(path, **kept) if "cursor" in args else None,
        "removals": removals(reading, path, kept),
        "descending": args["order"] == "desc",
        "turned": reading.link(path, **{**kept, "order": "asc" if args["order"] == "desc" else "desc"}),
    }


def counted(reading: Reading, query: TimelineQuery) -> tuple[Mapping[str, Any], Calendar]:
    """The first rows of each facet, and where the actions lie; remembered, since a large record takes its time."""
    generation, clocks = reading.generation("timeline"), reading.clocks

    def work() -> tuple[Mapping[str, Any], Calendar]:
        found = count(reading.connection, generation, clocks, query)
        first = {name: rows if name == "kind" else rows[:MOST_NAMED] for name, rows in as_facets(found).items()}
        return first, calendar(found, clocks.as_of)

    return context().remembered.get(("timeline", generation, clocks, replace(query, descending=True)), work)


def months(items: Sequence[dict[str, Any]], wanted: Sequence[str] = ()) -> list[tuple[str, list[dict[str, Any]]]]:
    """The items in their order, under headings, with the words that were searched for marked in their titles."""
    for item in items:
        item["parties"] = parties_in(item["data"])
        item["marked"] = _marked(item["title"], set(wanted)) if wanted else None
    return [(name, list(group)) for name, group in groupby(items, lambda item: dates.heading(item["occurred_on"]))]


def _marked(title: Mapping[str, str], wanted: set[str]) -> Markup:
    """The title with found words marked; in the other language too, when they are found only there."""
    own = next(code for code in (language(), *LANGUAGES) if title.get(code))
    shown = highlight(title[own], wanted)
    return shown if own == language() else Markup('<span lang="{}">{}</span>').format(own, shown)


def facets(
    reading: Reading, found: Mapping[str, Any], years: Sequence[Bin], path: str, kept: Mapping[str, Any]
) -> list[tuple[str, list[dict[str, Any]]]]:
    """Counts that narrow the list, each with the link to exactly what it counts.

    A filter that is set offers no counts of its own: several values of one are either, not both. The count of a year
    holds what may have happened in it, as its list does.
    """
    named = {"kind": kind, "party": party, "sourced": _sourced}
    shown = []
    for name in ("kind", "party", "person", "topic", "sourced"):
        rows = [] if name in kept else found[name][:MOST_FACETS]
        links = [{**row, "href": reading.link(path, **kept, **{name: row["value"]})} for row in rows]
        shown.append((name, [{**row, "words": named.get(name, str)(row["value"])} for row in links]))
    if not {"since", "until"} & kept.keys() and len(years) <= MOST_YEARS:
        shown.append(("year", [_year(reading, each, path, kept) for each in reversed(years) if _holds(each)]))
    return [(name, rows) for name, rows in shown if len(rows) > 1]


def _sourced(value: str) -> str:
    return _("with a source") if value == "true" else _("without")


def _holds(each: Bin) -> bool:
    return bool(each.certain or each.possible)


def _year(reading: Reading, each: Bin, path: str, kept: Mapping[str, Any]) -> dict[str, Any]:
    href = reading.link(path, **kept, since=each.first.isoformat(), until=each.last.isoformat())
    return {"words": str(each.first.year), "count": each.certain + each.possible, "href": href}


def removals(reading: Reading, path: str, kept: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """One link for each value of a filter that is set, to the list without it."""
    links = []
    for name, values in kept.items():
        for value in () if name in BESIDE else values:
            rest = {**kept, name: [other for other in values if other != value]}
            links.append({"name": name, "value": said(name, value), "href": reading.link(path, **rest)})
    return links


def said(name: str, value: str) -> str:
    """A value of a filter in words."""
    match name:
        case "party":
            return party(value)
        case "between":
            return " – ".join(party(code) for code in value.split(","))
        case "kind":
            return kind(value)
        case "sourced":
            return _sourced(value)
        case "since" | "until":
            return dates.date_in_words(value)
        case "formal" | "mode" | "level" | "retracted" | "certain":
            return plain(value)
        case _:
            return value
