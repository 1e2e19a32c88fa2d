"""The page of one action: what it says, where that was read, and everything that was ever changed about it."""

from __future__ import annotations

from typing import Any

from flask import Response, g

from service.api.timeline import action_body
from service.pages.facts import facts, shown
from service.pages.forms import Form
from service.pages.showing import blp, show
from service.query import ClocksQuery
from service.reading import Reading
from service.translations import N_, _

HAPPENED = {"corrected": N_("Corrected"), "retracted": N_("Retracted"), "reinstated": N_("Reinstated")}


@blp.get("/actions/<id>")
def action(id: str) -> Response:
    """One action; 410 with what it said when it was retracted."""
    return show("action.html", ["timeline"], ClocksQuery, lambda reading, args, form: _body(reading, id, form))


def _body(reading: Reading, id: str, form: Form) -> dict[str, Any]:
    found = action_body(reading, id)
    item = found["action"]
    history = [_step(row) for row in found["history"]]
    return {
        "item": item,
        "facts": facts(item["type"], item["data"], reading.link, f"/{g.language}/"),
        "history": history,
        "related": found["related"],
        "gone": item["retracted"],
        "retraction": next((row for row in reversed(history) if row["type"] == "record.retracted"), None),
    }


def _step(row: dict[str, Any]) -> dict[str, Any]:
    changes = [{"path": each["path"].strip("/"), **_pair(each)} for each in row["changes"]]
    act = row["type"].partition(".")[2]
    return {**row, "what": _(HAPPENED.get(act, N_("Recorded"))), "changes": changes}


def _pair(change: dict[str, Any]) -> dict[str, str | None]:
    return {"old": shown(change["old"]), "new": shown(change["new"])}
