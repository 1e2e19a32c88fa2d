"""Editions: what was published from the record, as it stood then, as it stands now, and what has changed since."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Response, g

from service.editions import published
from service.pages.forms import CLOCKS, Form
from service.pages.parties import paged
from service.pages.showing import blp, show
from service.query import PagedQuery
from service.reading import Reading


@blp.get("/editions")
def editions() -> Response:
    """What was published."""
    return show("editions.html", ["timeline"], PagedQuery, _body)


def _body(reading: Reading, args: dict[str, Any], form: Form) -> dict[str, Any]:
    rows = [_shown(row) for row in published(reading.connection, reading.clocks.position)]
    return {"total": len(rows), **paged(reading, args, form, rows, "editions")}


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """An edition with where it leads; its pinned address is left as it was published."""
    since = f"/{g.language}/diff?{urlencode({'since': row['id']})}"
    return {**row, **pinned(row["url"]), "now": today(row["url"]), "changed": since}


def pinned(url: str) -> dict[str, Any]:
    """The day and the position that the address of an edition names; one beyond any log is cut to 17 digits."""
    query = dict(parse_qsl(urlsplit(url).query))
    return {"as_of": query["as_of"], "at_position": int(query["at_position"].lstrip("0")[:17] or 0)}


def today(url: str) -> str:
    """The same page without its clocks: as of today, as known now."""
    parts = urlsplit(url)
    query = urlencode([pair for pair in parse_qsl(parts.query) if pair[0] not in CLOCKS])
    return f"{parts.path}?{query}" if query else parts.path
