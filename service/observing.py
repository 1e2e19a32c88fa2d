"""What every answer tells of itself: an id to find it by in the log, and how long it took; and `/metrics`."""

from __future__ import annotations

import logging
import random
import re
import time
from contextvars import ContextVar
from typing import Any

from flask import Blueprint, Flask, Response, g, request
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy import Engine, event

from service.context import context
from service.logs import request_id

LOG = logging.getLogger("depositary.http")
ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
SLOW_SECONDS = 2.0
ROUTE = "depositary.route"
"""In the environment of a request that was answered: by which rule."""

blp = Blueprint("observing", __name__)
_in_database: ContextVar[list[float] | None] = ContextVar("in_database", default=None)


@blp.get("/metrics")
def metrics() -> Response:
    """The service's own figures in the text format of Prometheus."""
    headers = {"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"}
    return Response(context().metrics.text(), headers=headers)


def install(app: Flask, *engines: Engine) -> None:
    """Time every request, and what of it was spent waiting for the database."""
    app.before_request(_begin)
    app.after_request(_end)
    app.register_blueprint(blp)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", _asked)
        event.listen(engine, "after_cursor_execute", _answered)


def _begin() -> None:
    given = request.headers.get("X-Request-Id", "")
    g.began = time.perf_counter()
    request_id.set(a_request_id(given))
    _in_database.set([0.0])


def a_request_id(given: str) -> str:
    """The id that a request came with, or a new one."""
    return given if ID.fullmatch(given) else f"{random.getrandbits(64):016x}"


def _end(response: Response) -> Response:
    spent, in_database = time.perf_counter() - g.began, _in_database.get() or [0.0]
    route = request.url_rule.rule if request.url_rule else "none"
    request.environ[ROUTE] = route
    context().metrics.answered(request.method, route, response.status_code, spent)
    response.headers["X-Request-Id"] = request_id.get()
    response.headers["Server-Timing"] = f"db;dur={in_database[0] * 1000:.1f}, total;dur={spent * 1000:.1f}"
    level = logging.WARNING if response.status_code >= 500 or spent > SLOW_SECONDS else logging.DEBUG
    if LOG.isEnabledFor(level):
        facts = {"method": request.method, "route": route, "status": response.status_code, "ms": round(spent * 1000, 1)}
        LOG.log(level, "%s %s %s in %s ms", *facts.values(), extra={"facts": {**facts, "path": request.path}})
    return response


def _asked(connection: Any, *rest: Any) -> None:
    connection.info["asked"] = time.perf_counter()


def _answered(connection: Any, *rest: Any) -> None:
    spent = _in_database.get()
    if spent is not None:
        spent[0] += time.perf_counter() - connection.info["asked"]
