"""The database the log lives in: SQLite beside the program, or PostgreSQL.

`reading` begins snapshots that never wait for a writer; `writing` begins transactions that hold the right to
write from their first statement. On SQLite every commit reaches the disk before it is acknowledged.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakSet

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.pool import NullPool

from events import hosts
from events.cutting import cut
from events.leading import Leading
from events.pool import StackPool

BUSY_SECONDS = 30
PATIENCE: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "tcp_user_timeout": 15_000,
}
SEVERAL: dict[str, Any] = {"target_session_attrs": "read-write", "connect_timeout": 3}
READ_ONLY = "25006"
"""The SQLSTATE of a write on a server that does not lead any more."""


def sqlite_module() -> Any:
    """The SQLite to use: that of the wheel `pysqlite3` where it is installed, else the standard library's."""
    try:
        import pysqlite3

        return pysqlite3
    except ImportError:
        return sqlite3


@dataclass(frozen=True, kw_only=True)
class Database:
    """Two ways into one database."""

    url: URL
    reading: Engine
    writing: Engine
    deriving: Engine
    connections: WeakSet[Any] = field(default_factory=WeakSet)
    leading: Leading = field(default_factory=Leading)

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded database."""
        return self.url.get_backend_name() == "sqlite"

    def library(self) -> str:
        """Which library or server answers, with its version, such as `SQLite 3.53.4`."""
        if self.is_sqlite:
            return f"SQLite {sqlite_module().sqlite_version}"
        with self.reading.connect() as connection:
            return f"PostgreSQL {connection.scalar(text('SHOW server_version'))}"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One snapshot of the database: all that is read in it belongs together."""
        with self.reading.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction; it commits at the end, or rolls back when an error leaves it."""
        with self.writing.begin() as connection:
            yield connection

    @contextmanager
    def derive(self) -> Iterator[Connection]:
        """As `write`, for what can be made again from the log: whole or not at all, but a crash may undo the last."""
        with self.deriving.begin() as connection:
            if not self.is_sqlite:
                connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
            yield connection

    def cut(self) -> None:
        """End all connections at once, also those that somebody waits on: the server does not answer any more."""
        cut(list(self.connections))

    def close(self) -> None:
        """Close all connections."""
        self.reading.dispose()
        self.writing.dispose()
        self.deriving.dispose()


def parse_url(url: str) -> URL:
    """The URL of a database this program can use; raises ValueError with one line otherwise."""
    try:
        parsed = make_url(hosts.spread(url))
    except ArgumentError:
        raise ValueError("is not a database URL; give sqlite:///file.db or postgresql://user@host/name") from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise ValueError("names no file; the record must outlive the process: give sqlite:///file.db")
        return parsed.set(drivername="sqlite")
    if backend in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    raise ValueError(f"names {backend}, which is not supported; give sqlite:///file.db or postgresql://user@host/name")


def connect(url: str | URL, leading: Leading | None = None) -> Database:
    """Open a database; connections are made as they are needed. Raises ValueError for a URL it cannot use.

    `leading` is that of another Database on the same servers.
    """
    parsed = parse_url(url) if isinstance(url, str) else url
    if parsed.get_backend_name() == "sqlite":
        reading, writing = _sqlite(parsed, write=False), _sqlite(parsed, write=True)
        return Database(
            url=parsed, reading=reading, writing=writing, deriving=_sqlite(parsed, write=True, sync="NORMAL")
        )
    several: dict[str, Any] = SEVERAL if hosts.several(parsed) else {}
    arguments = PATIENCE | several
    kept = {name: value for name, value in arguments.items() if name not in parsed.query}
    options: dict[str, Any] = {"pool_pre_ping": True, "poolclass": StackPool, "pool_size": 32, "connect_args": kept}
    reading = create_engine(parsed, isolation_level="REPEATABLE READ", **options)
    event.listen(reading, "begin", _read_only)
    event.listen(reading, "connect", _plan_pages)
    writing = create_engine(parsed, **options)
    event.listen(writing, "connect", _write_by_index)
    event.listen(writing, "handle_error", _leave_demoted)
    made = Database(url=parsed, reading=reading, writing=writing, deriving=writing, leading=leading or Leading())
    for engine in (reading, writing):
        if several:
            made.leading.follow(engine)
        event.listen(engine, "connect", lambda connection, record: made.connections.add(connection))
    return made


def _read_only(connection: Connection) -> None:
    connection.exec_driver_sql("SET TRANSACTION READ ONLY")


def _plan_pages(connection: Any, record: Any) -> None:
    """Let each read be planned for what it asks for, as what takes the first rows of an ordered index.

    A plan for any values, one of several processes, or one that is compiled took up to a second of a page's ten ms.
    """
    for setting in ("plan_cache_mode = force_custom_plan", "max_parallel_workers_per_gather = 0", "jit = off"):
        connection.execute(f"SET {setting}")
    connection.commit()


def _write_by_index(connection: Any, record: Any) -> None:
    """Let no write read a table from one end to the other, as a plan would that was made while it was empty.

    Such plans are kept: appends of a new record took six times as long after 30,000 events.
    """
    for setting in ("enable_seqscan = off", "jit = off"):
        connection.execute(f"SET {setting}")
    connection.commit()


def _leave_demoted(failed: ExceptionContext) -> None:
    """Throw away connections to a server that leads no more; the next ones find the one that does."""
    if getattr(failed.original_exception, "sqlstate", None) == READ_ONLY:
        failed.is_disconnect = True


def _sqlite(url: URL, *, write: bool, sync: str = "FULL") -> Engine:
    module = sqlite_module()
    pool: dict[str, Any] = {"poolclass": StackPool, "pool_size": 4 if write else 64}
    arguments = {"isolation_level": None, "check_same_thread": False, "timeout": BUSY_SECONDS}
    engine = create_engine(url, module=module, connect_args=arguments, **pool)

    @event.listens_for(engine, "connect")
    def settle(connection: Any, record: Any) -> None:
        run = connection.execute
        run(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
        _set_wal(connection)
        run(f"PRAGMA synchronous = {sync}")
        run("PRAGMA foreign_keys = ON")
        run(f"PRAGMA cache_size = -{16_000 if write else 4_000}")  # KiB; what readers miss, the system has
        run("PRAGMA temp_store = MEMORY")
        if not write:
            run("PRAGMA query_only = ON")
        if sync == "FULL" and run("PRAGMA synchronous").fetchone()[0] != 2:
            raise RuntimeError("SQLite refused synchronous=FULL; an acknowledged event could be lost")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if write:
            _begin_writing(connection.connection.driver_connection)
        else:
            connection.exec_driver_sql("BEGIN")

    return engine


def _begin_writing(connection: Any) -> None:
    """Wait for the right to write. SQLite itself looks again only after up to a tenth of a second."""
    end = time.monotonic() + BUSY_SECONDS
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
                return
            except Exception as error:
                if "locked" not in str(error) or time.monotonic() > end:
                    raise
                time.sleep(0.001)
    finally:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")


def _set_wal(connection: Any) -> None:
    """Turn the write-ahead log on; two processes that do so at once make one of them try again."""
    for _ in range(200):
        try:
            if connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
                return
            if connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] == "wal":
                return
        except Exception as error:
            if "locked" not in str(error):
                raise
        time.sleep(0.02)
    raise RuntimeError("SQLite could not turn its write-ahead log on; is the file on a network drive?")


def single(url: URL) -> Engine:
    """An engine that keeps no connection, for one-off work such as migrations."""
    if url.get_backend_name() == "sqlite":
        return create_engine(url, module=sqlite_module(), poolclass=NullPool)
    return create_engine(url, poolclass=NullPool)


def clock(connection: Connection) -> float:
    """The database's clock in seconds since 1970, the same for every process that shares the database."""
    if connection.dialect.name == "postgresql":
        return float(connection.scalar(text("SELECT extract(epoch FROM clock_timestamp())")) or 0)
    return time.time()


def is_away(error: DBAPIError) -> bool:
    """Whether the database does not answer, or not well enough to work with: restarting, unreachable, its disk full."""
    state = getattr(error.orig, "sqlstate", None)
    if (
        error.connection_invalidated
        or isinstance(error, InterfaceError)
        or (state or "")[:2] in ("08", "3D", "53", "57")
        or state == READ_ONLY
    ):
        return True
    words = str(error.orig).lower()
    lost = ("connection", "unable to open", "disk i/o", "disk is full", "readonly", "starting up", "shutting down")
    return isinstance(error, OperationalError) and state is None and any(word in words for word in lost)


def is_busy(error: DBAPIError) -> bool:
    """Whether the database was only occupied, so that the same work may succeed later."""
    words = str(error.orig).lower()
    return any(word in words for word in ("locked", "busy", "deadlock", "could not serialize", "timeout"))
