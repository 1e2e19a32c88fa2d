"""What happened to one act: every event about it, in order, with what each changed field by field."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from events.patches import differences
from events.streams import Act, evolve, initial
from events.types import Event, instant_text

FIELDS = ("occurred_on", "title", "data", "sources", "note")


def history(events: Iterable[Event], id: str) -> list[dict[str, Any]]:
    """The act itself and the record events about it, given all events of its stream in version order.

    Each is `{id, type, position, version, recorded_at, recorded_by, reason, cosmetic, duplicate_of, sources, note,
    changes}`; `changes` is a list of `{path, old, new}` with JSON pointers, empty for the act itself.
    """
    rows: list[dict[str, Any]] = []
    stream = None
    for event in events:
        stream = stream or initial(event.stream)
        before = stream.acts.get(id)
        stream = evolve(stream, event)
        after = stream.acts.get(id)
        if after is not None and after is not before:
            rows.append(_row(event, before, after))
    return rows


def _row(event: Event, before: Act | None, after: Act) -> dict[str, Any]:
    about = event.content.data if event.kind == "record" else {}
    return {
        "id": event.id,
        "type": event.type,
        "position": event.position,
        "version": event.version,
        "recorded_at": instant_text(event.recorded_at),
        "recorded_by": event.recorded_by,
        "reason": about.get("reason"),
        "cosmetic": about.get("cosmetic", False),
        "duplicate_of": about.get("duplicate_of"),
        "sources": list(event.content.sources),
        "note": event.content.note,
        "changes": _changes(before, after) if before else [],
    }


def _changes(before: Act, after: Act) -> list[dict[str, Any]]:
    old, new = before.content.as_dict(), after.content.as_dict()
    found = [each for name in FIELDS for each in differences(old.get(name), new.get(name), f"/{name}")]
    return found + list(differences(before.retracted, after.retracted, "/retracted"))
