"""Addresses of pages: the same page in the other language, and short ones that lead to the reader's language."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Flask, redirect, request
from werkzeug.wrappers import Response

from service.translations import LANGUAGES

PREFIX = "/<any(" + ",".join(LANGUAGES) + "):language>"


def register_short(app: Flask) -> None:
    """Let every page under `/en/…` and `/fr/…` be asked for without the language: `/tallies` leads to one of them."""
    pages = [
        rule for rule in app.url_map.iter_rules() if rule.rule.startswith(PREFIX) and "GET" in (rule.methods or ())
    ]
    for nth, rule in enumerate(pages):
        app.add_url_rule(rule.rule.removeprefix(PREFIX), f"short.{nth}" if rule.rule != f"{PREFIX}/" else "home", lead)


def lead(**values: Any) -> Response:
    """Lead to the page in the language that the reader prefers, with the query as it came."""
    wanted = (tag.lower().partition("-")[0] for tag, quality in request.accept_languages if quality)
    preferred = next((language for language in wanted if language in LANGUAGES), "en")
    response = redirect(f"/{preferred}{quote(request.path)}{_query()}", 302)
    response.vary.add("Accept-Language")
    return response


def in_language(language: str) -> str:
    """The address of this page, with its whole state, in another language."""
    path = request.path.split("/", 2)
    return f"/{language}/{quote(path[2] if len(path) > 2 else '')}{_query()}"


def _query() -> str:
    query = request.query_string.decode("ascii", "replace")
    return f"?{query}" if query else ""
