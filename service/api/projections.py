"""The views themselves over HTTP: how far each has come, and to have one built anew."""

from __future__ import annotations

import orjson
from flask import Response

from events import store
from events.types import instant_text
from projections import checkpoints
from projections.generations import begin_generation
from projections.registry import BY_NAME, VIEWS
from service.access import require
from service.api.blueprint import blueprint, fails, plain
from service.api.shapes import ProjectionShape
from service.context import Context, context
from service.problems import Refusal

blp = blueprint("projections", "The views and how far each has come.")


@blp.route("/projections")
@plain(blp)
@blp.response(200, ProjectionShape(many=True))
@fails(blp, 401, 406, 422)
def projections() -> Response:
    """How far each view has come."""
    response = Response(orjson.dumps(states(context())), mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def states(here: Context) -> list[dict[str, object]]:
    """`{name, position, head, lag, version, status, updated_at}` of each view; `rebuilding` while a new one grows."""
    with here.database.read() as connection:
        head = store.head(connection).position
        present = checkpoints.every(connection)
    rows: list[dict[str, object]] = []
    for view in VIEWS:
        mine = [one for one in present if one.projection == view.name]
        live = next((one for one in mine if one.live), None)
        growing = next((one for one in mine if not one.live), None)
        position = live.position if live else 0
        row: dict[str, object] = {"name": view.name, "position": position, "head": head, "lag": head - position}
        row["version"] = live.version if live else view.version
        row["status"] = live.status if live else "building"
        row["updated_at"] = instant_text(live.updated_at) if live else None
        row["error"] = live.error if live else None
        if growing:
            state = {"position": growing.position, "version": growing.version, "status": growing.status}
            row["rebuilding"] = state | {"error": growing.error}
        rows.append(row)
    return rows


@blp.route("/projections/<name>/rebuild", methods=["POST"])
@plain(blp)
@blp.response(202)
@fails(blp, 401, 403, 404, 422)
def rebuild(name: str) -> Response:
    """Build a view anew from the log; readers keep the old one until the new one is whole."""
    require("admin")
    if name not in BY_NAME:
        raise Refusal("not-found", f"There is no view {name[:40]}. There are: {', '.join(BY_NAME)}.")
    here = context()
    generation = begin_generation(here.database, BY_NAME[name], here.clock())
    return Response(orjson.dumps({"name": name, "generation": generation}), 202, mimetype="application/json")
