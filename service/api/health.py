"""Whether the service is alive, and whether it is ready, with a reason per part."""

from __future__ import annotations

from collections.abc import Callable

import orjson
from flask import Blueprint, Response, current_app
from flask.blueprints import BlueprintSetupState
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from events import store
from events.database import Database
from events.errors import SchemaOutdated
from projections import checkpoints, lease
from projections.registry import BY_NAME
from service import migrate
from service.api.projections import states
from service.context import Context, context
from service.probe import Probe

blp = Blueprint("health", __name__)


Parts = dict[str, dict[str, object]]
KEY = "probes"


@blp.record
def _probes(state: BlueprintSetupState) -> None:
    state.app.extensions[KEY] = {"alive": Probe[Parts](), "ready": Probe[Parts]()}


@blp.get("/healthz")
def healthz() -> Response:
    """Whether the process answers and reaches its database."""
    database = context().database
    parts = _asked("alive", lambda: {"database": _database(database)})
    status = parts["database"]["status"]
    return _answer(200 if status == "ok" else 503, {"status": status, "parts": parts})


@blp.get("/readyz")
def readyz() -> Response:
    """Whether it can serve: database, schema, views, worker. A stopped view makes it `degraded`."""
    here = context()
    parts = _asked("ready", lambda: _parts(here))
    words = {str(part["status"]) for part in parts.values()}
    status = "unavailable" if "unavailable" in words else "degraded" if words != {"ok"} else "ok"
    away = [name for name, part in parts.items() if part["status"] == "unavailable"]
    if away == ["database"] and here.standbys.readable():
        parts["database"]["detail"] = "nothing can be written; standbys answer what is read"
        status = "degraded"
    parts |= _standbys(here)
    return _answer(503 if status == "unavailable" else 200, {"status": status, "parts": parts})


def _asked(name: str, work: Callable[[], Parts]) -> Parts:
    probe: Probe[Parts] = current_app.extensions[KEY][name]
    try:
        return probe.ask(work)
    except TimeoutError:
        return {"database": {"status": "unavailable", "reason": "the database does not answer in time"}}


def _parts(here: Context) -> Parts:
    parts = {"database": _database(here.database)}
    try:
        if parts["database"]["status"] == "ok":
            parts["schema"] = _schema(here.database)
        if parts.get("schema", {}).get("status") == "ok":
            parts |= {f"projection:{row['name']}": _view(here.database, row) for row in states(here)}
            parts["worker"] = _worker(here)
    except SQLAlchemyError as error:
        parts["database"] = _away(error)
    return parts


def _answer(code: int, body: dict[str, object]) -> Response:
    return Response(orjson.dumps(body), code, mimetype="application/json", headers={"Cache-Control": "no-store"})


def _database(database: Database) -> dict[str, object]:
    try:
        with database.read() as connection:
            position = store.head(connection).position
        return {"status": "ok", "library": database.library(), "position": position}
    except SQLAlchemyError as error:
        return _away(error)


def _away(error: SQLAlchemyError) -> dict[str, object]:
    return {"status": "unavailable", "reason": f"the database does not answer: {type(error).__name__}"}


def _schema(database: Database) -> dict[str, object]:
    try:
        migrate.check(database)
    except SchemaOutdated as error:
        return {"status": "unavailable", "reason": str(error)}
    return {"status": "ok", "revision": migrate.newest()}


def _view(database: Database, row: dict[str, object]) -> dict[str, object]:
    shown = {name: row[name] for name in ("position", "lag")}
    if row["status"] == "stopped":
        return {"status": "stopped", "reason": row["error"], **shown}
    if row["status"] == "building":
        return {"status": "building", "reason": "is built for the first time, or for this version", **shown}
    try:
        _touch(database, str(row["name"]))
    except DBAPIError as error:
        reason = str(error.orig).strip().partition("\n")[0]
        return {"status": "unreadable", "reason": reason, **shown}
    return {"status": "ok", **shown}


def _touch(database: Database, name: str) -> None:
    """Read a row of each table of the live generation. Raises DBAPIError for one that may not be read."""
    view = BY_NAME[name]
    with database.read() as connection:
        for table in view.tables(checkpoints.live(connection, view).generation).values():
            connection.execute(select(table).limit(1)).first()


def _standbys(here: Context) -> Parts:
    """Each standby that is read from; one that is left out does no harm while others answer."""
    found: Parts = {}
    for name, position, trouble in here.standbys.states():
        state = {"status": "left out", "reason": trouble} if trouble else {"status": "ok"}
        found[f"standby:{name}"] = {**state, "position": position}
    return found


def _worker(here: Context) -> dict[str, object]:
    with here.database.read() as connection:
        leader = lease.holder(connection)
    if leader is None:
        return {"status": "missing", "reason": "no worker leads: run `depositary worker`"}
    return {"status": "ok", "leader": leader}
