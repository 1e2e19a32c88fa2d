"""The log keeps what it was given, in order, for ever, on every database, and an altered row is named."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import orjson
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from events import canonical, store
from events.clock import now
from events.committer import Committer
from events.database import Database, connect
from events.drafts import Draft
from events.errors import Refused, UnknownEvent
from events.store import StreamCache
from events.streams import initial
from service.envelope import draft
from tests import builders
from tests.conftest import Databases

ID = "01968f0e-0000-7000-8000-00000000000{}"
NOON = 1_762_344_000_000_000


@pytest.fixture(scope="module")
def kept(databases: Databases) -> Iterator[Database]:
    """A log of three events that every test of refusals shares, since it must stay as it is."""
    opened = connect(databases.new())
    builders.append(opened, *(builders.meeting(id=ID.format(n)) for n in (1, 2, 3)), at=NOON)
    yield opened
    opened.close()


def rows(database: Database) -> list[Any]:
    """Every row of the log's four tables."""
    tables = ("events", "event_ids", "stream_versions", "log_head")
    with database.read() as connection:
        return [connection.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2")).all() for table in tables]


def positions(database: Database) -> list[int]:
    with database.read() as connection:
        return [event.position for event in store.read(connection, 0, 100_000)]


REFUSED = [
    "UPDATE events SET recorded_by = 'someone'",
    "UPDATE events SET position = position",
    "UPDATE events SET payload = payload WHERE position = 2",
    "DELETE FROM events",
    "DELETE FROM events WHERE position = 3",
    "UPDATE event_ids SET position = 1",
    "DELETE FROM event_ids WHERE position = 3",
    "UPDATE stream_versions SET version = version + 1",
    "DELETE FROM stream_versions",
    "UPDATE log_head SET position = 2",
    "UPDATE log_head SET position = 0, recorded_at = 0",
    "UPDATE log_head SET recorded_at = recorded_at - 1",
    "UPDATE log_head SET id = 2",
    "DELETE FROM log_head",
    "INSERT INTO log_head (id, position, recorded_at) VALUES (2, 0, 0)",
    "INSERT INTO events SELECT * FROM events WHERE position = 2",
    "INSERT INTO event_ids SELECT * FROM event_ids WHERE position = 2",
    "INSERT INTO stream_versions SELECT * FROM stream_versions WHERE position = 2",
    "INSERT INTO events SELECT * FROM events WHERE true ON CONFLICT (position) DO UPDATE SET recorded_by = 'x'",
    "INSERT INTO event_ids SELECT * FROM event_ids WHERE true ON CONFLICT (id) DO UPDATE SET position = 9",
    "INSERT INTO stream_versions SELECT * FROM stream_versions WHERE true "
    "ON CONFLICT (stream, version) DO UPDATE SET position = 9",
    "INSERT INTO log_head SELECT * FROM log_head WHERE true ON CONFLICT (id) DO UPDATE SET position = 0",
]
ONLY = {
    "sqlite": [
        *(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}" for table in ("events", "event_ids")),
        *(f"REPLACE INTO {table} SELECT * FROM {table}" for table in ("stream_versions", "log_head")),
        "INSERT OR REPLACE INTO log_head (id, position, recorded_at) VALUES (1, 0, 0)",
        "UPDATE OR REPLACE events SET position = 1 WHERE position = 3",
        "UPDATE OR REPLACE event_ids SET id = (SELECT min(id) FROM event_ids)",
    ],
    "postgresql": [
        *(f"TRUNCATE {table}" for table in ("events", "events_p0", "event_ids", "stream_versions", "log_head")),
        "UPDATE events_p0 SET position = position WHERE position = 2",
        "DELETE FROM events_p0",
        "TRUNCATE events, event_ids, stream_versions, log_head CASCADE",
        "SET session_replication_role = replica; UPDATE log_head SET position = 0",
        *(
            f"SET session_replication_role = replica; DELETE FROM {table}"
            for table in ("events", "events_p0", "event_ids", "stream_versions", "log_head")
        ),
    ],
}


GUARDED = "append-only|only grows|(check|unique) constraint"


def test_the_database_refuses_to_change_or_take_away_what_stands_in_the_log(
    kept: Database, databases: Databases
) -> None:
    before = rows(kept)
    for statement in [*REFUSED, *ONLY[databases.engine]]:
        with pytest.raises(DBAPIError, match=GUARDED), kept.write() as connection:
            connection.execute(text(statement))
        assert rows(kept) == before, statement


def test_what_is_answered_is_on_disk(kept: Database, databases: Databases) -> None:
    settings = {"sqlite": {"PRAGMA journal_mode": "wal", "PRAGMA synchronous": 2}}
    settings["postgresql"] = {"SHOW synchronous_commit": "on"}
    with kept.write() as connection:
        for question, wanted in settings[databases.engine].items():
            assert connection.execute(text(question)).scalar() == wanted


def test_an_event_missing_from_the_list_of_ids_or_versions_is_named(database: Database) -> None:
    builders.append(database, *(builders.meeting(id=ID.format(n)) for n in (1, 2)), at=NOON)
    with database.read() as connection:
        assert store.unlisted(connection) == []
    disarm(database, "event_ids")
    with database.write() as connection:
        connection.execute(text("DELETE FROM event_ids WHERE position = 2"))
    with database.read() as connection:
        lines = store.unlisted(connection)
    lost = f"position 2 ({ID.format(2)}): its id or version is not listed"
    assert lines == [lost, "event_ids has 1 rows, the log 2 events"]


def test_a_reading_connection_cannot_write(kept: Database) -> None:
    with pytest.raises(DBAPIError), kept.read() as connection:
        connection.execute(text("UPDATE log_head SET position = 9"))


def test_appending_twice_is_appending_once(database: Database) -> None:
    events = [builders.meeting(id=ID.format(1)), builders.corrected(ID.format(1), {"note": "A note."})]
    events[1]["id"] = ID.format(2)
    first = builders.append(database, *events)
    before = rows(database)
    second = builders.append(database, *events)
    assert rows(database) == before
    assert [answer.repeated for answer in second.answers] == [True, True]
    assert [answer.position for answer in second.answers] == [answer.position for answer in first.answers]


def test_positions_have_no_gap_whatever_is_refused_in_between(database: Database) -> None:
    for n in range(6):
        builders.append(database, builders.meeting(), builders.meeting())
        with pytest.raises(Refused):
            builders.append(database, builders.meeting(), builders.meeting("CA", "ZZ"))
        with pytest.raises(Refused):
            builders.append(database, builders.meeting(), builders.retracted(ID.format(n)))
    assert positions(database) == list(range(1, 13))


def test_record_time_never_decreases_when_the_clock_goes_back(database: Database) -> None:
    for at in (NOON, NOON - 5, NOON + 1, 0, NOON + 1):
        builders.append(database, builders.meeting(), at=at)
    with database.read() as connection:
        times = [event.recorded_at for event in store.read(connection)]
        assert times == [NOON, NOON, NOON + 1, NOON + 1, NOON + 1]
        found = {at: store.resolve(connection, at) for at in (0, NOON - 1, NOON, NOON + 1, NOON + 2)}
    assert found == {0: 0, NOON - 1: 0, NOON: 2, NOON + 1: 5, NOON + 2: 5}


def test_what_is_not_there_is_not_found(kept: Database) -> None:
    with kept.read() as connection:
        assert store.read_stream(connection, "meeting:none") == []
        assert store.recorded_at(connection, 0) is None
        for id in (ID.format(9), "none", "\x00"):
            with pytest.raises(UnknownEvent):
                store.get(connection, id)


def test_the_log_is_read_in_parts_by_position_type_and_stream(kept: Database) -> None:
    with kept.read() as connection:
        assert [e.position for e in store.read(connection, 1, 1)] == [2]
        assert [e.position for e in store.read(connection, until=2)] == [1, 2]
        assert store.read(connection, type="visit.made") == []
        assert [e.position for e in store.read(connection, stream=f"meeting:{ID.format(2)}")] == [2]


TAMPERINGS = {
    "UPDATE events SET payload = :payload WHERE position = 2": "position 2 ({id}): its content was altered",
    "UPDATE events SET payload_hash = :hash, payload = :payload WHERE position = 2": "its envelope was altered",
    "UPDATE events SET recorded_at = recorded_at - 1 WHERE position = 2": "position 2 ({id}): its envelope was altered",
    "UPDATE events SET recorded_by = 'someone' WHERE position = 2": "position 2 ({id}): its envelope was altered",
    "UPDATE events SET stream = 'meeting:x' WHERE position = 2": "position 2 ({id}): its envelope was altered",
    "UPDATE events SET earliest = NULL WHERE position = 2": "position 2 ({id}): its envelope was altered",
    "UPDATE events SET leaf_hash = payload_hash WHERE position = 2": "position 2 ({id}): its envelope was altered",
    "DELETE FROM events WHERE position = 2": "position 2 is missing",
}


def disarm(database: Database, table: str = "events") -> None:
    """Take the guards of a table away, as somebody with the rights of the owner can."""
    statements = [f"DROP TRIGGER {table}_no_update", f"DROP TRIGGER {table}_no_delete"]
    if not database.is_sqlite:
        statements = [f"ALTER TABLE {table} DISABLE TRIGGER USER"]
    with database.write() as connection:
        for statement in statements:
            connection.execute(text(statement))


@pytest.mark.parametrize(("statement", "line"), TAMPERINGS.items())
def test_an_altered_row_is_named(database: Database, statement: str, line: str) -> None:
    builders.append(database, *(builders.meeting(id=ID.format(n)) for n in (1, 2, 3)))
    with database.read() as connection:
        assert store.altered(connection, 0, 100) == (3, [])
    payload = orjson.dumps({"data": {}, "sources": []})
    values = {"payload": payload, "hash": canonical.digest(payload)}
    disarm(database)
    with database.write() as connection:
        connection.execute(text(statement), {name: values[name] for name in values if f":{name}" in statement})
    with database.read() as connection:
        last, lines = store.altered(connection, 0, 100)
    assert last == 3
    assert len(lines) == 1
    assert line.format(id=ID.format(2)) in lines[0]


def test_an_audit_goes_on_where_it_stopped(kept: Database) -> None:
    with kept.read() as connection:
        assert [store.altered(connection, after, 2)[0] for after in (0, 2, 3)] == [2, 3, 3]


NAMES = st.text(st.characters(max_codepoint=126, min_codepoint=32), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)


@given(value=JSON)
def test_stored_bytes_are_those_of_rfc_8785(value: Any) -> None:
    assert canonical.encode(value) == rfc8785.dumps(value)


def test_the_bytes_of_a_real_event_are_canonical(kept: Database) -> None:
    with kept.read() as connection:
        for payload in connection.scalars(text("SELECT payload FROM events")):
            assert bytes(payload) == rfc8785.dumps(orjson.loads(payload))


@pytest.fixture
def committer(database: Database) -> Iterator[Committer]:
    made = Committer(database, now)
    yield made
    made.close()


def drafts(*events: dict[str, Any]) -> list[Draft]:
    return [draft(event, index) for index, event in enumerate(events)]


def test_concurrent_requests_each_keep_their_own_fate(database: Database, committer: Committer) -> None:
    builders.append(database, builders.meeting(id=ID.format(1)))
    begin = threading.Barrier(16)

    def send(n: int) -> list[Any]:
        begin.wait()
        return [attempt(n) for _ in range(3)]

    def attempt(n: int) -> Any:
        second = builders.reinstated(ID.format(1)) if n % 2 else builders.meeting()
        try:
            return [answer.position for answer in committer.append(drafts(builders.meeting(), second), author="test")]
        except Refused as refused:
            return refused.faults[0].code

    with ThreadPoolExecutor(16) as pool:
        fates = list(pool.map(send, range(16)))
    assert fates[1::2] == [["wrong-state"] * 3] * 8
    pairs = [pair for mine in fates[::2] for pair in mine]
    assert sorted(position for pair in pairs for position in pair) == list(range(2, 50))
    assert all(second == first + 1 for first, second in pairs)
    assert positions(database) == list(range(1, 50))


def test_of_those_who_expect_the_same_version_one_wins(database: Database, committer: Committer) -> None:
    stream = "partnership:ca-fr"
    builders.append(database, builders.act("partnership.established", stream, "2025-01-01"))
    renewed = {**builders.act("partnership.renewed", stream, "2025-02-01"), "expected_version": 1}
    begin = threading.Barrier(12)

    def send(_: int) -> str:
        begin.wait()
        try:
            committer.append(drafts(renewed), author="test")
        except Refused as refused:
            return refused.faults[0].code
        return "won"

    with ThreadPoolExecutor(12) as pool:
        assert sorted(pool.map(send, range(12))) == ["version-conflict"] * 11 + ["won"]


def test_of_those_who_send_the_same_event_all_get_the_same_answer(database: Database, committer: Committer) -> None:
    event = builders.meeting(id=ID.format(1))
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: committer.append(drafts(event), author="test"), range(12)))
    assert {answer.position for (answer,) in answers} == {1}
    assert sorted(answer.repeated for (answer,) in answers) == [False] + [True] * 11


def test_two_processes_share_one_log(url: str, database: Database) -> None:
    others = [connect(url) for _ in range(3)]
    committers = [Committer(one, now) for one in others]

    def send(n: int) -> list[int]:
        return [
            answer.position
            for _ in range(5)
            for answer in committers[n % 3].append(drafts(builders.meeting()), author="test")
        ]

    with ThreadPoolExecutor(6) as pool:
        found = [position for mine in pool.map(send, range(6)) for position in mine]
    for one in committers:
        one.close()
    for other in others:
        other.close()
    assert sorted(found) == positions(database) == list(range(1, 31))


def test_who_waits_while_it_closes_is_answered(database: Database) -> None:
    committer = Committer(database, now)
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(committer.append, drafts(builders.meeting()), author="test") for _ in range(20)]
        committer.close()
        assert sorted(future.result()[0].position for future in waiting) == list(range(1, 21))
    committer.close()


def test_the_streams_that_are_kept_have_so_many_acts_together_and_no_more() -> None:
    cache = StreamCache(size=6)
    streams = [replace(initial(f"agreement:{n}"), version=2, acts=dict.fromkeys(range(n))) for n in (1, 2, 3, 4)]  # type: ignore[type-var]
    for stream in streams:
        cache.put(stream)
    assert [cache.get(stream.name, 2) is not None for stream in streams] == [False, False, False, True]
    cache.put(replace(streams[3], version=3, acts={}))
    cache.put(streams[2])
    assert cache.get("agreement:4", 3)
    assert cache.get("agreement:3", 2)
    assert cache.get("agreement:4", 2) is None
    cache.put(replace(initial("meeting:1"), version=1, acts=dict.fromkeys("1")))  # type: ignore[arg-type]
    assert cache.get("meeting:1", 1) is None
