"""Keeps the views abreast of the log: one runner, in batches, rows and checkpoint in one transaction.

Events are folded in memory before the writing transaction begins, so an append never waits for a fold. An event
that a view cannot digest stops that view alone, right before it, and shows; nothing is ever skipped.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from sqlalchemy import Connection, Index, Table, inspect
from sqlalchemy.exc import DBAPIError, InternalError, OperationalError, ProgrammingError
from sqlalchemy.schema import CreateIndex, CreateTable

from events import bulk, store
from events.database import Database
from events.types import Event
from projections import blocks, checkpoints, lease, packing
from projections.checkpoints import Checkpoint, Fenced
from projections.folding import Changes, Step, fold, set_rows, steps
from projections.lease import Lease
from projections.packing import Packer
from projections.view import BLOCKS, OPEN, POINTS, SETS, Tables, View

BATCH, ANEW = blocks.BASE, 8
"""How many events are taken at a time, and how many times that where nobody reads the rows yet."""

INDEXED_LATER = 5_000_000
"""On SQLite nobody else writes while an index is made, so for longer logs than this they are kept from the start."""

ROWS = "SET (autovacuum_vacuum_insert_scale_factor = 0.05)"
"""Settings of a view's table on PostgreSQL: vacuumed often enough that its indexes answer alone."""
SETTINGS = {
    POINTS: "SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000)",
    BLOCKS: "ALTER COLUMN body SET STORAGE EXTERNAL",
}
"""Others: rows that go after a while and make room for the next; bodies that are packed already."""
PRESENT = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'index'",
    "postgresql": "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()",
}
"""The names of all indexes. An inspector asks a SQLite connection that may not have heard of new tables yet."""
LOG = logging.getLogger("depositary.projections")


class Runner:
    """Runs views while it holds the lease. `clock` gives microseconds since 1970."""

    def __init__(
        self, database: Database, views: Sequence[View], holder: str, clock: Callable[[], int], batch: int = BATCH
    ) -> None:
        self.database, self.views, self.holder, self.clock, self.batch = database, views, holder, clock, batch
        self.lease: Lease | None = None
        self._cache = store.StreamCache()
        self._packers: dict[tuple[str, int], Packer] = {}

    def lead(self) -> bool:
        """Take or keep the lease; whether this runner leads now."""
        if self.lease:
            self.lease = lease.renew(self.database, self.lease)
        if not self.lease:
            self.lease = lease.acquire(self.database, self.holder)
            if self.lease:
                self._begin(self.lease)
        return self.lease is not None

    def resign(self) -> None:
        """Give the lease back."""
        if self.lease:
            lease.release(self.database, self.lease)
            self.lease = None

    def step(self) -> bool:
        """One batch for every generation that is behind; whether there may be more to do.

        Raises Fenced, and leads no more, when somebody else has taken over.
        """
        if not self.lease:
            return False
        try:
            return self._step(self.lease)
        except Fenced:
            self.lease = None
            raise

    def catch_up(self) -> None:
        """Step until nothing is left to do."""
        while self.step():
            pass

    def _begin(self, mine: Lease) -> None:
        """What a new leader sees to: stopped views try again, and each view has a generation to work on."""
        self._cache, self._packers = store.StreamCache(), {}
        with self.database.write() as connection:
            checkpoints.resume(connection, mine)
        for view in self.views:
            with self.database.read() as connection:
                present = checkpoints.of(connection, view)
            if not any(one.version == view.version for one in present):
                begin_generation(self.database, view, self.clock())

    def _step(self, mine: Lease) -> bool:
        more = False
        by_name = {view.name: view for view in self.views}
        with self.database.read() as connection:
            present, head = checkpoints.every(connection), store.head(connection).position
        behind: dict[int, list[tuple[View, Checkpoint]]] = {}
        for at in present:
            view = by_name.get(at.projection)
            if view is None or at.status == "stopped" or at.version != view.version:
                continue
            if at.position < head:
                behind.setdefault(at.position, []).append((view, at))
            elif not at.live:
                if not self._index(view, at, mine):
                    self._swap(view, at, mine)
                return True
        for position, those in behind.items():
            more = self._advance(position, those, mine) or more
        return self._pack(by_name, present) or more

    def _pack(self, views: Mapping[str, View], present: Sequence[Checkpoint]) -> bool:
        """Gather a few points into blocks; whether there are more. Where it fails, counts are right all the same."""
        more = False
        for at in present:
            view = views.get(at.projection)
            if view is None or at.version != view.version or BLOCKS not in view.tables(at.generation):
                continue
            packer = self._packers.setdefault(
                (view.name, at.generation), Packer(self.database, view.tables(at.generation))
            )
            more = packer.step(at.position) or more
        return more

    def _advance(self, position: int, those: Sequence[tuple[View, Checkpoint]], mine: Lease) -> bool:
        """Take one batch into all generations that stand at a position; whether any could."""
        batch = self.batch if any(at.live for _, at in those) else self.batch * ANEW
        with self.database.read() as connection:
            past = position % blocks.BASE if self.batch >= blocks.BASE else 0
            events = store.read(connection, position, batch - past)
        try:
            taken = self._steps(position, events)
        except (OperationalError, ProgrammingError, InternalError):
            raise
        except Exception as error:
            LOG.warning("a batch after position %s failed (%r); taking it one by one", position, error)
            return True in [self._one_by_one(view, at, events, mine) for view, at in those]
        return True in [self._take(view, at, events, taken, mine) for view, at in those]

    def _take(self, view: View, at: Checkpoint, events: Sequence[Event], taken: Sequence[Step], mine: Lease) -> bool:
        try:
            self._apply(view, at, taken, mine)
        except (Fenced, OperationalError, ProgrammingError, InternalError):
            raise
        except Exception as error:
            LOG.warning(
                "%s: a batch after position %s failed (%r); taking it one by one", view.name, at.position, error
            )
            return self._one_by_one(view, at, events, mine)
        return True

    def _one_by_one(self, view: View, at: Checkpoint, events: Sequence[Event], mine: Lease) -> bool:
        for event in events:
            try:
                at = self._apply(view, at, self._steps(at.position, [event]), mine)
            except (Fenced, OperationalError, ProgrammingError, InternalError):
                raise
            except Exception as error:
                detail = f"event {event.id} at position {event.position} cannot be folded: {error!r}"
                LOG.error("%s stopped: %s", view.name, detail)
                with self.database.write() as connection:
                    checkpoints.stop(connection, at, detail, mine, self.clock())
                return False
        return True

    def _steps(self, position: int, events: Sequence[Event]) -> list[Step]:
        """The events with their streams before and after them; `position` is where they begin."""
        begun: dict[str, int] = {}
        for event in events:
            begun.setdefault(event.stream, event.version)
        older = [name for name, version in begun.items() if version > 1]
        with self.database.read() as connection:
            streams = store.load_streams(connection, older, self._cache, until=position)
        taken, after = steps(streams, events)
        for stream in after.values():
            self._cache.put(stream)
        return taken

    def _apply(self, view: View, at: Checkpoint, taken: Sequence[Step], mine: Lease) -> Checkpoint:
        changes = fold(view, taken)
        position = taken[-1][0].position
        with self.database.derive() as connection:
            checkpoints.advance(connection, at, position, mine, self.clock())
            write(connection, view, view.tables(at.generation), changes, at.position, position)
        return Checkpoint(**{**vars(at), "position": position})

    def _index(self, view: View, at: Checkpoint, mine: Lease) -> bool:
        """Make an index that was left for the end; whether there was one."""
        with self.database.derive() as connection:
            dialect = connection.dialect.name
            present = set(connection.exec_driver_sql(PRESENT[dialect]).scalars())
            for table in view.tables(at.generation).values():
                for index in indexes(table, dialect):
                    if index.name not in present:
                        checkpoints.advance(connection, at, at.position, mine, self.clock())
                        connection.execute(CreateIndex(index))
                        return True
        return False

    def _swap(self, view: View, new: Checkpoint, mine: Lease) -> None:
        with self.database.write() as connection:
            old = [one for one in checkpoints.of(connection, view) if one.generation != new.generation]
            checkpoints.swap(connection, old, new, mine, self.clock())
        for one in old:
            drop_generation(self.database, view, one.generation)


def write(connection: Connection, view: View, tables: Tables, changes: Changes, after: int, until: int) -> None:
    """Close and insert rows, and note points, of the events behind one position until another."""
    for name, closes in changes.closes.items():
        bulk.change(connection, _closing(tables[name], connection.dialect.name), [(p, *key) for p, key in closes])
    for name, rows in changes.inserts.items():
        bulk.add(connection, tables[name], rows)
    if view.inserted:
        view.inserted(connection, tables, changes.inserts)
    if changes.sets:
        bulk.add_missing(connection, tables[SETS], sorted(set_rows(changes.sets)))
    if POINTS in tables:
        packing.add(connection, tables, changes.points, after, until)


@cache
def _closing(table: Table, dialect: str) -> str:
    mark = "%s" if dialect == "postgresql" else "?"
    same = " AND ".join(f"{key} = {mark}" for key in table.info["keys"])
    return f"UPDATE {table.name} SET known_until = {mark} WHERE {same} AND known_until = {OPEN}"


def begin_generation(database: Database, view: View, now: int) -> int:
    """Create the tables of a view's next generation; its number. The first of all is live at once.

    While one is building already, that one's number is given and nothing begins.
    """
    with database.write() as connection:
        store.lock_head(connection)
        present = checkpoints.of(connection, view)
        building = [one for one in present if not one.live and one.version == view.version and one.status != "stopped"]
        if building:
            return building[-1].generation
        generation = max((one.generation for one in present), default=0) + 1
        for unused in set(range(1, generation + 1)) - {one.generation for one in present}:
            _drop_if_allowed(connection, view, unused)
        while _exists(connection, view, generation):
            generation += 1
        at_once = not present or (database.is_sqlite and store.head(connection).position > INDEXED_LATER)
        create_tables(connection, view, generation, indexed=at_once)
        checkpoints.add(connection, view, generation, live=not present, now=now)
    return generation


def _drop_if_allowed(connection: Connection, view: View, generation: int) -> None:
    try:
        with connection.begin_nested():
            drop_tables(connection, view, generation)
    except DBAPIError as error:
        LOG.warning("%s: old generation %s was left: %s", view.name, generation, str(error.orig).strip())


def _exists(connection: Connection, view: View, generation: int) -> bool:
    present = set(inspect(connection).get_table_names())
    return any(table.name in present for table in view.tables(generation).values())


def create_tables(connection: Connection, view: View, generation: int, *, indexed: bool = True) -> Tables:
    """Create the empty tables of one generation; what only readers need of indexes can be left for when it is full."""
    tables, dialect = view.tables(generation), connection.dialect.name
    for name, table in tables.items():
        connection.execute(CreateTable(table))
        for index in indexes(table, dialect):
            if indexed or index.unique:
                connection.execute(CreateIndex(index))
        if dialect == "postgresql":
            connection.exec_driver_sql(f"ALTER TABLE {table.name} {SETTINGS.get(name, ROWS)}")
    if view.create:
        view.create(connection, tables)
    return tables


def indexes(table: Table, dialect: str) -> list[Index]:
    """The indexes of a table on one sort of database, by name."""
    those = (index for index in table.indexes if index.info.get("dialect", dialect) == dialect)
    return sorted(those, key=lambda index: str(index.name))


def drop_tables(connection: Connection, view: View, generation: int) -> None:
    """Drop the tables of one generation where they exist, of other versions as well."""
    if view.drop:
        view.drop(connection, view.tables(generation))
    for name in inspect(connection).get_table_names():
        if name.startswith(f"{view.name}_") and name.endswith(f"_{generation}"):
            connection.exec_driver_sql(f"DROP TABLE {name}")


def drop_generation(database: Database, view: View, generation: int) -> None:
    """Drop what no reader uses any more; what cannot be dropped now goes with a later rebuild."""
    try:
        with database.write() as connection:
            drop_tables(connection, view, generation)
    except DBAPIError as error:
        LOG.warning("%s: old generation %s was left: %s", view.name, generation, str(error.orig).strip())
