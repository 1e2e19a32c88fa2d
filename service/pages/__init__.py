"""The pages people read."""

from __future__ import annotations

from flask import Flask
from flask_smorest import Api

from service.pages import (
    action,
    assets,
    compare,
    documentation,
    editions,
    embeds,
    explanations,
    lists,
    oembed,
    parties,
    partnership,
    partnerships,
    party,
    people,
    replay,
    retracting,
    revising,
    sessions,
    showing,
    tallies,
    tally_files,
    timeline,
    uploads,
    words,
    writing,
)
from service.pages.addresses import register_short
from service.pages.frame import frame

__all__ = [
    "action",
    "compare",
    "editions",
    "embeds",
    "lists",
    "parties",
    "partnership",
    "partnerships",
    "party",
    "people",
    "register_pages",
    "replay",
    "retracting",
    "revising",
    "sessions",
    "tallies",
    "tally_files",
    "timeline",
    "uploads",
    "writing",
]


def register_pages(app: Flask, api: Api) -> None:
    """Add the pages to the application: `/en/…` and `/fr/…`, `/problems/…`, `/api/docs` and `/static/…`."""
    words.install(app.jinja_env)
    app.context_processor(frame)
    app.register_blueprint(showing.blp)
    app.register_blueprint(explanations.blp)
    app.register_blueprint(assets.blp)
    app.register_blueprint(oembed.blp)
    app.register_blueprint(documentation.blueprint(api))
    register_short(app)
