"""The log folded by processes of their own, while this one writes what was folded before.

What a batch changes in a view follows from the log alone, so batches are folded on all cores at once; they are written
one after the other, in the order of positions, as if each had been folded in its turn.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice

from sqlalchemy.engine import URL
from sqlalchemy.exc import InternalError, OperationalError, ProgrammingError

from events import garbage, store
from events.database import Database, connect
from events.types import Event
from projections import packing
from projections.folding import Step, fold, steps
from projections.packing import Written
from projections.view import View

FAR = 16_384
"""From how many events behind on it is worth starting processes."""

MOST = 4
"""How many processes fold at most: one that writes keeps up with no more."""

KINDNESS = 10
"""By how much they stand back for those that answer requests."""

LOG = logging.getLogger("depositary.projections")

UNAVAILABLE = (OperationalError, ProgrammingError, InternalError)
"""Errors of the database, which say nothing of the events."""


@dataclass(frozen=True, kw_only=True)
class Folded:
    """What the events behind a position until another change, by view; or why a view cannot digest them all at once."""

    until: int
    changes: Mapping[str, Written]
    errors: Mapping[str, str]


class Folder:
    """Reads the log and folds it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._cache = store.StreamCache()

    def read(self, position: int, size: int) -> list[Event]:
        """The next events behind a position."""
        with self.database.read() as connection:
            return store.read(connection, position, size)

    def changes(self, view: View, position: int, events: Sequence[Event]) -> Written:
        """What the events behind a position change in one view."""
        return packing.written(fold(view, self._steps(position, events)), position, events[-1].position)

    def fold(self, position: int, size: int, views: Sequence[View]) -> Folded:
        """What the next events behind a position, of which there is at least one, change in some views."""
        events = self.read(position, size)
        until, changes, errors = events[-1].position, dict[str, Written](), dict[str, str]()
        try:
            taken = self._steps(position, events)
        except UNAVAILABLE:
            raise
        except Exception as error:
            return Folded(until=until, changes={}, errors={view.name: repr(error) for view in views})
        for view in views:
            try:
                changes[view.name] = packing.written(fold(view, taken), position, until)
            except Exception as error:
                errors[view.name] = repr(error)
        return Folded(until=until, changes=changes, errors=errors)

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


class Ahead:
    """Processes that fold the batches which come next. None run until there is much to fold, nor when that is done."""

    def __init__(self, url: URL, processes: int) -> None:
        self._url, self._processes = url, processes
        self._pool: ProcessPoolExecutor | None = None
        self._begun: list[Future[int]] = []
        self._tasks: dict[tuple[tuple[str, ...], int, int], Future[Folded]] = {}

    def take(self, position: int, size: int, views: Sequence[View], head: int) -> Folded | None:
        """The batch behind a position, where it was or is worth folding elsewhere; others behind it are begun.

        While the processes come up there is none. Raises what the database raised there.
        """
        if not self._processes or (self._pool is None and head - position < FAR):
            return None
        names = tuple(view.name for view in views)
        self._forget(names, position)
        try:
            if not self._ready():
                return None
            for nth in range(self._processes + 2):
                at = position + nth * size
                if at + size <= head:
                    self._begin(views, names, at, size)
            task = self._tasks.pop((names, position, size), None)
            return task.result() if task else None
        except UNAVAILABLE:
            self.close()
            raise
        except Exception as error:
            LOG.warning("the log cannot be folded by other processes (%r); this one does it alone", error)
            self._processes = 0
            self.close()
            return None

    def busy(self) -> bool:
        """Whether what is wanted next is still being folded."""
        return any(not task.done() for task in islice(self._tasks.values(), 1))

    def start(self) -> None:
        """Begin the processes, and wait until they have come up."""
        self._ready()
        wait(self._begun)

    def close(self) -> None:
        """End the processes."""
        if self._pool:
            self._tasks.clear()
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def _ready(self) -> bool:
        """Whether the processes have come up; they are begun where they are not there."""
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self._processes, context, initializer=_start, initargs=(self._url,))
            self._begun = [self._pool.submit(os.getpid) for _ in range(self._processes)]
        return all(one.done() for one in self._begun)

    def _begin(self, views: Sequence[View], names: tuple[str, ...], position: int, size: int) -> None:
        key = (names, position, size)
        if self._pool and key not in self._tasks:
            self._tasks[key] = self._pool.submit(_fold, position, size, views)

    def _forget(self, names: tuple[str, ...], position: int) -> None:
        """Drop what those views have left behind."""
        for key in [key for key in self._tasks if key[0] == names and key[1] < position]:
            self._tasks.pop(key).cancel()


def cores() -> int:
    """How many processes are worth having here: none where there is only one core."""
    try:
        number = len(os.sched_getaffinity(0))
    except AttributeError:
        number = os.cpu_count() or 1
    return min(number, MOST) if number > 1 else 0


FOLDERS: list[Folder] = []
"""The one folder of a process that folds."""


def _start(url: URL) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(KINDNESS)
    FOLDERS.append(Folder(connect(url)))
    garbage.settle()


def _end_with_parent() -> None:
    """Nobody is left to fold for when the process that began this one is gone, however it ended."""
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


def _fold(position: int, size: int, views: Sequence[View]) -> Folded:
    return FOLDERS[0].fold(position, size, views)
