"""One partnership or agreement: how it stands on a day, and the line of acts that made it so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Response

from events import store
from projections import lifelines
from projections.partnerships import KINDS
from service.envelope import STREAM
from service.pages.forms import Form
from service.pages.lifeline import drawn
from service.pages.showing import blp, show
from service.problems import Refusal
from service.query import ClocksQuery
from service.reading import Reading


@blp.get("/partnerships/<stream>")
def partnership(stream: str) -> Response:
    """How one partnership or agreement stands."""
    views = ["partnerships", "timeline"]
    return show("partnership.html", views, ClocksQuery, lambda reading, args, form: _body(reading, stream, form))


def _body(reading: Reading, stream: str, form: Form) -> dict[str, Any]:
    first = _first_position(reading, stream)
    connection, clocks = reading.connection, reading.clocks
    acts = lifelines.acts(connection, reading.generation("timeline"), clocks, first)
    if not acts or clocks.as_of is None:
        raise _unknown(stream)
    states = lifelines.states(connection, reading.generation("partnerships"), clocks, first)
    return {
        "stream": stream,
        "kind": stream.partition(":")[0],
        "line": acts,
        "states": states,
        "now": states[-1] if states else None,
        "about": states[-1] if states else _carried(acts),
        "drawing": drawn(states, acts, clocks.as_of),
        "sources": _sources(acts),
    }


def _first_position(reading: Reading, stream: str) -> int:
    """The position of the stream's first event. Raises Refusal (404)."""
    if STREAM.fullmatch(stream) and stream.partition(":")[0] in KINDS:
        for event in store.read(reading.connection, 0, 1, until=reading.clocks.position, stream=stream):
            return event.position
    raise _unknown(stream)


def _unknown(stream: str) -> Refusal:
    detail = f"There is no partnership or agreement {stream[:80]} as of this day, at this state of the record."
    return Refusal("not-found", detail)


def _carried(acts: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """What acts say of which none is certain to have happened."""
    data: dict[str, Any] = {}
    for act in acts:
        data |= {name: value for name, value in act["data"].items() if value is not None}
    return {"form": None, "scope": [], "parties": [], "expires_on": None, **data}


def _sources(acts: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The sources of all the acts, each once."""
    return list({source["url"]: source for act in acts for source in act["sources"]}.values())
