"""Replay: the same record day by day as things happened, or position by position as they became known.

One page shows one frame, made on the server, with links to the frames around it. Its module plays all of them from
one file, `replay.json`, and shows at each clock what the server would.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Response, g, request

from events import store
from events.fields import Choice, Party
from events.types import instant_text
from projections import checkpoints, replay
from projections.registry import BY_NAME
from projections.replay import Reel, ReplayQuery, Row, TooMuch
from projections.words import fold
from service.api.timeline import ACTS
from service.context import context
from service.pages import dates
from service.pages.forms import CLOCKS, Form, typed
from service.pages.labels import act, plain
from service.pages.showing import blp, show
from service.pages.words import party
from service.problems import Refusal
from service.query import CivilDay, ClocksQuery, Several, asked
from service.reading import Reading, read, tagged
from service.translations import _, language, ngettext

VIEWS = ["timeline", "tallies", "partnerships"]
LATEST, BARS = 8, 12


class ReplayFilters(ClocksQuery):
    """What to watch, and which clock moves."""

    by = Choice("event", "record", load_default="event")
    of = Party()
    party = Several(Party())
    kind = Several(Choice(*ACTS))
    since = CivilDay()
    formal = Choice("true", "false", "any", load_default="any")


@blp.get("/replay")
def frame() -> Response:
    """One frame, with the links that lead to those around it."""
    return show("replay.html", VIEWS, ReplayFilters, _body)


@blp.get("/replay.json")
def frames() -> Response:
    """Everything that all frames are made of."""
    args = typed(request.args).load(ReplayFilters)
    return read(VIEWS, asked(args), lambda reading: tagged(orjson.dumps(_film(reading, args)), VIEWS, final=False))


def _body(reading: Reading, args: dict[str, Any], form: Form) -> dict[str, Any]:
    path = f"/{g.language}/replay"
    found = reel(reading, args)
    day, position = reading.clocks.day, reading.clocks.position
    kept = {name: values for name, values in form.given.items() if name not in CLOCKS}
    data = {name: values for name, values in kept.items() if name != "by"}
    return {
        **shot(found, day, position),
        "of": whose(args),
        "steps": _steps(found, reading, args, path, kept),
        "film": f"{path}.json?{urlencode(data, doseq=True)}",
        "kept": [(name, value) for name, values in kept.items() for value in values],
        "said": sentence(found, day, position),
        "other": {
            name: reading.link(path, **{**kept, "by": name}) for name in ("event", "record") if name != args["by"]
        },
        "by": args["by"],
    }


def whose(args: Mapping[str, Any]) -> str | None:
    """Whose meetings are counted."""
    return args.get("of") or context().settings.home


def reel(reading: Reading, args: dict[str, Any]) -> Reel:
    """The rows for these filters up to where the views have come. Raises Refusal when they are too many."""
    formal = None if args["formal"] == "any" else args["formal"] == "true"
    parties, kinds = tuple(args["party"]), tuple(args["kind"])
    query = ReplayQuery(of=whose(args), parties=parties, kinds=kinds, since=args.get("since"), formal=formal)
    try:
        return replay.reel(reading.connection, reading.generations, reached(reading), query)
    except TooMuch:
        detail = _("There is too much to replay at once. Choose a party, a kind, or a later day to begin.")
        raise Refusal("invalid", detail, errors=[{"pointer": "/since", "detail": detail}]) from None


def reached(reading: Reading) -> int:
    """How far the views have come, whatever position is shown."""
    return min(checkpoints.live(reading.connection, BY_NAME[view]).position for view in VIEWS)


def shot(found: Reel, day: int, position: int) -> dict[str, Any]:
    """What is seen at a day and a position: the latest actions, the tallies, and the partnerships."""
    actions = at(found.actions, day, position)
    counts = Counter(row.item["party"] for row in at(found.meetings, day, position))
    ranked = sorted(counts.items(), key=lambda each: (-each[1], fold(party(each[0])), each[0]))
    return {
        "count": len(actions),
        "latest": [row.item for row in reversed(actions[-LATEST:])],
        "bars": [{"party": code, "count": n, "width": round(100 * n / ranked[0][1], 2)} for code, n in ranked[:BARS]],
        "standing": [status_of(row, day) for row in at(found.standing, day, position)],
    }


def at(rows: Sequence[Row], day: int, position: int) -> list[Row]:
    """The rows that stood at a position and count as of a day."""
    return [row for row in rows if row.known_from <= position < row.known_until and row.first <= day < row.last]


def status_of(row: Row, day: int) -> dict[str, Any]:
    """A partnership with its status as of a day."""
    over = row.item["status"] in ("active", "suspended") and row.item["expires"] < day
    return {**row.item, "status": "expired" if over else row.item["status"]}


def sentence(found: Reel, day: int, position: int) -> str:
    """One short sentence on what is seen."""
    actions = at(found.actions, day, position)
    last = actions[-1].item["title"] if actions else None
    said = ngettext("%(n)s action", "%(n)s actions", len(actions))
    return f"{said}. {last.get(language()) or last['en']}" if last else said


def _steps(
    found: Reel, reading: Reading, args: Mapping[str, Any], path: str, kept: Mapping[str, Any]
) -> dict[str, str | None]:
    """Links to the first, previous, next and last frame; None where there is none."""
    event = args["by"] == "event"
    stops = found.days() if event else [p for p in found.positions() if p <= reached(reading)]
    now = reading.clocks.day if event else reading.clocks.position
    before, after = stops[: bisect_left(stops, now)], stops[bisect_right(stops, now) :]

    def link(stop: int) -> str:
        as_of = dt.date.fromordinal(stop if event else reading.clocks.day).isoformat()
        clocks = {"as_of": [as_of], "at_position": [str(reading.clocks.position if event else stop)]}
        return f"{path}?{urlencode({**kept, **clocks}, doseq=True)}"

    ends = {"first": before[:1], "previous": before[-1:], "next": after[:1], "last": after[-1:]}
    return {name: link(stop[0]) if stop else None for name, stop in ends.items()}


def _film(reading: Reading, args: dict[str, Any]) -> dict[str, Any]:
    """`{days, times, actions, meetings, standing, names, words}`: rows begin with known from, until, first, last."""
    found = reel(reading, args)
    times = {p: store.recorded_at(reading.connection, p) for p in found.positions()}
    codes = {row.item["party"] for row in found.meetings}
    return {
        "days": found.days(),
        "times": [[p, instant_text(at)] for p, at in times.items() if at is not None],
        "actions": [[*_span(row), *_action(row.item)] for row in found.actions],
        "meetings": [[*_span(row), row.item["party"]] for row in found.meetings],
        "standing": [
            [*_span(row), row.item["expires"], row.item["name"], row.item["status"]] for row in found.standing
        ],
        "names": {code: [party(code), fold(party(code))] for code in sorted(codes)},
        "words": {name: plain(name) for name in ("active", "suspended", "ended", "expired")},
        "counts": [ngettext("%(n)s action", "%(n)s actions", n).replace(str(n), "{}") for n in (1, 2)],
    }


def _span(row: Row) -> tuple[int, int, int, int]:
    return (row.known_from, row.known_until, row.first, row.last)


def _action(item: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
    """Id, date in words, title, its language where that is not the page's, and the sort of act."""
    own = item["title"].get(language())
    words = dates.in_words(item["occurred_on"])
    return (item["id"], words, own or item["title"]["en"], "" if own else "en", act(item["type"]))
