"""Reads on standbys: servers that follow the primary and answer for it, each a moment behind.

Two promises. An answer from a standby is at most `lag` seconds behind what the primary would have said. And while no
primary answers, reads go on, on the standby that is furthest ahead, with all that this process knew of the log.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from events import hosts
from events.database import Database, is_away, is_busy
from events.hearing import Heard, Server
from events.tables import events

Result = TypeVar("Result")
LAG_SECONDS = 5.0
SEARCH_SECONDS, SEARCH_POLL_SECONDS = 2.0, 0.05
DIVERGED = "has diverged: its last event is not the primary's"
CONFLICT = "40001"
"""The SQLSTATE of a query that a standby ended because it stood in the way of what was to be replayed."""


class Behind(Exception):
    """The server asked has not got there yet; another may have. `position` is where it is."""

    def __init__(self, position: int) -> None:
        super().__init__(f"This copy of the record has reached position {position}. Ask again shortly.")
        self.position = position


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where one read is done. Whoever reads may raise Behind, unless this is the `last` server to be asked."""

    database: Database
    primary: bool = True
    last: bool = True


class Standbys:
    """Chooses where to read. `written` gives the last position that this process appended."""

    def __init__(
        self,
        primary: Database,
        standbys: Sequence[Database] = (),
        *,
        lag: float = LAG_SECONDS,
        written: Callable[[], int] = lambda: 0,
    ) -> None:
        self._lag, self._written = lag, written
        self._primary = Server(primary, "the primary", _follows, self._compare)
        self._standbys = [Server(each, f"standby {_name(each)}") for each in standbys]
        self._turn = itertools.count()
        self._starting, self._started = threading.Lock(), False

    def read(self, work: Callable[[Source], Result]) -> Result:
        """Do `work` on a standby that is abreast, else as `fresh` does."""
        for server in self._abreast():
            try:
                return work(Source(database=server.database, primary=False, last=False))
            except Behind:
                continue
            except (DBAPIError, PoolTimeout) as error:
                _excuse(server, error)
        return self.fresh(work)

    def fresh(self, work: Callable[[Source], Result]) -> Result:
        """Do `work` on the primary; while that is away, on the standby that is furthest ahead."""
        source = Source(database=self._primary.database)
        if not self._standbys:
            return work(source)
        if not self._primary.trouble():
            try:
                return work(source)
            except DBAPIError as error:
                if not is_away(error):
                    raise
                self._primary.leave_out(str(error.orig))
        for server in self._furthest():
            try:
                return work(Source(database=server.database, primary=False))
            except (DBAPIError, PoolTimeout) as error:
                _excuse(server, error)
        return work(source)

    def start(self) -> None:
        """Begin to listen to the servers, where there is more than one."""
        with self._starting:
            if not self._started and (self._standbys or hosts.several(self._primary.database.url)):
                self._started = True
                for server in (self._primary, *self._standbys):
                    server.start()

    def states(self) -> Iterator[tuple[str, int, str | None]]:
        """Each server that follows by name, the position it was last heard at, and why it is left out, if it is."""
        for server in self._standbys:
            heard, trouble = server.heard, server.trouble() or (DIVERGED if server.diverged else None)
            if trouble or not heard or heard.follows:
                yield server.name.partition(" ")[2], heard.head if heard else 0, trouble

    def readable(self) -> bool:
        """Whether any server answers that may be read from in the primary's place."""
        return any(not server.diverged for server, _ in self._answering())

    def close(self) -> None:
        """End the threads and the connections to standbys."""
        for server in (self._primary, *self._standbys):
            server.close()
        for server in self._standbys:
            server.database.close()

    def _abreast(self) -> list[Server]:
        """The standbys that have all that the primary had `lag` seconds ago, each first in its turn."""
        then = self._primary.since(time.monotonic() - self._lag)
        servers = [(server, heard) for server, heard in self._answering() if heard.follows and server.proven]
        found = [server for server, heard in servers if then and heard.wal >= then.wal]
        first = next(self._turn) % len(found) if found else 0
        return found[first:] + found[:first]

    def _furthest(self) -> list[Server]:
        """The servers with all that was known of the log here, the furthest first; also one that leads by now.

        It waits a little for one; none when the primary is back, which is asked then.
        """
        known, end = self._primary.heard, time.monotonic() + SEARCH_SECONDS
        floor = max(known.head if known else 0, self._written())
        while True:
            servers = [(server, heard) for server, heard in self._answering() if not server.diverged]
            found = [(server.proven, heard.wal, server) for server, heard in servers if heard.head >= floor]
            if found or not self._primary.trouble() or time.monotonic() >= end:
                return [server for *_, server in sorted(found, key=lambda one: one[:2], reverse=True)]
            time.sleep(SEARCH_POLL_SECONDS)

    def _answering(self) -> list[tuple[Server, Heard]]:
        found = [(server, server.heard) for server in self._standbys if not server.trouble()]
        return [(server, heard) for server, heard in found if heard]

    def _compare(self, connection: Connection) -> None:
        """Note whether the last event of each standby is the event the primary has at that position."""
        found = self._answering()
        query = select(events.c.position, events.c.leaf_hash)
        query = query.where(events.c.position.in_({heard.head for _, heard in found}))
        own = {row.position: row.leaf_hash for row in connection.execute(query)}
        for server, heard in found:
            server.compared(own.get(heard.head, heard.last) == heard.last)


def _follows(heard: Heard) -> str | None:
    return "it is a standby: DEPOSITARY_DATABASE_URL must lead to the primary" if heard.follows else None


def _name(database: Database) -> str:
    host, port = database.url.host or "", database.url.port
    return f"{host}:{port}" if port else host


def _excuse(server: Server, error: DBAPIError | PoolTimeout) -> None:
    """Leave a server out that is away; raise what is not the server's fault."""
    if isinstance(error, PoolTimeout):
        return
    if is_away(error):
        server.leave_out(str(error.orig))
    elif not is_busy(error) and getattr(error.orig, "sqlstate", None) != CONFLICT:
        raise error
