"""No hot query reads a whole table: each statement that it sends is explained, and none scans the log or a view."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, text

from events.database import Database
from tests import builders
from tests.conftest import Databases

LARGE = re.compile(r"(events(?:_p\d+)?|event_ids|stream_versions|(timeline|tallies|partnerships)_(?!points|sets)\w+)")
READS = (
    "timeline",
    "timeline?party=CA",
    "timeline?party=CA&party=GB&since=2025-06-01",
    "timeline?between=CA,GB",
    "timeline?kind=meeting",
    "timeline?type=meeting.held",
    "timeline?person=Mark Carney",
    "timeline?topic=trade",
    "timeline?since=2025-06-01&until=2025-07-01&order=asc",
    "timeline?as_of=2025-09-01&at_position=200",
    "timeline?as_of=2025-09-01&party=CA&kind=meeting&order=asc",
    "tallies?of=CA",
    "tallies?of=CA&since=2025-03-14&as_of=2025-11-05&at_position=200&formal=true&level=leader",
    "tallies/series?of=CA&party=GB",
    "events?after=100&limit=5",
    "events?after=100&type=meeting.held",
    "events?at_position=200",
)
Statement = tuple[str, Any]


@contextmanager
def heard(*engines: Engine) -> Iterator[list[Statement]]:
    """The statements sent to these engines meanwhile."""
    found: list[Statement] = []

    def note(connection: Any, cursor: Any, statement: str, given: Any, context: Any, many: bool) -> None:
        found.append((statement, given[0] if many and given else given))

    for engine in set(engines):
        event.listen(engine, "before_cursor_execute", note)
    yield found
    for engine in set(engines):
        event.remove(engine, "before_cursor_execute", note)


def scanned(database: Database, statement: str, given: Any) -> list[str]:
    """The large tables that a statement reads from one end to the other."""
    if not re.match(r"\s*(SELECT|UPDATE|DELETE|WITH)", statement):
        return []
    with database.writing.connect() as connection, connection.begin() as transaction:
        if database.is_sqlite:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
            found = [row[3].split()[1] for row in rows if row[3].startswith("SCAN ")]
        else:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            (plan,) = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", given).scalar_one()
            found = re.findall(r'"Node Type": "Seq Scan"[^{}]*?"Relation Name": "(\w+)"', json.dumps(plan))
        transaction.rollback()
    return [name for name in found if LARGE.fullmatch(name)]


def whole(database: Database, statements: list[Statement]) -> list[str]:
    return [f"{name}: {statement}" for statement, given in statements for name in scanned(database, statement, given)]


@pytest.fixture
def database(sample_app: Flask) -> Database:
    """That of the sample record."""
    found: Database = sample_app.extensions["depositary"].database
    return found


@pytest.mark.parametrize("read", READS)
def test_a_page_is_found_through_indexes(sample_app: Flask, database: Database, read: str) -> None:
    client = sample_app.test_client()
    with heard(database.reading) as statements:
        answer = client.get(f"/api/v1/{read}")
    assert answer.status_code == 200
    assert len(statements) >= 2
    assert whole(database, statements) == []


def test_the_next_page_and_one_thing_are_found_through_indexes(sample_app: Flask, database: Database) -> None:
    client = sample_app.test_client()
    first = client.get("/api/v1/timeline?limit=5&party=CA").get_json()
    item = first["items"][0]
    ways = (first["next"], *(f"/api/v1/{way}" for way in (f"actions/{item['id']}", f"streams/{item['stream']}")))
    with heard(database.reading) as statements:
        for way in (*ways, f"/api/v1/events/{item['id']}"):
            assert client.get(way).status_code == 200
    assert whole(database, statements) == []


def test_appending_and_folding_touch_what_they_change_and_no_more(
    sample_app: Flask, database: Database, editor: dict[str, str]
) -> None:
    client: FlaskClient = sample_app.test_client()
    with heard(database.reading, database.writing, database.deriving) as statements:
        id = client.post("/api/v1/events", json=builders.meeting(), headers=editor).get_json()["events"][0]["id"]
        client.post("/api/v1/events", json=builders.corrected(id, {"note": "x"}), headers=editor)
        builders.catch_up(database)
    assert sum("INSERT" in statement for statement, _ in statements) > 8
    assert whole(database, statements) == []


def test_a_scan_would_be_noticed(database: Database) -> None:
    statement = "SELECT position FROM events WHERE recorded_by = 'x'"
    assert scanned(database, statement, ()) in (["events"], ["events_p0"])


def test_plans_made_while_the_record_was_empty_do_not_stay(databases: Databases, database: Database) -> None:
    if databases.engine == "sqlite":
        pytest.skip("SQLite plans each statement by its indexes alone")
    for _ in range(12):
        builders.append(database, *(builders.meeting() for _ in range(20)))
    database.close()
    query = "SELECT relname, seq_tup_read, n_tup_ins FROM pg_stat_user_tables WHERE relname = ANY(:names)"
    asked = {"names": ["event_ids", "stream_versions"]}
    while True:  # a backend tells its counts as it ends
        with database.read() as connection:
            found = {name: (read, added) for name, read, added in connection.execute(text(query), asked)}
        if min(added for _, added in found.values()) >= 240:
            break
    assert {name: read for name, (read, _) in found.items()} == {"event_ids": 0, "stream_versions": 0}
