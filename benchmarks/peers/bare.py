"""The least that a Flask application can do with an event, served by granian exactly as Depositary is.

    python bare.py KIND --database URL --port N

Kinds: `ok` (answers, stores nothing), `single` (one raw insert and commit a request), `thousand` (as many raw inserts
as the request has lines, in one commit) and `pyeventsourcing` (one aggregate a line, saved in one transaction).
Bodies are events, one a line. On SQLite one connection writes, under a lock, so that threads do not wait for each
other inside SQLite; on PostgreSQL there is a pool of connections.
"""

from __future__ import annotations

import argparse
import os
import threading
from collections.abc import Callable, Sequence
from typing import Any

from flask import Flask, request
from granian import Granian
from granian.constants import Interfaces

THREADS, BACKLOG, CONNECTIONS = 1_000, 2_048, 24
"""The first two as in `service/serving.py`."""


def web_process() -> Flask:
    """The application that the environment asks for."""
    kind, url = os.environ["PEER_KIND"], os.environ["PEER_DATABASE"]
    app = Flask(__name__)
    store = {"ok": nothing, "pyeventsourcing": aggregates}.get(kind, raw)(url)

    @app.post("/events")
    def events() -> tuple[dict[str, int], int]:
        body = request.get_data()
        lines = body.splitlines() if kind in ("thousand", "pyeventsourcing") else [body]
        store(lines)
        return {"stored": len(lines)}, 201

    return app


def nothing(url: str) -> Callable[[Sequence[bytes]], None]:
    """Store nothing."""
    return lambda lines: None


def raw(url: str) -> Callable[[Sequence[bytes]], None]:
    """Insert each line into a table of positions and payloads, and commit."""
    from limits import Rows

    if url.startswith("sqlite"):
        rows, lock = Rows(url), threading.Lock()

        def one(lines: Sequence[bytes]) -> None:
            with lock:
                rows.write(lines)

        return one
    return pooled(url, Rows(url).insert)


def pooled(url: str, insert: str) -> Callable[[Sequence[bytes]], None]:
    """Insert through a pool of connections."""
    from psycopg_pool import ConnectionPool

    pool: Any = ConnectionPool(url, min_size=CONNECTIONS, max_size=CONNECTIONS, kwargs={"autocommit": True}, open=True)
    pool.wait()

    def many(lines: Sequence[bytes]) -> None:
        with pool.connection() as connection:
            if len(lines) == 1:
                connection.execute(insert, (lines[0],), prepare=True)
            else:
                with connection.transaction(), connection.cursor() as cursor:
                    cursor.executemany(insert, [(line,) for line in lines])

    return many


def aggregates(url: str) -> Callable[[Sequence[bytes]], None]:
    """Save each line as an aggregate."""
    import orjson
    from pyeventsourcing import Store

    store = Store(url)
    return lambda lines: store.append([orjson.loads(line) for line in lines])


def main() -> None:
    """Serve until a signal ends it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=("ok", "single", "thousand", "pyeventsourcing"))
    parser.add_argument("--database", required=True)
    parser.add_argument("--port", type=int, required=True)
    asked = parser.parse_args()
    os.environ |= {"PEER_KIND": asked.kind, "PEER_DATABASE": asked.database}
    Granian(
        "bare:web_process",
        factory=True,
        interface=Interfaces.WSGI,
        address="127.0.0.1",
        port=asked.port,
        workers=1,
        blocking_threads=THREADS,
        backlog=BACKLOG,
        log_access=False,
        websockets=False,
        log_level="error",
    ).serve()


if __name__ == "__main__":
    main()
