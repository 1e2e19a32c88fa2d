"""The same chart as a Vega-Lite specification (version 6) with its data inside, to be edited further elsewhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from service.charts.bars import FULL, MAYBE, Bar
from service.charts.lines import COLOURS, Line

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
WIDTH = 560

Words = Mapping[str, str]
"""What the chart calls things: `title`, `subtitle`, `party`, `meetings`, `counted`, `possible`, `on`."""


def bars(rows: Sequence[Bar], words: Words, about: Mapping[str, Any]) -> dict[str, Any]:
    """Bars, what may count stacked behind what does."""
    values = [
        {"party": row.name, "meetings": number, "part": words[part], "order": nth, "href": row.href}
        for row in rows
        for nth, (part, number) in enumerate((("counted", row.count), ("possible", row.possible)))
        if number or not nth
    ]
    parts = {"domain": [words["counted"], words["possible"]], "range": [FULL, MAYBE]}
    encoding = {
        "y": {"field": "party", "type": "nominal", "sort": [row.name for row in rows], "title": None},
        "x": {"field": "meetings", "type": "quantitative", "title": words["meetings"], "axis": {"tickMinStep": 1}},
        "color": {"field": "part", "type": "nominal", "scale": parts, "title": None},
        "order": {"field": "order", "type": "ordinal"},
        "href": {"field": "href", "type": "nominal"},
        "tooltip": [_told("party", words["party"]), _told("meetings", words["meetings"]), _told("part", " ")],
    }
    return {**_begin(words, about, values), "mark": "bar", "encoding": encoding}


def lines(
    rows: Sequence[Line], span: tuple[dt.date, dt.date], words: Words, about: Mapping[str, Any]
) -> dict[str, Any]:
    """Lines that climb in steps over the days of `span`, each named at its end."""
    values = [
        {"party": row.name, "on": day.isoformat(), "meetings": number, "href": row.href}
        for row in rows
        for day, number in ((span[0], 0), *row.steps, (span[1], row.end))
    ]
    colours = {"domain": [row.name for row in rows], "range": [COLOURS[n % len(COLOURS)] for n in range(len(rows))]}
    encoding = {
        "x": {"field": "on", "type": "temporal", "title": None},
        "y": {"field": "meetings", "type": "quantitative", "title": words["meetings"], "axis": {"tickMinStep": 1}},
        "color": {"field": "party", "type": "nominal", "scale": colours, "title": None},
        "href": {"field": "href", "type": "nominal"},
        "tooltip": [_told("party", words["party"]), _told("on", words["on"]), _told("meetings", words["meetings"])],
    }
    mark = {"type": "line", "interpolate": "step-after"}
    return {**_begin(words, about, values), "mark": mark, "encoding": encoding}


def _begin(words: Words, about: Mapping[str, Any], values: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    title = {"text": words["title"], "subtitle": words["subtitle"], "anchor": "start"}
    data = {"values": [{name: value for name, value in each.items() if value is not None} for each in values]}
    return {"$schema": SCHEMA, "title": title, "width": WIDTH, "data": data, "usermeta": dict(about)}


def _told(field: str, title: str) -> dict[str, str]:
    return {"field": field, "type": "temporal" if field == "on" else "nominal", "title": title}
