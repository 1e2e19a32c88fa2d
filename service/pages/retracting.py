"""Taking an act back, as it should never have been recorded, and reinstating it; each with a reason."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flask import Response, request

from events.kinds.record import UUID
from events.streams import Act
from service.envelope import new_id
from service.pages import appending
from service.pages.appending import Wrong
from service.pages.sessions import for_writers, hindrance
from service.pages.showing import blp
from service.pages.versions import standing
from service.pages.writing import page, saved
from service.translations import _

FIELDS = {"retracted": ("reason", "duplicate_of"), "reinstated": ("reason",)}


@blp.get("/actions/<id>/retract")
@for_writers
def retract(id: str) -> Response:
    """Ask why an act is to be taken back."""
    return _ask(id, "retracted")


@blp.post("/actions/<id>/retract")
@for_writers
def send_retraction(id: str) -> Response:
    """Take an act back."""
    return _send(id, "retracted")


@blp.get("/actions/<id>/reinstate")
@for_writers
def reinstate(id: str) -> Response:
    """Ask why a retracted act is to stand again."""
    return _ask(id, "reinstated")


@blp.post("/actions/<id>/reinstate")
@for_writers
def send_reinstatement(id: str) -> Response:
    """Let a retracted act stand again."""
    return _send(id, "reinstated")


def _ask(id: str, act: str) -> Response:
    stream, about = standing(id)
    return _form(about, act, new_id(), stream.version)


def _send(id: str, act: str) -> Response:
    stream, about = standing(id)
    own, version = request.form.get("id") or new_id(), request.form.get("version", "")
    hindered = hindrance()
    if hindered:
        return _form(about, act, own, version, hindered[0], [Wrong(detail=hindered[1], ours=True)])
    data = {"event": about.event.id} | {name: text for name in FIELDS[act] if (text := _given(name))}
    expected = {"expected_version": int(version)} if re.fullmatch("[0-9]{1,9}", version) else {}
    outcome = appending.append({"id": own, "type": f"record.{act}", "data": data, **expected})
    if outcome.good:
        return saved(outcome)
    if outcome.has("version-conflict"):
        moved = _("The record was changed since this page was shown. Look at the action again, then send this anew.")
        wrong = Wrong(detail=moved, acts=[{"id": about.event.id}], ours=True)
        return _form(about, act, own, stream.version, 412, [wrong])
    return _form(about, act, own, version, outcome.status, appending.wrongs(outcome, FIELDS[act], ("/data",)))


def _given(name: str) -> str:
    """What was typed; of the address of an action, its id."""
    text = request.form.get(name, "").strip()
    found = UUID.search(text) if name == "duplicate_of" else None
    return found[0].lower() if found else text


def _form(
    about: Act, act: str, own: str, version: int | str, status: int = 200, wrongs: Sequence[Wrong] = ()
) -> Response:
    return page(
        "revise_state.html",
        status,
        about=about,
        retracting=act == "retracted",
        id=own,
        version=version,
        typed={name: request.form.get(name, "") for name in ("reason", "duplicate_of")},
        errors=appending.at_fields(wrongs),
        wrongs=wrongs,
    )
