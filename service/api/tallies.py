"""Meeting tallies over HTTP: counts per party, and the same as steps in time."""

from __future__ import annotations

from typing import Any

from flask import Response

from events import parties
from events.fields import Choice, Party, Text
from projections import tallies as view
from projections.tallies import Tally, TallyQuery
from projections.tallying import tallied
from service import cursors
from service.api.blueprint import VIEW_ERRORS, blueprint, fails
from service.api.shapes import SeriesShape, TalliesShape
from service.context import context
from service.problems import wrong_query
from service.query import LEVEL, MODE, CivilDay, PagedQuery, Several, asked
from service.reading import Reading, answer, read

blp = blueprint("tallies", "How often the parties met, two by two.")


class TalliesFilters(PagedQuery):
    """Which meetings to count."""

    of = Party(metadata={"description": "Whose meetings; default DEPOSITARY_HOME."})
    since = CivilDay()
    mode = Several(MODE)
    formal = Choice("true", "false", "any", load_default="any")
    level = LEVEL
    person = Text()
    party = Several(Party())


def tally_query(args: dict[str, Any]) -> TallyQuery:
    """The parameters as the view takes them. Raises Refusal when it is not said whose meetings."""
    of = args.get("of") or context().settings.home
    if of is None:
        raise wrong_query({"of": "Say whose meetings to count, such as of=CA (no DEPOSITARY_HOME is set)."})
    return TallyQuery(
        of=of,
        since=args.get("since"),
        modes=tuple(args["mode"]),
        formal=None if args["formal"] == "any" else args["formal"] == "true",
        level=args.get("level"),
        person=args.get("person"),
        parties=tuple(args["party"]),
    )


@blp.route("/tallies")
@blp.arguments(TalliesFilters, location="query", as_kwargs=False)
@blp.response(200, TalliesShape)
@fails(blp, *VIEW_ERRORS)
def tallies(args: dict[str, Any]) -> Response:
    """Meetings per other party: those in the window, and those that may be."""
    return read(["tallies"], asked(args), lambda reading: answer(reading, ["tallies"], tallies_body(reading, args)))


def tallies_body(reading: Reading, args: dict[str, Any], path: str = "/api/v1/timeline") -> dict[str, Any]:
    """`{of, since, tallies, next}`; `path` is where each row's `actions` leads."""
    query = tally_query(args)
    found = tallied(reading.connection, reading.generation("tallies"), reading.clocks, query)
    page, place = cursors.page(args, found)
    rows = [_row(reading, query, tally, path) for tally in page]
    return {**_about(query), "tallies": rows, "next": _next(reading, "/api/v1/tallies", args, place)}


def _about(query: TallyQuery) -> dict[str, Any]:
    return {"of": query.of, "since": query.since and query.since.isoformat()}


def _row(reading: Reading, query: TallyQuery, tally: Tally, path: str) -> dict[str, Any]:
    return {
        "party": tally.party,
        "name": parties.name(tally.party),
        "count": tally.count,
        "possible": tally.possible,
        "first": tally.first,
        "last": tally.last,
        "previous": tally.previous,
        "actions": reading.link(
            path,
            between=f"{query.of},{tally.party}",
            type="meeting.held",
            since=query.since and query.since.isoformat(),
            mode=query.modes,
            formal=None if query.formal is None else str(query.formal).lower(),
            level=query.level,
            person=query.person,
            certain="true",
        ),
    }


def _next(reading: Reading, path: str, args: dict[str, Any], place: list[int] | None) -> str | None:
    if place is None:
        return None
    names = ("of", "since", "mode", "formal", "level", "person", "party", "limit")
    kept = {name: args[name] for name in names if name in args}
    return reading.link(path, **kept, cursor=cursors.make(args, place))


@blp.route("/tallies/series")
@blp.arguments(TalliesFilters, location="query", as_kwargs=False)
@blp.response(200, SeriesShape)
@fails(blp, *VIEW_ERRORS)
def series(args: dict[str, Any]) -> Response:
    """The tallies as steps in time: how many per party from which day on."""

    def body(reading: Reading) -> Response:
        query = tally_query(args)
        found = view.tallies(reading.connection, reading.generation("tallies"), reading.clocks, query)
        page, place = cursors.page(args, view.series(found))
        more = _next(reading, "/api/v1/tallies/series", args, place)
        return answer(reading, ["tallies"], {**_about(query), "steps": page, "next": more})

    return read(["tallies"], asked(args), body)
