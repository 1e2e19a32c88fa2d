"""A log copied into another database as it is: every id, position, record time and stored byte; then held against it.

What was copied before stays, so a copy that was interrupted goes on where it stopped, and one that is made again while
the first log grows takes over what came since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Connection, Table, func, select

from events import store
from events.database import Database
from events.decide import Head
from events.tables import event_ids, events, stream_versions

BATCH = 2_000
TABLES = (events, event_ids, stream_versions)
COLUMNS = events.c.keys()


class Diverged(Exception):
    """The other database holds a log that is not the beginning of this one; nothing was copied into it."""


def copy(source: Database, target: Database, progress: Callable[[int, int], None] = lambda done, total: None) -> int:
    """Copy what the target lacks; how many events it then holds. Raises Diverged.

    Nobody may append to the target meanwhile: who tries waits, and what is appended in between ends the copy.
    """
    with target.read() as connection:
        done = store.head(connection).position
    for line in differences(source, target, done):
        raise Diverged(line)
    while True:
        with source.read() as connection:
            head = store.head(connection).position
            rows = {table: _rows(connection, table, done) for table in TABLES}
        if not rows[events]:
            return done
        with target.write() as connection:
            if store.lock_head(connection).position != done:
                raise Diverged("somebody appended to the other database while it was copied into")
            last, recorded_at = (rows[events][-1][COLUMNS.index(name)] for name in ("position", "recorded_at"))
            store.put(connection, rows, done + 1, Head(position=last, recorded_at=recorded_at))
            done = last
        progress(done, head)


def _rows(connection: Connection, table: Table, after: int) -> list[tuple[Any, ...]]:
    """The rows of the next events of a table, in the order of its columns."""
    query = select(table).where(table.c.position > after, table.c.position <= after + BATCH)
    return [tuple(row) for row in connection.execute(query.order_by(table.c.position))]


def differences(
    source: Database, target: Database, until: int, progress: Callable[[int, int], None] = lambda done, total: None
) -> Iterator[str]:
    """A line for each position up to `until` at which the logs differ, or at which the target was altered since."""
    with source.read() as mine, target.read() as theirs:
        head = store.head(mine).position
        if until > head:
            yield f"the other database holds {until} events, this one {head}"
            return
        for after in range(0, until, BATCH):
            mine_rows, their_rows = (_leaves(each, after, until) for each in (mine, theirs))
            for position in range(after + 1, min(after + BATCH, until) + 1):
                if mine_rows.get(position) != their_rows.get(position):
                    yield f"position {position}: another event stands in the other database"
            _, altered = store.altered(theirs, after, min(BATCH, until - after))
            yield from altered
            progress(min(after + BATCH, until), until)
        for table in (event_ids, stream_versions):
            count = theirs.scalar(select(func.count()).select_from(table).where(table.c.position <= until))
            if count != until:
                yield f"{table.name} has {count} rows of {until}"


def _leaves(connection: Connection, after: int, until: int) -> dict[int, tuple[object, ...]]:
    """What stands for each event: its leaf hash, and the hash of its content under its id."""
    joined = events.join(event_ids, event_ids.c.id == events.c.id)
    query = select(events.c.position, events.c.leaf_hash, event_ids.c.content_hash).select_from(joined)
    query = query.where(events.c.position > after, events.c.position <= min(after + BATCH, until))
    return {row.position: (bytes(row.leaf_hash), bytes(row.content_hash)) for row in connection.execute(query)}
