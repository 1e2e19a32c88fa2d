"""How long reading takes as the record grows: tallies, pages of the timeline at any depth, and what is counted beside.

Each question is asked many times, at days and places of the record drawn from a seed. Times are of the query, in ms.
"""

from __future__ import annotations

import datetime as dt
import math
import random
import time
from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from benchmarks.filling import Filled
from benchmarks.generator import FIRST, YEARS
from events import store
from events.database import connect
from projections import checkpoints, counts
from projections.browse import TimelineQuery, browse
from projections.clocks import Clocks
from projections.registry import BY_NAME
from projections.tallies import TallyQuery
from projections.tallying import tallied

TIMES, PAGE = 200, 50
FILTERS = {
    "party": TimelineQuery(parties=("AT",)),
    "between": TimelineQuery(between=("AT", "AU")),
    "kind": TimelineQuery(kinds=("meeting",)),
    "person": TimelineQuery(persons=("Person 3 of AT",)),
    "topic": TimelineQuery(topics=("trade",)),
    "level": TimelineQuery(level="official"),
    "unsourced": TimelineQuery(sourced=False),
    "words": TimelineQuery(q="person 3 of at"),
}


def measure(filled: Filled) -> dict[str, object]:
    """p50 and p95 of each question."""
    database, found = connect(filled.url), {}
    try:
        with database.read() as connection:
            for name, ask in _questions(connection, random.Random(1)).items():
                found |= _timed(name, ask)
    finally:
        database.close()
    return found


def _questions(connection: Connection, chance: random.Random) -> dict[str, Callable[[], object]]:
    head = store.head(connection).position
    timeline, tally = (checkpoints.live(connection, BY_NAME[name]).generation for name in ("timeline", "tallies"))

    def now() -> Clocks:
        return Clocks(position=head, as_of=_day(chance))

    def then() -> Clocks:
        return Clocks(position=chance.randrange(1, head + 1), as_of=_day(chance))

    def place() -> tuple[int, int, int]:
        day = _day(chance).toordinal()
        return day, day, chance.randrange(head)

    of = TallyQuery(of="AT")
    asked: dict[str, Callable[[], object]] = {
        "tallies as of D": lambda: tallied(connection, tally, now(), of),
        "tallies as of D known at P": lambda: tallied(connection, tally, then(), of),
        "page, first": lambda: browse(connection, timeline, Clocks(position=head), TimelineQuery(), PAGE),
        "page, any depth": lambda: browse(connection, timeline, Clocks(position=head), TimelineQuery(), PAGE, place()),
        "page, both clocks": lambda: browse(connection, timeline, then(), TimelineQuery(), PAGE),
        "facets as of D": lambda: counts.count(connection, timeline, now(), TimelineQuery()),
        "facets as of D known at P": lambda: counts.count(connection, timeline, then(), TimelineQuery()),
    }
    for name, query in FILTERS.items():
        asked[f"page by {name}"] = lambda query=query: browse(connection, timeline, now(), query, PAGE, place())  # type: ignore[misc]
        asked[f"page by {name}, both clocks"] = lambda query=query: browse(connection, timeline, then(), query, PAGE)  # type: ignore[misc]
    return asked


def _day(chance: random.Random) -> dt.date:
    return FIRST + dt.timedelta(days=chance.randrange(YEARS * 365))


def _timed(name: str, ask: Callable[[], object]) -> dict[str, object]:
    taken = []
    for _ in range(TIMES):
        began = time.perf_counter()
        ask()
        taken.append((time.perf_counter() - began) * 1000)
    taken.sort()
    return {f"{name}, p50 ms": round(taken[TIMES // 2], 2), f"{name}, p95 ms": round(taken[int(TIMES * 0.95)], 2)}


def slope(sizes: Sequence[int], values: Sequence[object]) -> str:
    """How a value grows with the size between the last two, on log-log paper: 0 is flat, 1 as fast as the record."""
    if len(sizes) < 2:
        return ""
    (size, larger), (value, other) = sizes[-2:], values[-2:]
    if not (isinstance(value, int | float) and isinstance(other, int | float) and value > 0 and other > 0):
        return ""
    return f"{math.log(other / value) / math.log(larger / size):.2f}"
