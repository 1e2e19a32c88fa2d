"""The course of events that an act belongs to: the stream it continues, or a new one with a name made for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from events import store
from events.streams import Stream, carried, initial
from events.types import KINDS, TYPES, kind_of
from service.context import context
from service.envelope import STREAM
from service.pages import composing, suggestions
from service.pages.labels import field as label_of
from service.pages.sheets import Block, Input, Sheet
from service.pages.showing import blp
from service.translations import _


@blp.context_processor
def _life_cycles() -> dict[str, Any]:
    return {"life_cycles": [kind.name for kind in KINDS.values() if kind.life_cycle]}


def begun(type: str, given: composing.Typed) -> composing.Typed:
    """What the form begins with: defaults, the home party, and what every act of its stream repeats."""
    kind, fields = kind_of(type), TYPES[type].fields
    continued = stream(str(given.get("stream", "")))
    known = carried(continued.standing())[-1:] if continued.name else []
    repeated = {name: known[0][name] for name in fields if known and name in known[0] and fields[name].required}
    first = composing.fill(type, {"data": {**kind.defaults, **repeated}})
    home = context().settings.home
    if home and type in ("meeting.held", "partnership.established"):
        first["data"].setdefault("parties", [composing.name_of(home)])
    return {**given, "data": {**first["data"], **given["data"]}}


def with_stream(type: str, sheet: Sheet, id: str) -> tuple[Sheet, dict[str, Any]]:
    """The sheet and its event with the stream named, where it is the writer's to name.

    A name made here is remembered in the form, and asked to be a new one until it is saved, so that two writers at
    once never write into one stream by chance.
    """
    kind, raw = kind_of(type), {**composing.event(type, sheet.typed), "id": id}
    if not kind.life_cycle and kind.family == "act":
        raw.pop("stream", None)
        return sheet, raw
    if "stream" in raw:
        raw["stream"] = suggestions.stream_name(kind.name, raw["stream"])
        if sheet.sent.get("made") == raw["stream"]:
            raw["expected_version"] = 0
    elif kind.family == "edition" or type.partition(".")[2] in kind.opens:
        raw |= {"stream": suggestions.new_stream(kind.name, raw), "expected_version": 0}
    typed = {**sheet.typed, **({"stream": raw["stream"]} if "stream" in raw else {})}
    return replace(sheet, typed=typed), raw


def renamed(type: str, sheet: Sheet, id: str) -> tuple[Sheet, dict[str, Any]]:
    """As `with_stream`, with another name made, because the one that was made is taken by now."""
    typed = {name: value for name, value in sheet.typed.items() if name != "stream"}
    return with_stream(type, replace(sheet, typed=typed), id)


def stream_block(type: str, sheet: Sheet) -> list[Block]:
    """Which course of events it belongs to, where the kind has several acts."""
    kind = kind_of(type)
    if not kind.life_cycle and kind.family == "act":
        return []
    opens = type.partition(".")[2] in kind.opens or kind.family == "edition"
    hint = _("empty: a new one, with a name made of the parties") if opens else _("the one that this act continues")
    error = sheet.errors.get("stream")
    value = sheet.text("stream")
    return [Input(name="stream", label=label_of("stream"), value=value, list="streams", hint=hint, error=error)]


def stream(name: str) -> Stream:
    """A stream as it stands; an empty one without name when there is none."""
    if not STREAM.fullmatch(name):
        return initial("")
    with context().database.read() as connection:
        found = store.load_streams(connection, [name], store.StreamCache())
    return found.get(name, initial(""))


def acts(name: str) -> list[dict[str, Any]]:
    """The standing acts of a stream, in their order."""
    return [
        {"id": act.event.id, "type": act.event.type, "occurred_on": act.content.occurred_on, "title": act.content.title}
        for act in stream(name).standing()
    ]
