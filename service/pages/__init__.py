"""The pages people read."""

from __future__ import annotations

from flask import Flask
from flask_smorest import Api

from service.pages import action, assets, documentation, explanations, partnerships, showing, tallies, timeline, words
from service.pages.addresses import register_short
from service.pages.frame import frame

__all__ = ["action", "partnerships", "register_pages", "tallies", "timeline"]


def register_pages(app: Flask, api: Api) -> None:
    """Add the pages to the application: `/en/…` and `/fr/…`, `/problems/…`, `/api/docs` and `/static/…`."""
    words.install(app.jinja_env)
    app.context_processor(frame)
    app.register_blueprint(showing.blp)
    app.register_blueprint(explanations.blp)
    app.register_blueprint(assets.blp)
    app.register_blueprint(documentation.blueprint(api))
    register_short(app)
