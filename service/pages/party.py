"""One party: its meetings with the home party, the people met, what binds it, measures in force, and what came last."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Any

from flask import Response, g

from events import edtf
from projections import measures, register
from projections.involvement import parties_in
from service.api.parties import VIEWS, check_party, party_row
from service.api.partnerships import PartnershipFilters, partnerships_body
from service.api.tallies import TalliesFilters, tallies_body
from service.api.timeline import TimelineFilters, timeline_body
from service.context import context
from service.pages.forms import Form
from service.pages.showing import blp, moved, show
from service.query import MOST, CivilDay, ClocksQuery
from service.reading import Reading

LAST = 10
MOST_TALLIES = 10
MOST_BOUND = 50
FEW = 12
MOST_PEOPLE = 200
YEAR = dt.timedelta(days=365)
MEETINGS = {"type": ["meeting.held"], "certain": "true"}


class PartyQuery(ClocksQuery):
    """The two clocks, and from when to count meetings."""

    since = CivilDay(metadata={"description": "Count meetings since this day."})


@blp.get("/parties/<code>")
def party(code: str) -> Response:
    """One party as the record has it."""
    check_party(code)
    return show("party.html", VIEWS, PartyQuery, lambda reading, args, form: _body(reading, code, args, form))


def _body(reading: Reading, code: str, args: dict[str, Any], form: Form) -> dict[str, Any]:
    generation = reading.generation("timeline")
    people = register.persons(reading.connection, generation, reading.clocks, code)
    since, home = args.get("since"), context().settings.home
    count = register.party_counts(reading.connection, generation, reading.clocks, code).get(code, 0)
    return {
        "code": code,
        "party": party_row(code, count),
        "since": since,
        "home_party": None if home == code else home,
        "met": _meetings(reading, code, home, since) if home and home != code else None,
        "tallies": [row for row in _tallies(reading, of=code, since=since, limit=MOST_TALLIES) if row["party"] != home],
        "people": people[:FEW],
        "more_people": people[FEW:MOST_PEOPLE],
        **_bound(reading, code),
        **_measures(reading, code),
        "last": [{**item, "parties": parties_in(item["data"])} for item in _actions(reading, party=[code], limit=LAST)],
    }


def _meetings(reading: Reading, code: str, home: str, since: dt.date | None) -> dict[str, Any]:
    """The tally of the home party with this one, its first and last meeting, and what the first was the first since."""
    found = _tallies(reading, of=home, party=[code], since=since)
    filters = {"between": f"{home},{code}", "since": since and since.isoformat(), **MEETINGS}
    ends = [_actions(reading, **filters, order=order, limit=1) for order in ("asc", "desc")]
    return {
        "tally": found[0] if found else None,
        "first": next(iter(ends[0]), None),
        "last": next(iter(ends[1]), None),
        "resumed": _resumed(reading, code, home, since),
    }


def _resumed(reading: Reading, code: str, home: str, since: dt.date | None) -> dict[str, Any] | None:
    """`{first, previous}` as dates: the first meeting since a day, or the last one that was the first in a year."""
    if since:
        rows = _tallies(reading, of=home, party=[code], since=since)
        return next((row for row in rows if row["count"] and row["previous"] and not row["possible"]), None)
    newest = _actions(reading, between=f"{home},{code}", type=["meeting.held"], limit=MOST)
    for later, earlier in pairwise(newest):
        gap = edtf.parse(later["occurred_on"]).earliest - edtf.parse(earlier["occurred_on"]).latest
        if gap >= YEAR:
            return {"first": later["occurred_on"], "previous": earlier["occurred_on"]} if later["certain"] else None
    return None


def _tallies(reading: Reading, **asked: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = tallies_body(reading, _loaded(TalliesFilters, asked), f"/{g.language}/")["tallies"]
    return rows


def _actions(reading: Reading, **asked: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = timeline_body(reading, _loaded(TimelineFilters, asked))["items"]
    return items


def _bound(reading: Reading, code: str) -> dict[str, Any]:
    """The partnerships and agreements that stand."""
    asked = {"party": [code], "kinds": "partnership,agreement", "limit": MOST_BOUND}
    found = partnerships_body(reading, _loaded(PartnershipFilters, asked))
    return {"bound": found["items"], "more_bound": moved(found["next"], f"/{g.language}/partnerships")}


def _measures(reading: Reading, code: str) -> dict[str, Any]:
    """The measures in force: by this party, on it by name, and by others on all."""
    found = measures.in_force(reading.connection, reading.generation("timeline"), reading.clocks)
    others = [measure for measure in found if measure["data"]["by"] != code]
    return {
        "imposed": [measure for measure in found if measure["data"]["by"] == code],
        "faced": [measure for measure in others if code in (measure["data"].get("targets") or ())],
        "general": [measure for measure in others if not measure["data"].get("targets")],
    }


def _loaded(schema: type[ClocksQuery], asked: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a list as a request would give them."""
    given = {name: value.isoformat() if isinstance(value, dt.date) else value for name, value in asked.items()}
    loaded: dict[str, Any] = schema().load({name: value for name, value in given.items() if value is not None})
    return loaded
