"""Two views held side by side over HTTP."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response

from events import store
from events.clock import parse_instant
from events.fields import Party
from events.types import instant_text
from projections import difference
from projections.clocks import Clocks
from service.api.blueprint import VIEW_ERRORS, blueprint, fails
from service.api.shapes import DiffShape
from service.context import context
from service.problems import Refusal, wrong_query
from service.query import CivilDay, KnownAt, Number, Query, Seconds
from service.reading import Asked, Pin, Reading, read, resolve, tagged

blp = blueprint("diff", "What changed between two dates, or between two states of the record.")
VIEWS = ["timeline", "tallies", "partnerships"]


class DiffQuery(Query):
    """The two ends of the comparison."""

    from_as_of = CivilDay()
    to_as_of = CivilDay()
    from_known_at = KnownAt()
    to_known_at = KnownAt()
    from_position = Number()
    to_position = Number()
    of = Party(metadata={"description": "Whose meeting tallies to compare."})
    min_position = Number(load_default=0)
    wait = Seconds(load_default=5.0)


@blp.route("/diff")
@blp.arguments(DiffQuery, location="query", as_kwargs=False)
@blp.response(200, DiffShape)
@fails(blp, *VIEW_ERRORS)
def diff(args: dict[str, Any]) -> Response:
    """What was added, removed and corrected, and how tallies and partnerships moved."""
    pins = {side: _pin(args, side) for side in ("from", "to")}
    pinned = [pin.position for pin in pins.values() if pin.position is not None]
    needed = max([args["min_position"], *pinned])
    views = VIEWS if args.get("of") else ["timeline", "partnerships"]
    return read(
        views, Asked(min_position=needed, wait=args["wait"]), lambda reading: _answer(reading, views, args, pins)
    )


def _pin(args: dict[str, Any], side: str) -> Pin:
    text = args.get(f"{side}_known_at")
    asked = Asked(
        known_at=None if text is None else parse_instant(text),
        known_text=text,
        at_position=args.get(f"{side}_position"),
    )
    try:
        return resolve(context(), asked)
    except Refusal as refusal:
        detail = refusal.errors[0]["detail"] if refusal.errors else refusal.detail
        raise wrong_query({f"{side}_position": str(detail).replace("at_position", "a position")}) from None


def _answer(reading: Reading, views: list[str], args: dict[str, Any], pins: dict[str, Pin]) -> Response:
    connection, generation = reading.connection, reading.generation
    ends = {side: _clocks(reading, args, side, pin) for side, pin in pins.items()}
    body: dict[str, Any] = {side: _about(reading, ends[side], pin) for side, pin in pins.items()}
    before, after = ends["from"], ends["to"]
    body["actions"] = difference.actions(connection, generation("timeline"), before, after)
    if "tallies" in views:
        body["tallies"] = difference.moved_tallies(connection, generation("tallies"), before, after, args["of"])
    today = context().today()
    body["partnerships"] = difference.moved_partnerships(connection, generation("partnerships"), before, after, today)
    final = all(pin.final and args.get(f"{side}_as_of") for side, pin in pins.items())
    return tagged(orjson.dumps(body), views, final=bool(final))


def _clocks(reading: Reading, args: dict[str, Any], side: str, pin: Pin) -> Clocks:
    position = reading.clocks.position if pin.position is None else pin.position
    return Clocks(position=position, as_of=args.get(f"{side}_as_of"))


def _about(reading: Reading, clocks: Clocks, pin: Pin) -> dict[str, Any]:
    recorded = store.recorded_at(reading.connection, clocks.position)
    known = pin.known_text or (None if recorded is None else instant_text(recorded))
    return {
        "as_of": clocks.as_of and clocks.as_of.isoformat(),
        "known_at": known,
        "position": clocks.position,
    }
