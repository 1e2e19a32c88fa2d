"""The people named in the record over HTTP."""

from __future__ import annotations

from typing import Any

from flask import Response

from events.fields import Party
from projections import register
from service import cursors
from service.api.blueprint import VIEW_ERRORS, blueprint, fails
from service.api.shapes import ListShape
from service.query import PagedQuery, asked
from service.reading import Reading, answer, read

blp = blueprint("people", "People named in the record.")


class PeopleQuery(PagedQuery):
    """Whose people."""

    party = Party(metadata={"description": "Only those who act for this party."})


@blp.route("/people")
@blp.arguments(PeopleQuery, location="query", as_kwargs=False)
@blp.response(200, ListShape)
@fails(blp, *VIEW_ERRORS)
def people(args: dict[str, Any]) -> Response:
    """People by number of actions, each with party and roles."""

    def body(reading: Reading) -> Response:
        rows = register.people(reading.connection, reading.generation("timeline"), reading.clocks)
        if "party" in args:
            rows = [row for row in rows if row["party"] == args["party"]]
        page, place = cursors.page(args, rows)
        kept = {name: args.get(name) for name in ("party", "limit")}
        more = place and reading.link("/api/v1/people", **kept, cursor=cursors.make(args, place))
        return answer(reading, ["timeline"], {"items": page, "next": more})

    return read(["timeline"], asked(args), body)
