"""Correcting an act: its form, filled as it stands, of which only what was changed becomes a merge patch (RFC 7396).

A form remembers the version of the stream that it was filled from. When the act has changed since, both sides are
shown field by field, and one is chosen for each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import Response, request

from events.patches import differences
from events.streams import Act
from service.envelope import new_id
from service.histories import history
from service.pages import appending, composing
from service.pages.appending import Outcome, Wrong
from service.pages.changes import in_words
from service.pages.conflicts import flat, rows, settled
from service.pages.inputs import blocks, names
from service.pages.labels import field as label_of
from service.pages.sessions import for_writers, hindrance
from service.pages.sheets import Sheet
from service.pages.showing import blp
from service.pages.versions import at, content, events_of, filled, merge_patch, standing
from service.pages.writing import page, saved, suggested
from service.translations import _

CONTENT = ("/data/changes", "/data")


@blp.get("/actions/<id>/correct")
@for_writers
def correct(id: str) -> Response:
    """The form of an act, filled as it stands."""
    stream, act = standing(id)
    return _form(act, Sheet(typed=filled(act)), stream.version, new_id())


@blp.post("/actions/<id>/correct")
@for_writers
def send_correction(id: str) -> Response:
    """Add a row, preview, save, or settle a conflict; what cannot be done gives the form back as it was typed."""
    _stream, act = standing(id)
    sheet = Sheet(typed=composing.read(act.event.type, request.form), sent=request.form)
    version, own, do = _version("version"), request.form.get("id") or new_id(), request.form.get("do", "preview")
    hindered = hindrance()
    if hindered:
        return _form(act, sheet, version, own, hindered[0], [Wrong(detail=hindered[1], ours=True)])
    if do.startswith("add:"):
        return _form(act, replace(sheet, adding=do.removeprefix("add:")), version, own)
    if do == "settle":
        against = _version("against")
        typed = settled(filled(at(id, version)), filled(at(id, against)), sheet.typed, request.form)
        return _preview_or_save(id, replace(sheet, typed=typed), against, own, saving=False)
    return _preview_or_save(id, sheet, version, own, saving=do == "save")


def _preview_or_save(id: str, sheet: Sheet, version: int, own: str, *, saving: bool) -> Response:
    stream, act = standing(id)
    seen_act = at(id, version)
    if (seen_act.content, seen_act.retracted) == (act.content, act.retracted):
        version, seen_act = stream.version, act  # what came since was about other acts
    before, after = content(act.event.type, filled(seen_act)), content(act.event.type, sheet.typed)
    raw: dict[str, Any] = {
        "id": own,
        "type": "record.corrected",
        "expected_version": version,
        "data": {
            "event": act.event.id,
            "changes": merge_patch(before, after),
            "reason": request.form.get("reason", "").strip(),
            "cosmetic": "cosmetic" in request.form,
        },
    }
    outcome = appending.judge(raw)
    if outcome.has("version-conflict"):
        return _conflict(id, sheet, version, own)
    if not outcome.good:
        return _refused(act, sheet, version, own, outcome)
    if not raw["data"]["changes"]:
        return _form(act, sheet, version, own, 422, [Wrong(detail=_("Nothing is changed yet."), ours=True)])
    seen = appending.mark(raw["data"])
    if not (saving and request.form.get("seen") == seen):
        preview = _preview(before, after, seen, changed=saving)
        return _form(act, sheet, version, own, preview=preview)
    outcome = appending.append(raw)
    if outcome.has("version-conflict"):
        return _conflict(id, sheet, version, own)
    return saved(outcome) if outcome.good else _refused(act, sheet, version, own, outcome)


def _form(
    act: Act,
    sheet: Sheet,
    version: int,
    own: str,
    status: int = 200,
    wrongs: Sequence[Wrong] = (),
    preview: Mapping[str, Any] | None = None,
) -> Response:
    return page(
        "revise.html",
        status,
        act=act,
        id=own,
        version=version,
        blocks=blocks(act.event.type, sheet),
        errors=appending.at_fields(wrongs),
        wrongs=wrongs,
        preview=preview,
        adding=sheet.adding,
        reason=request.form.get("reason", ""),
        cosmetic="cosmetic" in request.form,
        **suggested(),
    )


def _preview(before: dict[str, Any], after: dict[str, Any], seen: str, *, changed: bool) -> dict[str, Any]:
    found = [each for name in after | before for each in differences(before.get(name), after.get(name), f"/{name}")]
    changes = [{"label": _label(each["path"]), "old": _side(each, "old"), "new": _side(each, "new")} for each in found]
    return {
        "changes": changes,
        "seen": seen,
        "changed": changed,
    }


def _conflict(id: str, sheet: Sheet, version: int, own: str) -> Response:
    """Both versions side by side, one to be chosen for each field."""
    stream, act = standing(id)
    base, theirs = filled(at(id, version)), filled(act)
    kept = {**composing.spread(sheet.typed), "reason": request.form.get("reason", "")}
    kept |= {"cosmetic": "1"} if "cosmetic" in request.form else {}
    return page(
        "revise_conflict.html",
        412,
        act=act,
        id=own,
        version=version,
        against=stream.version,
        rows=rows(flat(base), flat(theirs), flat(sheet.typed)),
        kept=kept,
        since=[row for row in history(events_of(id), act.event.id) if row["version"] > version],
    )


def _refused(act: Act, sheet: Sheet, version: int, own: str, outcome: Outcome) -> Response:
    known = {*names(blocks(act.event.type, sheet))}
    found = appending.wrongs(outcome, {*known, "reason"} - {"data.reason"} | (known & {"data.reason"}), CONTENT)
    return _form(act, replace(sheet, errors=appending.at_fields(found)), version, own, outcome.status, found)


def _side(change: Mapping[str, Any], side: str) -> str | None:
    return in_words(change["path"].rpartition("/")[2], change[side])


def _label(path: str) -> str:
    steps = [step for step in path.strip("/").split("/") if step != "data"]
    return " · ".join(label_of(step) for step in steps)


def _version(name: str) -> int:
    text = request.form.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
