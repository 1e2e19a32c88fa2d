"""Everything joined in one place: `create_app(settings)` gives a WSGI application."""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Callable

from flask import Flask, Response, request
from flask_smorest import Api
from werkzeug.exceptions import HTTPException

from events import clock as clocks
from events import garbage
from events.committer import Committer
from events.database import Database, connect
from events.fields import Checked, Flag, Whole
from events.hosts import apart
from events.standbys import Standbys
from events.watch import Watch
from service import access, migrate, negotiation, observing, problems, tracing
from service.api import (
    diff,
    editions,
    events,
    health,
    live,
    parties,
    partnerships,
    people,
    projections,
    tallies,
    timeline,
)
from service.appending import SHORT, QuickAppend
from service.charts import png
from service.context import KEY, Context
from service.metrics import Metrics
from service.pages import register_pages
from service.problems import Refusal
from service.query import Number, Seconds, TrueFalse
from service.settings import Settings, from_environment

LARGEST_BODY = 64 * 1024 * 1024
LOG = logging.getLogger("depositary")
FIELD_TYPES = (
    (Checked, "string"),
    (Flag, "boolean"),
    (TrueFalse, "boolean"),
    (Whole, "integer"),
    (Number, "integer"),
    (Seconds, "number"),
)
RESOURCES = (events, live, timeline, tallies, partnerships, diff, parties, people, editions, projections)


class _Api(Api):  # type: ignore[misc]
    """The description of the interface; errors are ours to answer."""

    def _register_error_handlers(self) -> None:
        pass


def create_app(settings: Settings, clock: Callable[[], int] = clocks.now) -> Flask:
    """A new application on the database of these settings. Raises SchemaOutdated when its tables are not current.

    `clock` gives microseconds since 1970. End it with `app.extensions["depositary"].close()`.
    """
    database = connect(settings.database_url)
    migrate.check(database)
    here = _context(settings, database, clock)
    app = Flask("service", static_folder=None)
    app.extensions[KEY] = here
    app.secret_key = settings.secret_key or secrets.token_bytes(32)
    app.config.update(
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        API_TITLE="Depositary",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api",
        OPENAPI_JSON_PATH="openapi.json",
    )
    app.url_map.merge_slashes = False
    _register_errors(app)
    observing.install(app, database.reading)
    app.extensions[SHORT] = not tracing.install(app, os.environ)
    if app.extensions[SHORT]:
        app.wsgi_app = QuickAppend(app.wsgi_app, here)  # type: ignore[method-assign]
    access.install(app, settings.rate_limit)
    negotiation.install(app)
    api = _Api(app)
    for field, kind in FIELD_TYPES:
        api.register_field(field, kind, None)
    for resource in RESOURCES:
        api.register_blueprint(resource.blp)
    app.register_blueprint(health.blp)
    register_pages(app, api)
    png.prepare()
    return app


def _context(settings: Settings, database: Database, clock: Callable[[], int]) -> Context:
    metrics = Metrics(database)
    committer = Committer(database, clock, metrics)
    standbys = Standbys(
        database,
        [connect(url) for url in apart(settings.read_urls or "")],
        lag=settings.read_lag,
        written=lambda: committer.position,
    )
    standbys.start()
    return Context(
        settings=settings,
        database=database,
        committer=committer,
        watch=Watch(database),
        standbys=standbys,
        clock=clock,
        metrics=metrics,
    )


def from_environ() -> Flask:
    """The application that the environment's settings ask for, for a WSGI server."""
    app = create_app(from_environment(os.environ))
    garbage.settle()
    return app


def _register_errors(app: Flask) -> None:
    app.register_error_handler(Refusal, negotiation.shown)
    app.register_error_handler(HTTPException, lambda error: negotiation.shown(problems.of_http(error), error))
    app.register_error_handler(Exception, _unexpected)


def _unexpected(error: Exception) -> Response:
    refusal = negotiation.expected(error)
    if refusal is None:
        LOG.exception("%s %s failed", request.method, request.path)
        refusal = Refusal("internal", problems.DETAILS["internal"])
    return negotiation.shown(refusal)
