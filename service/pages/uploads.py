"""The import page: a file is uploaded, tried without writing, and only when its writer confirms appended."""

from __future__ import annotations

from typing import Any

from flask import Response, g, jsonify, request
from werkzeug.exceptions import RequestEntityTooLarge

from service import cookies, uploading
from service.context import context
from service.pages.labels import field as label_of
from service.pages.sessions import for_writers, hindrance
from service.pages.showing import blp
from service.pages.writing import lead_to, page
from service.problems import Refusal
from service.translations import _
from service.uploading import Upload


@blp.get("/import")
@for_writers
def upload_form() -> Response:
    """Ask for a file."""
    return page("import.html", 200, fault=None)


@blp.post("/import")
@for_writers
def upload() -> Response:
    """Take a file and try it in the background."""
    try:
        file, hindered = request.files.get("file"), hindrance()
    except RequestEntityTooLarge:
        return page("import.html", 413, fault=_("This file is larger than 64 MiB. Split it, or use the command line."))
    if hindered:
        return page("import.html", hindered[0], fault=hindered[1])
    if file is None or not file.filename:
        return page("import.html", 422, fault=_("Choose a file first."))
    name = file.filename[:200]
    kept = uploading.receive(file.stream, name, owner=cookies.owner(), author=g.signed_in.name)
    uploading.check(kept, context().database, context().clock)
    return lead_to(f"/{g.language}/import/{kept.id}")


@blp.get("/import/<id>")
@for_writers
def follow(id: str) -> Response:
    """How far it is, what is wrong, or what was done."""
    return _shown(_mine(id))


@blp.get("/import/<id>/progress")
@for_writers
def progress(id: str) -> Response:
    """How far it is, for a page to show while it waits."""
    mine = _mine(id)
    answer = jsonify(state=mine.state, read=mine.read, size=mine.size, running=mine.running and not mine.stalled)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blp.post("/import/<id>")
@for_writers
def confirm(id: str) -> Response:
    """Append what was tried, or throw it away."""
    mine, hindered = _mine(id), hindrance()
    if hindered:
        return _shown(mine, hindered)
    if request.form.get("do") == "forget":
        if not mine.running or mine.stalled:
            uploading.forget(mine)
        return lead_to(f"/{g.language}/import")
    if mine.stalled and mine.state == "checking":
        uploading.check(mine, context().database, context().clock)
    elif mine.state in ("checked", "failed") or mine.stalled:
        uploading.append(mine, context().database, context().clock)
    return lead_to(f"/{g.language}/import/{mine.id}")


def _mine(id: str) -> Upload:
    found = uploading.find(id, cookies.owner())
    if found is None:
        raise Refusal("not-found", "There is no such import in this session, or it was thrown away.")
    return found


def _shown(mine: Upload, hindered: tuple[int, str] | None = None) -> Response:
    return page(
        "import_run.html",
        hindered[0] if hindered else 200,
        upload=mine,
        fault=hindered and hindered[1],
        wrong=[{**one, "field": _field(one)} for one in mine.wrong],
    )


def _field(wrong: dict[str, Any]) -> str:
    """The field that a fault speaks of, by its label: "People 2 · Name"."""
    steps: list[str] = []
    for step in wrong["pointer"].strip("/").split("/"):
        if step.isdigit() and steps:
            steps[-1] += f" {int(step) + 1}"
        elif step and step != "data":
            steps.append(label_of(step))
    return " · ".join(steps)
