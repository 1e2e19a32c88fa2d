"""How often what is shown was corrected after the state of the record that it shows.

Counted are record events (`record.corrected`, `record.retracted`, `record.reinstated`) behind the pinned position that
are about an action which the same filters, as of the same day, list at the pinned position or list now. So a
meeting that a correction moved out of the list counts, and so does one that it moved in; a cosmetic correction counts
like any other, and the comparison shows what it was. New actions are no corrections.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import g
from sqlalchemy import select

from events import store
from projections.browse import TimelineQuery, matches
from projections.clocks import Clocks
from projections.tallies import TallyQuery
from projections.timeline import tables
from service.reading import Reading

RECORD = ("record.corrected", "record.retracted", "record.reinstated")
PAGE = 500

Shown = Callable[[Mapping[str, Any]], bool]


def corrections(reading: Reading, query: TimelineQuery, shown: Shown = lambda item: True) -> int:
    """How many record events behind the reading's position touch the list; `shown` judges an item beyond the query."""
    about = Counter(_about(reading))
    listed: set[str] = set()
    now = Clocks(position=store.head(reading.connection).position, as_of=reading.clocks.as_of)
    for ids in store.chunks(about, PAGE):
        for clocks in (reading.clocks, now):
            listed |= {item["id"] for item in _listed(reading, clocks, query, ids) if shown(item)}
    return sum(about[id] for id in listed)


def _about(reading: Reading) -> Iterator[str]:
    """The action that each record event behind the position is about."""
    for type in RECORD:
        after = reading.clocks.position
        while page := store.read(reading.connection, after, PAGE, type=type):
            yield from (event.content.data["event"] for event in page)
            after = page[-1].position


def _listed(reading: Reading, clocks: Clocks, query: TimelineQuery, ids: Sequence[str]) -> Iterator[dict[str, Any]]:
    table = tables(reading.generation("timeline"))["actions"]
    found = matches(reading.connection, reading.generation("timeline"), clocks, query)
    for row in reading.connection.execute(select(table.c.item).where(found, table.c.id.in_(ids))):
        yield orjson.loads(row.item)


def of_tallies(reading: Reading, query: TallyQuery) -> int:
    """The same for the meetings that a tally counts or may count."""
    wanted = TimelineQuery(
        parties=(query.of,),
        types=("meeting.held",),
        modes=query.modes,
        formal=query.formal,
        level=query.level,
        since=query.since,
        persons=(query.person,) if query.person else (),
    )
    others = set(query.parties)

    def shown(item: Mapping[str, Any]) -> bool:
        pair = set(item["data"]["parties"])
        return len(pair) == 2 and (not others or bool(others & (pair - {query.of})))

    return corrections(reading, wanted, shown)


def comparison(reading: Reading, **more: str | None) -> str:
    """The page that shows what changed since, of the same day."""
    day = reading.clocks.as_of and reading.clocks.as_of.isoformat()
    query = {"from_position": reading.clocks.position, "from_as_of": day, "to_as_of": day, **more}
    return f"/{g.language}/diff?{urlencode({name: value for name, value in query.items() if value is not None})}"
