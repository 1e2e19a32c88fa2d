"""Editions: states of the record that were published, read from the log, since they are on no timeline."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from events import store
from events.types import instant_text

MOST = 100_000


def published(connection: Connection, until: int) -> list[dict[str, Any]]:
    """The editions up to a position, newest first: `{id, stream, name, url, note, recorded_at, …}`."""
    events = store.read(connection, 0, MOST, until=until, type="edition.published")
    return [
        {
            "id": event.id,
            "stream": event.stream,
            **event.content.data,
            "recorded_at": instant_text(event.recorded_at),
            "recorded_by": event.recorded_by,
            "position": event.position,
        }
        for event in reversed(events)
    ]
