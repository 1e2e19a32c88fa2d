"""An event is an immutable fact in the log: what was written (`Content`), and what the log added to it.

Every type the log knows is listed here by its kind. To add a kind, write one file under `events/kinds/`
and name it below.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from events.kind import Facts, Kind
from events.kinds import (
    agreement,
    cooperation,
    edition,
    measure,
    meeting,
    partnership,
    pledge,
    policy,
    record,
    representation,
    statement,
    summit,
    visit,
)

SCHEMA_VERSION = 1
"""The version of the stored format that this program writes, one number for all types."""

KINDS: Mapping[str, Kind] = {
    module.KIND.name: module.KIND
    for module in (
        meeting,
        visit,
        summit,
        partnership,
        agreement,
        pledge,
        cooperation,
        measure,
        statement,
        policy,
        representation,
        record,
        edition,
    )
}

TYPES: Mapping[str, Facts] = {
    f"{kind.name}.{act}": schema for kind in KINDS.values() for act, schema in kind.acts.items()
}


KIND_OF: Mapping[str, Kind] = {type: KINDS[type.partition(".")[0]] for type in TYPES}


def kind_of(type: str) -> Kind:
    """The kind of a known type: `kind_of("meeting.held").name == "meeting"`."""
    return KIND_OF.get(type) or KINDS[type.partition(".")[0]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a writer says of an event; a correction is a patch over these five fields.

    `title` is None and `occurred_on` is None where the family of the event has none.
    """

    data: Mapping[str, Any]
    occurred_on: str | None = None
    title: Mapping[str, str] | None = None
    sources: tuple[Mapping[str, str], ...] = ()
    note: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The content as JSON, without the fields that were not given; `data` and `sources` always stand."""
        full: dict[str, Any] = {}
        if self.occurred_on is not None:
            full["occurred_on"] = self.occurred_on
        if self.title is not None:
            full["title"] = self.title
        full["data"], full["sources"] = self.data, list(self.sources)
        if self.note is not None:
            full["note"] = self.note
        return full


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event as the log holds it.

    `recorded_at` is in microseconds since 1970 (UTC). `earliest` and `latest` bound the day on which an act
    may have begun, and are None for events that are not acts. `content` is as stored, never upcast or corrected.
    """

    id: str
    type: str
    stream: str
    version: int
    position: int
    recorded_at: int
    recorded_by: str
    schema_version: int
    earliest: dt.date | None
    latest: dt.date | None
    content: Content

    @property
    def kind(self) -> str:
        """The part of the type before the dot."""
        return self.type.partition(".")[0]

    @property
    def act(self) -> str:
        """The part of the type after the dot."""
        return self.type.partition(".")[2]

    def as_dict(self) -> dict[str, Any]:
        """The event as the HTTP interface and exports give it."""
        return {
            "id": self.id,
            "type": self.type,
            "stream": self.stream,
            **self.content.as_dict(),
            "version": self.version,
            "position": self.position,
            "recorded_at": instant_text(self.recorded_at),
            "recorded_by": self.recorded_by,
            "schema_version": self.schema_version,
            "earliest": self.earliest and self.earliest.isoformat(),
            "latest": self.latest and self.latest.isoformat(),
        }


EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_START = dt.datetime(1970, 1, 1)


@lru_cache(4_096)
def instant_text(microseconds: int) -> str:
    """RFC 3339 in UTC with six digits of a second: `2025-10-30T09:15:00.000000Z`."""
    return (_START + dt.timedelta(microseconds=microseconds)).isoformat(timespec="microseconds") + "Z"
