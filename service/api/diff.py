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
SIDES = ("from", "to")


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
    pins = pins_of(args)
    views = VIEWS if args.get("of") else ["timeline", "partnerships"]

    def body(reading: Reading) -> Response:
        final = all(pin.final and args.get(f"{side}_as_of") for side, pin in pins.items())
        return tagged(orjson.dumps(diff_body(reading, args, pins)), views, final=bool(final))

    return read(views, waiting(args, pins), body)


def pins_of(args: dict[str, Any]) -> dict[str, Pin]:
    """The states of the record `from` and `to` which to compare. Raises Refusal (422)."""
    return {side: _pin(args, side) for side in SIDES}


def waiting(args: dict[str, Any], pins: dict[str, Pin]) -> Asked:
    """What the views must have reached before the two ends are read."""
    pinned = [pin.position for pin in pins.values() if pin.position is not None]
    return Asked(min_position=max([args["min_position"], *pinned]), wait=args["wait"])


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


def diff_body(reading: Reading, args: dict[str, Any], pins: dict[str, Pin]) -> dict[str, Any]:
    """`{from, to, actions, tallies, partnerships}`; the tallies only with `of`."""
    connection, generation = reading.connection, reading.generation
    before, after = (clocks_of(reading, args, pins, side) for side in SIDES)
    body: dict[str, Any] = {"from": _about(reading, before, pins["from"]), "to": _about(reading, after, pins["to"])}
    body["actions"] = difference.actions(connection, generation("timeline"), before, after)
    if args.get("of"):
        body["tallies"] = difference.moved_tallies(connection, generation("tallies"), before, after, args["of"])
    today = context().today()
    body["partnerships"] = difference.moved_partnerships(connection, generation("partnerships"), before, after, today)
    return body


def clocks_of(reading: Reading, args: dict[str, Any], pins: dict[str, Pin], side: str) -> Clocks:
    """The two clocks of one end."""
    pinned = pins[side].position
    position = reading.clocks.position if pinned is None else pinned
    return Clocks(position=position, as_of=args.get(f"{side}_as_of"))


def _about(reading: Reading, clocks: Clocks, pin: Pin) -> dict[str, Any]:
    recorded = store.recorded_at(reading.connection, clocks.position)
    known = pin.known_text or (None if recorded is None else instant_text(recorded))
    return {
        "as_of": clocks.as_of and clocks.as_of.isoformat(),
        "known_at": known,
        "position": clocks.position,
    }
