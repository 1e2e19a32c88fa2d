"""One stream as it stands: its acts with all record events about them applied. Pure: a fold over its events.

`initial`, `evolve(stream, event)`: the writing side judges by it, and every view is made from it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from events import content, edtf
from events.patches import merge
from events.types import SCHEMA_VERSION, TYPES, Content, Event, kind_of
from events.upcasters import upcast


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Act:
    """An act as it stands. `event` is the act as it was written; `content` is it corrected, in today's form.

    `raw` and `raw_version` keep the corrected content in the format of the last event about it, so that a later
    patch applies to the form its writer saw; None is the content as it was written. `revisions` counts the record
    events about it.
    """

    event: Event
    content: Content
    earliest: dt.date
    latest: dt.date
    end: dt.date | None
    raw: Mapping[str, Any] | None
    raw_version: int
    revisions: int = 0
    retracted: bool = False

    @property
    def order(self) -> tuple[dt.date, dt.date, int]:
        """The place in the life cycle: acts stand in the order in which they are certain to have happened."""
        return (self.latest, self.earliest, self.event.position)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """All acts of a stream by id, and how many events it holds. `first` is the position of its first event."""

    name: str
    version: int = 0
    first: int = 0
    acts: Mapping[str, Act] = field(default_factory=dict)

    def standing(self) -> list[Act]:
        """The acts that are not retracted, in life-cycle order."""
        return sorted((act for act in self.acts.values() if not act.retracted), key=lambda act: act.order)


def initial(name: str) -> Stream:
    """A stream without events."""
    return Stream(name=name)


def evolve(stream: Stream, event: Event) -> Stream:
    """The stream after one more event."""
    match kind_of(event.type).family:
        case "act":
            acts = {**stream.acts, event.id: act_of(event)}
        case "record":
            target = str(event.content.data["event"])
            acts = {**stream.acts, target: revise(stream.acts[target], event)}
        case _:
            acts = dict(stream.acts)
    return Stream(name=stream.name, version=event.version, first=stream.first or event.position, acts=acts)


def fold(name: str, events: Iterable[Event]) -> Stream:
    """The stream after all these events, in order."""
    stream = initial(name)
    for event in events:
        stream = evolve(stream, event)
    return stream


def act_of(event: Event) -> Act:
    """The act that an event of the family `act` begins with."""
    if event.schema_version != SCHEMA_VERSION or event.type not in TYPES:
        return _standing(event, event.content.as_dict(), event.schema_version)
    return _act(event, event.content, None, SCHEMA_VERSION)


def revise(act: Act, event: Event) -> Act:
    """The act after one record event about it."""
    revisions = act.revisions + 1
    match event.act:
        case "corrected":
            raw = dict(act.raw) if act.raw is not None else act.event.content.as_dict()
            before = upcast(act.event.type, act.raw_version, raw, event.schema_version)
            after = merge(before, event.content.data["changes"])
            revised = _standing(act.event, after, event.schema_version)
            return replace(revised, revisions=revisions, retracted=act.retracted)
        case "retracted":
            return replace(act, revisions=revisions, retracted=True)
        case "reinstated":
            return replace(act, revisions=revisions, retracted=False)
        case _:
            return act


def _standing(event: Event, raw: Mapping[str, Any], version: int) -> Act:
    return _act(event, content.read(event.type, upcast(event.type, version, dict(raw))), raw, version)


def _act(event: Event, now: Content, raw: Mapping[str, Any] | None, version: int) -> Act:
    span = edtf.parse(now.occurred_on or "")
    return Act(
        event=event,
        content=now,
        earliest=span.earliest,
        latest=span.latest,
        end=span.end,
        raw=raw,
        raw_version=version,
    )


def carried(acts: Iterable[Act]) -> list[dict[str, Any]]:
    """The data of each act with what earlier acts gave and it does not; null clears what was carried over.

    `acts` are in life-cycle order. What is null in a result was cleared.
    """
    result: list[dict[str, Any]] = []
    so_far: dict[str, Any] = {}
    for act in acts:
        so_far = {**so_far, **act.content.data}
        result.append(so_far)
    return result
