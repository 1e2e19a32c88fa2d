"""An act as it stands and as it stood at a version of its stream, as forms show it; and the patch between two forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from events import store
from events.errors import UnknownEvent
from events.streams import Act, Stream, fold
from events.types import Event, kind_of
from service.context import context
from service.pages import composing
from service.problems import Refusal


def standing(id: str) -> tuple[Stream, Act]:
    """The act of this id as it stands, and its stream. Raises Refusal (404)."""
    events = events_of(id)
    stream = fold(events[0].stream, events)
    return stream, stream.acts[id.lower()]


def at(id: str, version: int) -> Act:
    """The act as it stood at a version of its stream; as it was first written for a version before that."""
    events = events_of(id)
    first = next(event.version for event in events if event.id == id.lower())
    return fold(events[0].stream, events[: max(version, first)]).acts[id.lower()]


def events_of(id: str) -> list[Event]:
    """All events of the stream of an act. Raises Refusal (404)."""
    try:
        with context().database.read() as connection:
            event = store.get(connection, id.lower())
            events = store.read_stream(connection, event.stream)
    except UnknownEvent:
        raise Refusal("not-found", f"There is no action {id[:80]}.") from None
    if kind_of(event.type).family != "act":
        raise Refusal("not-found", f"{id[:80]} is no action.")
    return events


def filled(act: Act) -> composing.Typed:
    """The form of an act."""
    return {"data": {}, **composing.fill(act.event.type, act.content.as_dict())}


def content(type: str, typed: composing.Typed) -> dict[str, Any]:
    """What the form says, with every field that an act always has."""
    made = composing.event(type, {name: value for name, value in typed.items() if name != "stream"})
    return {"occurred_on": "", "title": {}, "sources": [], **{k: v for k, v in made.items() if k != "type"}}


def merge_patch(old: Any, new: Any) -> Any:
    """The merge patch (RFC 7396) that makes `new` of `old`: only what differs, null for what is gone."""
    if not (isinstance(old, Mapping) and isinstance(new, Mapping)):
        return new
    gone = {name: None for name in old if name not in new}
    changed = {name: merge_patch(old.get(name), value) for name, value in new.items() if old.get(name) != value}
    return {**gone, **changed}
