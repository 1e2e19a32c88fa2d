"""What the machine and the databases can do at best, without any event store: the physical limits.

    python limits.py MEASURE --database URL --events FILE --count N

Measures: `fdatasync` (one 600-byte write and one flush to disk at a time, in a file that has its size already, as a
database's log has), `thousand` (1,000 rows a commit), `single` (one row and one commit at a time), `copy` (COPY,
PostgreSQL alone), `scan` (raw rows, orjson, a count per pair in a dict), `group` (the same count by the database's
GROUP BY over JSON) and `duckdb` (the same by DuckDB over a table it has loaded). `scan` and `group` read what the
inserts have written. SQLite runs with the write-ahead log and synchronous=FULL.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import address
import duckdb
import orjson
import psycopg
import workload
from protocol import percentiles, rate

PAIR = {
    "sqlite": "min(payload ->> '$.data.parties[0]', payload ->> '$.data.parties[1]') || ' ' || "
    "max(payload ->> '$.data.parties[0]', payload ->> '$.data.parties[1]')",
    "postgresql": "least(payload #>> '{data,parties,0}', payload #>> '{data,parties,1}') || ' ' || "
    "greatest(payload #>> '{data,parties,0}', payload #>> '{data,parties,1}')",
    "duckdb": "least(data.parties[1], data.parties[2]) || ' ' || greatest(data.parties[1], data.parties[2])",
}
ROWS = {"sqlite": "(SELECT CAST(payload AS text) AS payload FROM events)", "postgresql": "events_json"}


class Rows:
    """A table of positions and payloads, and one connection to it."""

    def __init__(self, url: str) -> None:
        path = address.sqlite_path(url)
        self.engine = "sqlite" if path else "postgresql"
        self.folder = Path(path).parent if path else None
        self.connection: Any = settled(path) if path else psycopg.connect(url, autocommit=True)
        self.insert = "INSERT INTO events (payload) VALUES ({})".format("?" if path else "%b")
        key = "integer PRIMARY KEY" if path else "bigserial PRIMARY KEY"
        self.connection.execute(f"CREATE TABLE IF NOT EXISTS events (position {key}, payload {self.blob} NOT NULL)")

    @property
    def blob(self) -> str:
        """The type of bytes."""
        return "blob" if self.engine == "sqlite" else "bytea"

    def write(self, payloads: Sequence[bytes]) -> None:
        """Insert and commit; on return it is on disk."""
        if len(payloads) == 1:
            self.connection.execute(self.insert, (payloads[0],))
            return
        self.connection.execute("BEGIN")
        self.connection.cursor().executemany(self.insert, [(each,) for each in payloads])
        self.connection.execute("COMMIT")

    def group(self) -> list[Any]:
        """The count per pair."""
        source = ROWS[self.engine]
        query = f"SELECT {PAIR[self.engine]} AS pair, count(*) FROM {source} AS rows GROUP BY 1"
        return list(self.connection.execute(query).fetchall())


def settled(path: str) -> sqlite3.Connection:
    """A connection to SQLite that loses nothing."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def fdatasync(rows: Rows, payloads: Sequence[bytes]) -> dict[str, Any]:
    """Write one event and flush, one at a time."""
    with tempfile.NamedTemporaryFile(dir=rows.folder) as file:
        file.write(bytes(sum(map(len, payloads))))
        file.seek(0)
        os.fsync(file.fileno())
        waits, started = [], time.perf_counter()
        for each in payloads:
            asked = time.perf_counter()
            os.write(file.fileno(), each)
            os.fdatasync(file.fileno())
            waits.append(time.perf_counter() - asked)
        return rate(len(payloads), time.perf_counter() - started) | percentiles(waits)


def inserts(rows: Rows, payloads: Sequence[bytes], batch: int) -> dict[str, Any]:
    """Insert and commit batches, one after the other."""
    waits, started = [], time.perf_counter()
    for at in range(0, len(payloads), batch):
        asked = time.perf_counter()
        rows.write(payloads[at : at + batch])
        waits.append(time.perf_counter() - asked)
    return rate(len(payloads), time.perf_counter() - started) | percentiles(waits)


def copy(rows: Rows, payloads: Sequence[bytes]) -> dict[str, Any]:
    """COPY all events in one transaction, in binary."""
    rows.connection.execute("CREATE TABLE copied (LIKE events INCLUDING ALL)")
    started = time.perf_counter()
    with rows.connection.cursor().copy("COPY copied (payload) FROM STDIN (FORMAT BINARY)") as into:
        into.set_types(["bytea"])
        for each in payloads:
            into.write_row((each,))
    return rate(len(payloads), time.perf_counter() - started)


def scan(rows: Rows, _: Sequence[bytes]) -> dict[str, Any]:
    """Read every payload in order, parse it and count in a dict."""
    counts: Counter[str] = Counter()
    started = time.perf_counter()
    options = {} if rows.engine == "sqlite" else {"binary": True}
    for (payload,) in rows.connection.execute("SELECT payload FROM events ORDER BY position", (), **options):
        counts[workload.pair(orjson.loads(payload))] += 1
    return rate(counts.total(), time.perf_counter() - started)


def group(rows: Rows, _: Sequence[bytes]) -> dict[str, Any]:
    """Let the database count; PostgreSQL over a column of jsonb, made before the clock starts."""
    if rows.engine == "postgresql":
        made = "SELECT position, convert_from(payload, 'UTF8')::jsonb AS payload FROM events"
        rows.connection.execute(f"CREATE TABLE IF NOT EXISTS events_json AS {made}")
    started = time.perf_counter()
    counted = sum(count for _, count in rows.group())
    return rate(counted, time.perf_counter() - started)


def by_duckdb(asked: argparse.Namespace) -> dict[str, Any]:
    """Load the file, then count; the clock runs for the count alone, the load is told beside it."""
    with duckdb.connect() as connection:
        connection.execute("SET threads = 2")
        loading = time.perf_counter()
        query = "CREATE TABLE events AS SELECT * FROM read_json(?, format = 'newline_delimited') LIMIT ?"
        connection.execute(query, [str(asked.events), asked.count])
        started = time.perf_counter()
        found = connection.execute(f"SELECT {PAIR['duckdb']}, count(*) FROM events GROUP BY 1").fetchall()
        ended = time.perf_counter()
    return rate(sum(count for _, count in found), ended - started) | {"load_seconds": round(started - loading, 3)}


MEASURES: dict[str, Callable[[Rows, Sequence[bytes]], dict[str, Any]]] = {
    "fdatasync": fdatasync,
    "single": lambda rows, payloads: inserts(rows, payloads, 1),
    "thousand": lambda rows, payloads: inserts(rows, payloads, 1_000),
    "copy": copy,
    "scan": scan,
    "group": group,
}


def main() -> None:
    """Do what the command line asks and print the answer."""
    parser = argparse.ArgumentParser()
    parser.add_argument("measure", choices=(*MEASURES, "duckdb"))
    parser.add_argument("--database", required=True)
    parser.add_argument("--events", type=Path, required=True)
    parser.add_argument("--count", type=int, default=10**9)
    asked = parser.parse_args()
    if asked.measure == "duckdb":
        answer = by_duckdb(asked)
    else:
        answer = MEASURES[asked.measure](Rows(asked.database), list(workload.lines(asked.events, 0, asked.count)))
    versions = {name: version(name) for name in ("psycopg", "orjson", "duckdb")}
    print(json.dumps(answer | {"measure": asked.measure, "versions": versions | {"SQLite": sqlite3.sqlite_version}}))


if __name__ == "__main__":
    main()
