"""Keeps the views abreast of the log: one runner, in batches, rows and checkpoint in one transaction.

Events are folded in memory before the writing transaction begins, so an append never waits for a fold. An event
that a view cannot digest stops that view alone, right before it, and shows; nothing is ever skipped.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from sqlalchemy import Connection, Table
from sqlalchemy.schema import CreateIndex

from events import bulk, store
from events.database import Database
from projections import blocks, checkpoints, lease, packing
from projections.ahead import FAR, UNAVAILABLE, Ahead, Folded, Folder
from projections.checkpoints import Checkpoint, Fenced
from projections.generations import begin_generation, drop_generation, missing_index
from projections.lease import Lease
from projections.packing import Packer, Written
from projections.view import BLOCKS, OPEN, POINTS, SETS, Tables, View

BATCH, ANEW = blocks.BASE, 8
"""How many events are taken at a time, and how many times that far behind the head or where nobody reads yet."""

LOG = logging.getLogger("depositary.projections")


class Runner:
    """Runs views while it holds the lease. `clock` gives microseconds since 1970.

    `processes` is how many others may fold for it while much is left to fold.
    """

    def __init__(
        self,
        database: Database,
        views: Sequence[View],
        holder: str,
        clock: Callable[[], int],
        batch: int = BATCH,
        processes: int = 0,
    ) -> None:
        self.database, self.views, self.holder, self.clock, self.batch = database, views, holder, clock, batch
        self.lease: Lease | None = None
        self._folder = Folder(database)
        self.ahead = Ahead(database.url, processes)
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
        self.ahead.close()
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
            self.ahead.close()
            raise

    def catch_up(self) -> None:
        """Step until nothing is left to do."""
        while self.step():
            pass

    def _begin(self, mine: Lease) -> None:
        """What a new leader sees to: stopped views try again, and each view has a generation to work on."""
        self._folder, self._packers = Folder(self.database), {}
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
            more = self._advance(position, those, mine, head) or more
        if not more:
            self.ahead.close()
        return self._pack(by_name, present) or more

    def _pack(self, views: Mapping[str, View], present: Sequence[Checkpoint]) -> bool:
        """Gather points into blocks, a few or until the next batch is folded; whether there are more.

        Where it fails, counts are right all the same.
        """
        while (more := self._pack_some(views, present)) and self.ahead.busy():
            pass
        return more

    def _pack_some(self, views: Mapping[str, View], present: Sequence[Checkpoint]) -> bool:
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

    def _advance(self, position: int, those: Sequence[tuple[View, Checkpoint]], mine: Lease, head: int) -> bool:
        """Take one batch into all generations that stand at a position; whether any could."""
        near = head - position < FAR and any(at.live for _, at in those)
        batch = self.batch if near else self.batch * ANEW
        size = batch - (position % blocks.BASE if self.batch >= blocks.BASE else 0)
        views = [view for view, _ in those]
        ahead = self.ahead.take(position, size, views, head) if size == batch else None
        folded = ahead or self._folder.fold(position, size, views)
        return True in [self._take(view, at, folded, mine) for view, at in those]

    def _take(self, view: View, at: Checkpoint, folded: Folded, mine: Lease) -> bool:
        reason = folded.errors.get(view.name)
        try:
            if not reason:
                self._write(view, at, folded.changes[view.name], folded.until, mine)
                return True
        except (Fenced, *UNAVAILABLE):
            raise
        except Exception as error:
            reason = repr(error)
        LOG.warning("%s: a batch after position %s failed (%s); taking it one by one", view.name, at.position, reason)
        return self._one_by_one(view, at, folded.until, mine)

    def _one_by_one(self, view: View, at: Checkpoint, until: int, mine: Lease) -> bool:
        for event in self._folder.read(at.position, until - at.position):
            try:
                at = self._write(view, at, self._folder.changes(view, at.position, [event]), event.position, mine)
            except (Fenced, *UNAVAILABLE):
                raise
            except Exception as error:
                detail = f"event {event.id} at position {event.position} cannot be folded: {error!r}"
                LOG.error("%s stopped: %s", view.name, detail)
                with self.database.write() as connection:
                    checkpoints.stop(connection, at, detail, mine, self.clock())
                return False
        return True

    def _write(self, view: View, at: Checkpoint, changes: Written, position: int, mine: Lease) -> Checkpoint:
        with self.database.derive() as connection:
            checkpoints.advance(connection, at, position, mine, self.clock())
            write(connection, view, view.tables(at.generation), changes)
        return Checkpoint(**{**vars(at), "position": position})

    def _index(self, view: View, at: Checkpoint, mine: Lease) -> bool:
        """Make an index that was left for the end; whether there was one."""
        with self.database.derive() as connection:
            index = missing_index(connection, view.tables(at.generation))
            if index is not None:
                checkpoints.advance(connection, at, at.position, mine, self.clock())
                connection.execute(CreateIndex(index))
        return index is not None

    def _swap(self, view: View, new: Checkpoint, mine: Lease) -> None:
        with self.database.write() as connection:
            old = [one for one in checkpoints.of(connection, view) if one.generation != new.generation]
            checkpoints.swap(connection, old, new, mine, self.clock())
        for one in old:
            drop_generation(self.database, view, one.generation)


def write(connection: Connection, view: View, tables: Tables, changes: Written) -> None:
    """Close and insert rows, and note points."""
    for name, closes in changes.closes.items():
        bulk.change(connection, _closing(tables[name], connection.dialect.name), [(p, *key) for p, key in closes])
    for name, rows in changes.inserts.items():
        bulk.add(connection, tables[name], rows)
    if view.inserted:
        view.inserted(connection, tables, changes.inserts)
    if changes.sets:
        bulk.add_missing(connection, tables[SETS], changes.sets)
    if POINTS in tables:
        packing.add(connection, tables, changes)


@cache
def _closing(table: Table, dialect: str) -> str:
    mark = "%s" if dialect == "postgresql" else "?"
    same = " AND ".join(f"{key} = {mark}" for key in table.info["keys"])
    return f"UPDATE {table.name} SET known_until = {mark} WHERE {same} AND known_until = {OPEN}"
