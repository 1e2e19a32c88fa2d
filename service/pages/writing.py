"""Writing by hand: a form for every type of event, a preview in words, and only then an event in the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import Response, g, jsonify, redirect, render_template, request

from events import edtf
from events.kind import Kind
from events.types import KINDS, TYPES, kind_of
from service.context import context
from service.envelope import new_id
from service.pages import appending, composing, dates, suggestions
from service.pages.appending import Outcome, Wrong
from service.pages.continuing import acts, begun, renamed, stream_block, with_stream
from service.pages.duplicates import duplicates
from service.pages.facts import facts
from service.pages.inputs import blocks, names
from service.pages.labels import act as act_label
from service.pages.sessions import for_writers, hindrance
from service.pages.sheets import Sheet
from service.pages.showing import blp
from service.pages.versions import standing
from service.problems import Refusal
from service.translations import _

EXAMPLES = (
    "2025-10-30",
    "2025-10",
    "2007",
    "2025-10-30/2025-11-01",
    "[2025-10-31..2025-11-01]",
    "2025-10~",
    "2025-06-15?",
)


@blp.get("/write")
@for_writers
def write() -> Response:
    """Every kind and its acts, or the acts that may follow in one stream."""
    stream = request.args.get("stream", "")
    kinds = [kind for kind in KINDS.values() if kind.family != "record" and stream.partition(":")[0] in ("", kind.name)]
    so_far = acts(stream)
    rows = [(kind.name, _types(kind, begun=bool(so_far))) for kind in kinds]
    return page("write.html", 200, kinds=rows, stream=stream, acts=so_far)


@blp.get("/date")
def reading_of_a_date() -> Response:
    """A date as it is understood: `{words}`, or `{fault}` with what to do."""
    text = request.args.get("text", "").strip()
    try:
        edtf.parse(text)
    except edtf.InvalidDate as error:
        return jsonify(fault=str(error))
    return jsonify(words=dates.in_words(text))


@blp.get("/write/<type>")
@for_writers
def begin(type: str) -> Response:
    """The form of a type, filled with what is known already."""
    _known(type)
    given = composing.read(type, request.args)
    typed = begun(type, given)
    return _form(type, Sheet(typed=typed), new_id())


@blp.post("/write/<type>")
@for_writers
def send(type: str) -> Response:
    """Add a row, preview, or save; whatever cannot be done gives the form back as it was typed."""
    _known(type)
    sheet = Sheet(typed=composing.read(type, request.form), sent=request.form)
    id, do = request.form.get("id") or new_id(), request.form.get("do", "preview")
    hindered = hindrance()
    if hindered:
        return _form(type, sheet, id, hindered[0], [Wrong(detail=hindered[1], ours=True)])
    if do.startswith("add:"):
        return _form(type, replace(sheet, adding=do.removeprefix("add:")), id)
    return _preview_or_save(type, sheet, id, saving=do == "save")


def _preview_or_save(type: str, sheet: Sheet, id: str, *, saving: bool) -> Response:
    sheet, raw = with_stream(type, sheet, id)
    outcome = appending.judge(raw)
    if raw.get("expected_version") == 0 and outcome.has("version-conflict"):
        sheet, raw = renamed(type, sheet, id)
        outcome = appending.judge(raw)
    if outcome.has("id-reused"):
        return _reused(type, sheet, id)
    if not outcome.good:
        return _refused(type, sheet, id, outcome)
    alike = duplicates(outcome.draft)
    seen = appending.mark(raw, *(item["id"] for item in alike or ()))
    if not (saving and request.form.get("seen") == seen):
        return _form(type, sheet, id, preview=_preview(outcome, alike, seen, changed=saving))
    outcome = appending.append(raw)
    return saved(outcome) if outcome.good else _refused(type, sheet, id, outcome)


def saved(outcome: Outcome) -> Response:
    """Lead to the page of what was written, once it shows it."""
    answer, content = outcome.answer, outcome.draft.content
    assert answer is not None
    assert content is not None
    if kind_of(outcome.draft.type).family == "edition":
        return lead_to(f"/{g.language}/editions?min_position={answer.position}")
    target = str(content.data.get("event", answer.id))
    _stream, act = standing(target)
    later = f"&as_of={act.earliest}" if act.earliest > context().today() else ""
    return lead_to(f"/{g.language}/actions/{target}?min_position={answer.position}{later}")


def page(template: str, status: int, **shown: Any) -> Response:
    """A page of ours, which nobody keeps."""
    made = render_template(template, **shown)
    return Response(made, status, mimetype="text/html", headers={"Cache-Control": "no-store"})


def suggested() -> dict[str, Any]:
    """What the fields of every form suggest."""
    return {"party_names": suggestions.party_names(), "people": suggestions.people(), "examples": EXAMPLES}


def plain_link(path: str, **values: Any) -> str:
    """Nowhere: in a preview, values lead nowhere yet."""
    return ""


def _form(
    type: str,
    sheet: Sheet,
    id: str,
    status: int = 200,
    wrongs: Sequence[Wrong] = (),
    preview: Mapping[str, Any] | None = None,
) -> Response:
    stream = sheet.text("stream")
    return page(
        "write_form.html",
        status,
        type=type,
        id=id,
        made=stream if preview and preview["made"] else sheet.sent.get("made", ""),
        blocks=[*blocks(type, sheet), *stream_block(type, sheet)],
        wrongs=wrongs,
        preview=preview,
        acts=acts(stream),
        streams=suggestions.streams(kind_of(type).name) if kind_of(type).life_cycle else [],
        adding=sheet.adding,
        heading=act_label(type),
        **suggested(),
    )


def _refused(type: str, sheet: Sheet, id: str, outcome: Outcome) -> Response:
    found = appending.wrongs(outcome, {*names(blocks(type, sheet)), "stream"})
    return _form(type, replace(sheet, errors=appending.at_fields(found)), id, outcome.status, found)


def _reused(type: str, sheet: Sheet, id: str) -> Response:
    detail = _("This was saved before, and changed here since. Correct what was saved, or save this as another action.")
    wrong = Wrong(detail=detail, acts=[{"id": id}], ours=True)
    return _form(type, sheet, new_id(), 409, [wrong])


def _preview(outcome: Outcome, alike: list[dict[str, Any]] | None, seen: str, *, changed: bool) -> dict[str, Any]:
    content = outcome.draft.content
    assert content is not None
    return {
        "item": {"type": outcome.draft.type, "title": content.title, "note": content.note, "sources": content.sources},
        "occurred_on": content.occurred_on,
        "facts": facts(outcome.draft.type, content.data, plain_link, ""),
        "stream": outcome.draft.stream,
        "made": outcome.draft.expected_version == 0,
        "duplicates": alike,
        "seen": seen,
        "changed": changed,
    }


def _types(kind: Kind, *, begun: bool) -> list[str]:
    """The types of a kind, without those that stand once where the course has begun."""
    return [f"{kind.name}.{act}" for act in kind.acts if not (begun and act in kind.once)]


def _known(type: str) -> None:
    if type not in TYPES or kind_of(type).family == "record":
        raise Refusal("not-found", f"There is no form for {type[:80]}.")


def lead_to(address: str) -> Response:
    """Lead to another page after a form was taken."""
    return redirect(address, 303)  # type: ignore[return-value]
