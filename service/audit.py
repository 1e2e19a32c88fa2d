"""The audit: every row of the log hashed again, and every view compared with a fresh fold of the log.

Streams are folded one chunk at a time, so memory stays small whatever the log holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Table, func, select

from events import store
from events.database import Database
from events.streams import evolve, initial
from events.tables import stream_versions
from events.types import Event
from projections import checkpoints, digests
from projections.checkpoints import Unreadable
from projections.digests import Digests
from projections.folding import Changes, set_rows
from projections.registry import VIEWS
from projections.view import BLOCKS, POINTS, SETS, Key, Tables, Values, View

CHUNK = 500
Progress = Callable[[int, int], None]


@dataclass(kw_only=True)
class Audit:
    """What was found: up to which position, a line for each difference, and the views that were never built."""

    position: int = 0
    lines: list[str] = field(default_factory=list)
    unbuilt: list[str] = field(default_factory=list)


def audit(database: Database, progress: Progress = lambda done, total: None) -> Audit:
    """Audit the log and all views on one snapshot; `progress` is told how much of how much is done."""
    found = Audit()
    with database.read() as connection:
        found.position = store.head(connection).position
        streams = connection.scalars(select(stream_versions.c.stream).where(stream_versions.c.version == 1)).all()
        total, done = found.position + len(streams), 0
        for done, lines in _log(connection, found.position):
            found.lines += lines
            progress(done, total)
        live = _live(connection, found)
        counted: Counter[str] = Counter()
        points: dict[str, Digests] = {view.name: Counter() for view, _ in live}
        sets: dict[str, dict[Key, Values]] = {view.name: {} for view, _ in live}
        for part in store.chunks(streams, CHUNK):
            for view, at in live:
                tables = view.tables(at.generation)
                wanted, ids = _folded(connection, view, part, at.position)
                digests.note(points[view.name], wanted.points)
                sets[view.name].update(wanted.sets)
                found.lines += list(compare(connection, view, tables, wanted, ids, counted))
            done += len(part)
            progress(done, total)
        for view, at in live:
            tables = view.tables(at.generation)
            found.lines += list(_numbered(connection, view, tables, sets[view.name]))
            if POINTS in tables:
                wrong = digests.differences(connection, tables, points[view.name])
                found.lines += [f"{view.name}: {line}" for line in wrong]
            for name, table in _of_streams(tables):
                rows = connection.scalar(select(func.count()).select_from(table)) or 0
                if rows != counted[table.name]:
                    found.lines.append(f"{view.name}: {rows - counted[table.name]} rows of no stream in {name}")
    return found


def _log(connection: Connection, head: int) -> Iterator[tuple[int, list[str]]]:
    position = 0
    while True:
        last, lines = store.altered(connection, position, 2_000)
        if last == position:
            break
        position = last
        yield position, [f"log: {line}" for line in lines]
    yield position, [f"log: {line}" for line in store.unlisted(connection)]
    if position != head:
        yield position, [f"log: the head says {head}, the last event stands at {position}"]


def _live(connection: Connection, found: Audit) -> list[tuple[View, checkpoints.Checkpoint]]:
    live = []
    for view in VIEWS:
        try:
            live.append((view, checkpoints.live(connection, view)))
        except Unreadable as error:
            if error.stopped:
                found.lines.append(f"{view.name}: {error.detail}")
            else:
                found.unbuilt.append(view.name)
    return live


def compare(
    connection: Connection, view: View, tables: Tables, wanted: Changes, ids: Sequence[int], counted: Counter[str]
) -> Iterator[str]:
    """A line for each row of a view that these streams have otherwise than a fresh fold of them wants.

    `ids` are the positions of all their events. The number of rows found is added to `counted` by table.
    """
    for name, table in _of_streams(tables):
        keys = len(table.info["keys"]) + 1
        present = {}
        for part in store.chunks(ids, CHUNK):
            for row in connection.execute(select(table).where(table.c[table.info["lead"]].in_(part))):
                shown = tuple(bytes(value) if isinstance(value, memoryview) else value for value in row)
                present[shown[:keys]] = shown[keys:]
        counted[table.name] += len(present)
        expected = {tuple(row[:keys]): tuple(row[keys:]) for row in wanted.inserts.get(name, ())}
        for key in sorted({*present, *expected}, key=str):
            if present.get(key) != expected.get(key):
                kind = "missing" if key not in present else "surplus" if key not in expected else "different"
                named = dict(zip((*table.info["keys"], "known_from"), key, strict=True))
                yield f"{view.name}: {kind} row in {name}: {named}"


def _of_streams(tables: Tables) -> list[tuple[str, Table]]:
    return [(name, table) for name, table in tables.items() if name not in (POINTS, BLOCKS, SETS)]


def _numbered(connection: Connection, view: View, tables: Tables, wanted: Mapping[Key, Values]) -> Iterator[str]:
    """A line for each number of a view that stands for something else than it should."""
    if SETS in tables:
        present = {tuple(row) for row in connection.execute(select(tables[SETS]))}
        expected = set(set_rows(wanted))
        for row in sorted(present ^ expected):
            yield f"{view.name}: {'missing' if row in expected else 'surplus'} row in {SETS}: {row}"


def _folded(connection: Connection, view: View, streams: Sequence[str], position: int) -> tuple[Changes, list[int]]:
    changes, ids = Changes(), []
    for stream in streams:
        state, rows = initial(stream), view.rows(initial(stream))
        for event in _events(connection, stream, position):
            state = evolve(state, event)
            after = view.rows(state)
            changes.apply(state.first, event.position, rows, after)
            rows = after
            ids.append(event.position)
    return changes, ids


def _events(connection: Connection, stream: str, position: int) -> Iterator[Event]:
    return (event for event in store.read_stream(connection, stream) if event.position <= position)
