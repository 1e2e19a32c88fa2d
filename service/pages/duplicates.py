"""Actions that may be the same as one about to be written: same type, same parties, within three days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from events import edtf, store
from events.drafts import Draft
from events.types import kind_of
from projections import browse
from projections.browse import TimelineQuery
from projections.involvement import parties_in
from service.context import context
from service.problems import Refusal
from service.reading import Asked, Reading, read

DAYS = 3
SHOWN = 10
READ = 500


def duplicates(draft: Draft) -> list[dict[str, Any]] | None:
    """Standing actions that look the same, in order of time; None when that could not be found out just now."""
    if kind_of(draft.type).family != "act":
        return []
    with context().database.read() as connection:
        head = store.head(connection).position
    try:
        return read(["timeline"], Asked(min_position=head, wait=1.0), lambda reading: _found(reading, draft))
    except Refusal:
        return None


def _found(reading: Reading, draft: Draft) -> list[dict[str, Any]]:
    assert draft.content is not None
    ours = parties_in(draft.content.data)
    span = edtf.parse(draft.content.occurred_on or "")
    query = TimelineQuery(
        parties=tuple(ours[:1]),
        types=(draft.type,),
        since=_moved(span.earliest, -DAYS),
        until=_moved(span.latest, DAYS),
        descending=False,
    )
    page = browse.browse(reading.connection, reading.generation("timeline"), reading.clocks, query, READ)
    return [item for item in page.items if item["id"] != draft.id and _same(item, draft, ours)][:SHOWN]


def _same(item: Mapping[str, Any], draft: Draft, ours: list[str]) -> bool:
    """Whether it is of the same stream, or names the same parties."""
    return bool(item["stream"] == draft.stream or (ours and set(parties_in(item["data"])) == set(ours)))


def _moved(day: dt.date, days: int) -> dt.date:
    """The day so many days later, within the calendar."""
    return dt.date.fromordinal(min(max(day.toordinal() + days, 1), dt.date.max.toordinal()))
