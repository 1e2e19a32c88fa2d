"""The people whom the record names, each leading to the timeline of what they had part in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Response

from events.fields import Text
from projections import register
from service.api.people import PeopleQuery
from service.pages.forms import Form
from service.pages.parties import files, named, paged
from service.pages.showing import blp, show
from service.reading import Reading


class PeopleFilters(PeopleQuery):
    """Which people."""

    q = Text(metadata={"description": "Words in names or roles."})


@blp.get("/people")
def people() -> Response:
    """Who took part."""
    return show("people.html", ["timeline"], PeopleFilters, _body)


def _body(reading: Reading, args: dict[str, Any], form: Form) -> dict[str, Any]:
    rows = register.persons(reading.connection, reading.generation("timeline"), reading.clocks)
    found = matching(rows, args)
    codes = sorted({code for row in rows for code in row["parties"]})
    listed = paged(reading, args, form, found, "people")
    about = {"total": len(found), "known": len(rows), "codes": codes}
    return {**about, "files": files(reading, form, "people"), **listed}


def matching(rows: Iterable[dict[str, Any]], args: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows that were asked for."""
    party = args.get("party")
    found = (row for row in rows if party is None or party in row["parties"])
    return [row for row in found if named(args.get("q"), row["name"], *row["roles"])]
