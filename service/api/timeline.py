"""The timeline over HTTP, and one action with its history."""

from __future__ import annotations

from typing import Any

from flask import Response

from events import parties, store
from events.fields import Choice, Party, Text
from events.kinds.record import UUID
from events.types import KINDS
from projections import browse
from projections.browse import TimelineQuery
from projections.counts import Counts, count
from service import cursors
from service.api.blueprint import VIEW_ERRORS, blueprint, fails
from service.api.shapes import ActionShape, TimelineShape
from service.envelope import Type
from service.histories import history
from service.problems import Refusal
from service.query import LEVEL, MODE, CivilDay, ClocksQuery, Listed, PagedQuery, Several, TrueFalse, asked
from service.reading import Reading, answer, read

blp = blueprint("timeline", "What happened, in order, as of any day and as known at any time.")

ACTS = sorted(name for name, kind in KINDS.items() if kind.family == "act")
DEFAULT = 50


class TimelineFilters(PagedQuery):
    """Which actions, in which order."""

    party = Several(Party(), metadata={"description": "Involved; repeatable: any of them."})
    between = Listed(Party(), 2, load_default=(), metadata={"description": "Exactly these two, such as CA,GB."})
    kind = Several(Choice(*ACTS))
    type = Several(Type())
    person = Several(Text())
    topic = Several(Text())
    mode = Several(MODE)
    formal = TrueFalse()
    level = LEVEL
    since = CivilDay()
    until = CivilDay()
    certain = TrueFalse(load_default=False)
    q = Text(
        metadata={"description": "Words in titles, people, places, occasions, notes; case and accents do not count."}
    )
    sourced = TrueFalse()
    retracted = Choice("include")
    order = Choice("asc", "desc", load_default="desc")
    facets = Choice("0", "1")


def timeline_query(args: dict[str, Any]) -> TimelineQuery:
    """The parameters as the view takes them."""
    several = {"parties": "party", "kinds": "kind", "types": "type", "persons": "person", "topics": "topic"}
    lists: dict[str, Any] = {name: tuple(args[parameter]) for name, parameter in {**several, "modes": "mode"}.items()}
    plain: dict[str, Any] = {name: args.get(name) for name in ("formal", "level", "since", "until", "q", "sourced")}
    return TimelineQuery(
        **lists,
        **plain,
        between=tuple(args["between"]),
        certain=args["certain"],
        retracted=args.get("retracted") == "include",
        descending=args["order"] == "desc",
    )


@blp.route("/timeline")
@blp.arguments(TimelineFilters, location="query", as_kwargs=False)
@blp.response(200, TimelineShape)
@fails(blp, *VIEW_ERRORS)
def timeline(args: dict[str, Any]) -> Response:
    """Actions as of a day: what has happened, and what may have."""
    return read(["timeline"], asked(args), lambda reading: answer(reading, ["timeline"], timeline_body(reading, args)))


def timeline_body(reading: Reading, args: dict[str, Any]) -> dict[str, Any]:
    """`{items, next, facets}` at the clocks of a reading."""
    query, generation = timeline_query(args), reading.generation("timeline")
    after = cursors.read(args, (int, int, int))
    limit = args.get("limit", DEFAULT)
    page = browse.browse(reading.connection, generation, reading.clocks, query, limit, after)
    more = page.next and reading.link("/api/v1/timeline", **_kept(args), cursor=cursors.make(args, page.next))
    body: dict[str, Any] = {"items": page.items, "next": more}
    if args.get("facets") == "1":
        body["facets"] = facets(count(reading.connection, generation, reading.clocks, query))
    return body


def _kept(args: dict[str, Any]) -> dict[str, Any]:
    """The parameters that a link to the next page repeats."""
    kept = {name: value for name, value in args.items() if name not in (*CLOCKS, "cursor", "between")}
    for name, value in kept.items():
        if isinstance(value, bool):
            kept[name] = "true" if value else ("" if name == "certain" else "false")
    return kept | {"between": ",".join(args["between"])}


CLOCKS = ("as_of", "known_at", "at_position", "min_position", "wait")


def facets(found: Counts) -> dict[str, list[dict[str, Any]]]:
    """Counts as `{facet: [{value, count}]}`, the largest first, years in order; a party has its `name` too."""
    rows = {name: found.ranked(name) for name in ("party", "person", "topic", "kind")}
    rows["year"] = [(f"{year:04}", n) for year, n in found.years()]
    rows["sourced"] = [("true" if value == "1" else "false", n) for value, n in found.ranked("sourced")]
    made = {name: [{"value": value, "count": n} for value, n in values] for name, values in rows.items()}
    for row in made["party"]:
        row["name"] = parties.name(str(row["value"]))
    return made


@blp.route("/actions/<id>")
@blp.arguments(ClocksQuery, location="query", as_kwargs=False)
@blp.response(200, ActionShape)
@fails(blp, 404, *VIEW_ERRORS)
def action(args: dict[str, Any], id: str) -> Response:
    """One action as it stands, its history field by field, and the other acts of its stream."""
    return read(["timeline"], asked(args), lambda reading: answer(reading, ["timeline"], action_body(reading, id)))


def action_body(reading: Reading, id: str) -> dict[str, Any]:
    """`{…item, history, related}` at the clocks of a reading. Raises Refusal (404)."""
    generation = reading.generation("timeline")
    known = UUID.fullmatch(id)
    item = browse.action(reading.connection, generation, reading.clocks, id.lower()) if known else None
    if item is None:
        raise Refusal("not-found", f"There is no action {id[:80]} as of this day, at this state of the record.")
    events = store.read_stream(reading.connection, item["stream"])
    events = [event for event in events if event.position <= reading.clocks.position]
    related = browse.related(reading.connection, generation, reading.clocks, item["stream"], item["id"])
    return {**item, "history": history(events, item["id"]), "related": related, "action": item}
