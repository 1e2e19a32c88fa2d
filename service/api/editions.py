"""Editions over HTTP: states of the record that were published."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Response
from sqlalchemy import Connection

from events import store
from events.types import instant_text
from service import cursors
from service.api.blueprint import blueprint, fails
from service.api.shapes import ListShape
from service.context import context
from service.editions import published
from service.query import PagedQuery, asked
from service.reading import read_log, resolve, tagged

blp = blueprint("editions", "States of the record that were published.")


@blp.route("/editions")
@blp.arguments(PagedQuery, location="query", as_kwargs=False)
@blp.response(200, ListShape)
@fails(blp, 401, 406, 422)
def editions(args: dict[str, Any]) -> Response:
    """Editions, newest first."""
    here, clocks = context(), asked(args)
    pin = resolve(here, clocks)

    def found(connection: Connection) -> tuple[int, int | None, list[dict[str, Any]]]:
        until = store.head(connection).position if pin.position is None else pin.position
        return until, store.recorded_at(connection, until), published(connection, until)

    until, recorded, rows = read_log(here, max(clocks.min_position, pin.position or 0), clocks.wait, found)
    page, place = cursors.page(args, rows)
    more = None
    if place:
        as_of = clocks.as_of and clocks.as_of.isoformat()
        query = {"limit": args.get("limit"), "cursor": cursors.make(args, place), "as_of": as_of, "at_position": until}
        more = f"/api/v1/editions?{urlencode({k: v for k, v in query.items() if v is not None})}"
    known = pin.known_text or (None if recorded is None else instant_text(recorded))
    meta = {"as_of": clocks.as_of and clocks.as_of.isoformat(), "known_at": known, "position": until}
    body = {"items": page, "next": more, **meta}
    return tagged(orjson.dumps(body), (), final=bool(pin.final and clocks.as_of))
