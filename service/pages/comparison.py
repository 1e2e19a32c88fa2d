"""What the page of a comparison shows: the interface's figures, each leading to what it counts at its own end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from projections import browse
from projections.clocks import Clocks
from projections.words import fold
from service.api.diff import SIDES, clocks_of
from service.pages import dates
from service.pages.changes import change
from service.pages.frame import base
from service.pages.words import party
from service.reading import Pin, Reading
from service.translations import N_, _

MOST = 200
ADDED = {
    "recorded": N_("newly recorded"),
    "happened": N_("happened since"),
    "retracted": N_("reinstated"),
    "dated": N_("date corrected"),
}
REMOVED = {
    "recorded": N_("not recorded yet"),
    "happened": N_("not happened yet"),
    "retracted": N_("retracted"),
    "dated": N_("date corrected"),
}


def comparison(
    reading: Reading, args: Mapping[str, Any], pins: dict[str, Pin], body: Mapping[str, Any], prefix: str
) -> dict[str, Any]:
    """What the template needs; `prefix` is that of the language, such as `/en`."""
    ends = {side: replace(reading, clocks=clocks_of(reading, dict(args), pins, side)) for side in SIDES}
    actions, of = body["actions"], args.get("of")
    return {
        "ends": [_end(side, body[side], ends[side], prefix) for side in SIDES],
        "before": ends["from"].link,
        "after": ends["to"].link,
        "of": of,
        "counts": {name: len(found) for name, found in actions.items()},
        "added": _told(reading, actions["added"], ends["from"].clocks, ADDED),
        "removed": _told(reading, actions["removed"], ends["to"].clocks, REMOVED),
        "corrected": [_corrected(row) for row in actions["corrected"][:MOST]],
        "tallies": [_moved(row, of, ends, prefix) for row in sorted(body.get("tallies", ()), key=_named)],
        "partnerships": body["partnerships"],
        **_addresses(body, of, prefix),
    }


def _named(row: Mapping[str, Any]) -> str:
    return fold(party(row["party"]))


def _end(side: str, about: Mapping[str, Any], end: Reading, prefix: str) -> dict[str, Any]:
    """One end: its two clocks in words, and its timeline."""
    day = dates.day_in_words(dt.date.fromisoformat(about["as_of"]))
    return {**about, "name": _("From") if side == "from" else _("To"), "day": day, "href": end.link(f"{prefix}/")}


def _told(
    reading: Reading, items: Sequence[dict[str, Any]], there: Clocks, words: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The first of the items, newest first, each with why the other end has it not."""
    newest = [*reversed(items)][:MOST]
    return [{**item, "why": _(words[_why(reading, item, there)])} for item in newest]


def _why(reading: Reading, item: Mapping[str, Any], there: Clocks) -> str:
    if item["position"] > there.position:
        return "recorded"
    if browse.action(reading.connection, reading.generation("timeline"), there, item["id"]):
        return "retracted"
    return "happened" if dt.date.fromisoformat(item["earliest"]).toordinal() > there.day else "dated"


def _corrected(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "changes": [change(each) for each in row["changes"]]}


def _moved(row: Mapping[str, Any], of: str | None, ends: Mapping[str, Reading], prefix: str) -> dict[str, Any]:
    """A tally that moved, with links to what it counts at either end."""
    counted = {"between": f"{of},{row['party']}", "type": "meeting.held", "certain": "true"}
    links = {f"{side}_href": ends[side].link(f"{prefix}/", **counted) for side in SIDES}
    step = row["to"] - row["from"]
    return {**row, **links, "step": f"+{step}" if step > 0 else f"\N{MINUS SIGN}{-step}"}


def _addresses(body: Mapping[str, Any], of: str | None, prefix: str) -> dict[str, str]:
    """The comparison with all its clocks written out: as a page, for programs, and the other way round."""
    ends = [(body[side]["as_of"], body[side]["position"]) for side in SIDES]
    straight, reverse = _query(ends, of), _query(ends[::-1], of)
    permalink = f"{prefix}/diff?{straight}"
    return {
        "permalink": permalink,
        "address": base() + permalink,
        "json": f"/api/v1/diff?{straight}",
        "swapped": f"{prefix}/diff?{reverse}",
    }


def _query(ends: Sequence[tuple[Any, Any]], of: str | None) -> str:
    named = zip(SIDES, ends, strict=True)
    query = {
        f"{side}_{name}": value for side, end in named for name, value in zip(("as_of", "position"), end, strict=True)
    }
    return urlencode({**query, **({"of": of} if of else {})})
