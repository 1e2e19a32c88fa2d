"""The parties that the record names, and how many actions each has part in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Response, g

from events.fields import Text
from projections.words import fold, words
from service import cursors
from service.api.parties import party_rows
from service.pages.forms import CLOCKS, Form
from service.pages.showing import blp, show
from service.query import PagedQuery
from service.reading import Reading
from service.translations import language

DEFAULT = 100


class PartiesFilters(PagedQuery):
    """Which parties."""

    q = Text(metadata={"description": "Words in names, or a code."})


@blp.get("/parties")
def parties() -> Response:
    """Who is in the record."""
    return show("parties.html", ["timeline"], PartiesFilters, _body)


def _body(reading: Reading, args: dict[str, Any], form: Form) -> dict[str, Any]:
    rows = party_rows(reading)
    found = matching(rows, args)
    listed = paged(reading, args, form, found, "parties")
    return {"total": len(found), "known": len(rows), "files": files(reading, form, "parties"), **listed}


def matching(rows: Iterable[dict[str, Any]], args: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows that were asked for, by name in the language of the page."""
    found = [row for row in rows if named(args.get("q"), *row["name"].values(), row["party"])]
    return sorted(found, key=lambda row: fold(row["name"][language()]))


def named(q: str | None, *names: str) -> bool:
    """Whether the names hold words that begin with every word asked for."""
    held = [word for name in names for word in words(name)]
    return all(any(word.startswith(wanted) for word in held) for wanted in words(q or ""))


def files(reading: Reading, form: Form, page: str) -> list[tuple[str, str]]:
    """The list as files for a spreadsheet and for programs, at the same clocks."""
    kept = {name: values for name, values in form.given.items() if name not in (*CLOCKS, "cursor", "limit")}
    return [(kind.upper(), reading.link(f"/{g.language}/{page}.{kind}", **kept)) for kind in ("csv", "json")]


def paged(reading: Reading, args: dict[str, Any], form: Form, rows: list[Any], page: str) -> dict[str, Any]:
    """One page of the rows, with links to the next one and back to the beginning."""
    path = f"/{g.language}/{page}"
    shown, place = cursors.page({"limit": DEFAULT, **args}, rows)
    kept = {name: values for name, values in form.given.items() if name not in (*CLOCKS, "cursor")}
    return {
        "rows": shown,
        "next": place and reading.link(path, **kept, cursor=cursors.make(args, place)),
        "first": reading.link(path, **kept) if "cursor" in args else None,
    }
