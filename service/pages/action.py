"""The page of one action: what it says, where that was read, and everything that was ever changed about it."""

from __future__ import annotations

from typing import Any

from flask import Response, g

from projections.partnerships import KINDS
from service.api.timeline import action_body
from service.pages import showing
from service.pages.changes import change
from service.pages.citing import citations
from service.pages.dates import instant_in_words
from service.pages.facts import facts
from service.pages.forms import Form
from service.pages.showing import blp, show
from service.query import ClocksQuery
from service.reading import Reading
from service.translations import N_, _

HAPPENED = {"corrected": N_("Corrected"), "retracted": N_("Retracted"), "reinstated": N_("Reinstated")}
RECORDED = N_("Recorded")


@blp.get("/actions/<id>")
def action(id: str) -> Response:
    """One action; 410 with what it said when it was retracted."""
    return show("action.html", ["timeline"], ClocksQuery, lambda reading, args, form: _body(reading, id, form))


def _body(reading: Reading, id: str, form: Form) -> dict[str, Any]:
    found = action_body(reading, id)
    item = found["action"]
    history = [_step(row) for row in found["history"]]
    known, address = reading.known_text, showing.clocks(reading, form)["address"]
    return {
        "item": item,
        "facts": facts(item["type"], item["data"], reading.link, f"/{g.language}/"),
        "history": history,
        "line": _in_order([item, *found["related"]]) if found["related"] else [],
        "standing": item["kind"] in KINDS and (found["related"] or not item["retracted"]),
        "citations": citations(item, instant_in_words(known or item["recorded_at"]), address),
        "gone": item["retracted"],
        "retraction": next((row for row in reversed(history) if row["type"] == "record.retracted"), None),
    }


def _in_order(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The acts of a stream as the timeline has them."""
    return sorted(items, key=lambda item: (item["earliest"], item["latest"], item["position"]))


def _step(row: dict[str, Any]) -> dict[str, Any]:
    act = row["type"].partition(".")[2]
    return {**row, "what": _(HAPPENED.get(act, RECORDED)), "changes": [change(each) for each in row["changes"]]}
