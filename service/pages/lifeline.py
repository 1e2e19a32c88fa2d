"""A life line drawn: spans of status along a line of days, and a mark for every act.

The drawing is 1,000 wide and stretches to its place. Statuses differ in height, not in colour alone: active is high,
suspended half as high, what is over a thin line. All it shows stands in words beside it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

WIDTH = 1_000
LEAST = 4
HEIGHTS = {"active": 20, "suspended": 10, "pending": 6}
OVER = 3
BASE = 24
FULL = 30


def drawn(
    states: Sequence[Mapping[str, Any]], acts: Sequence[Mapping[str, Any]], as_of: dt.date
) -> dict[str, Any] | None:
    """`{first, last, spans, marks}` of states with `first` and `last`, and acts; None without a state."""
    if not states:
        return None
    days = [states[0]["first"], *(dt.date.fromisoformat(act["earliest"]) for act in acts)]
    first, last = min(days), max(as_of, states[-1]["last"])
    length = max((last - first).days + 1, 1)
    spans = [_span(state, first, length) for state in merged(states)]
    marks = [_mark(act, first, length) for act in acts]
    return {"first": first, "last": last, "spans": spans, "marks": marks}


def merged(states: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """`{status, first, last}` of each span in which the status was one and the same."""
    spans: list[dict[str, Any]] = []
    for state in states:
        if spans and spans[-1]["status"] == state["status"]:
            spans[-1]["last"] = state["last"]
        else:
            spans.append({name: state[name] for name in ("status", "first", "last")})
    return spans


def _span(span: Mapping[str, Any], first: dt.date, length: int) -> dict[str, Any]:
    start, end = _place(span["first"], first, length), _place(span["last"], first, length, 1)
    height = HEIGHTS.get(span["status"], OVER)
    return {**span, "x": start, "width": max(round(end - start, 1), LEAST), "y": BASE - height, "height": height}


def _mark(act: Mapping[str, Any], first: dt.date, length: int) -> dict[str, Any]:
    """A stroke for an act of one day; for another, a low bar over the days on which it may have been."""
    start = _place(dt.date.fromisoformat(act["earliest"]), first, length)
    end = min(_place(dt.date.fromisoformat(act["latest"]), first, length, 1), WIDTH)
    if act["earliest"] == act["latest"]:
        return {"sort": "tick", "x": min(start, WIDTH - LEAST), "width": LEAST, "y": 0, "height": FULL}
    return {"sort": "range", "x": start, "width": max(round(end - start, 1), LEAST), "y": BASE, "height": FULL - BASE}


def _place(day: dt.date, first: dt.date, length: int, after: int = 0) -> float:
    """How far along the line a day begins, or the one so many days after it."""
    return round(WIDTH * ((day - first).days + after) / length, 1)
