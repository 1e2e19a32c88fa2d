"""On PostgreSQL the log is kept in partitions, of which the next is always there before it is needed."""

from __future__ import annotations

import pytest
from alembic import command
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from events import store
from events.database import Database, connect
from events.decide import decide
from events.partitions import SPAN
from service import migrate
from service.envelope import draft
from tests import builders
from tests.conftest import Databases


def partitions(connection: Connection) -> dict[str, str]:
    """The bounds of each partition by its name."""
    query = "SELECT relname, pg_get_expr(relpartbound, oid) FROM pg_class WHERE relispartition AND relkind = 'r'"
    return {row[0]: row[1] for row in connection.execute(text(f"{query} ORDER BY length(relname), relname"))}


def bounds(number: int) -> str:
    return f"FOR VALUES FROM ('{number * SPAN}') TO ('{(number + 1) * SPAN}')"


def advance(database: Database, position: int) -> None:
    """As if so many events stood in the log."""
    with database.write() as connection:
        connection.execute(text("UPDATE log_head SET position = :position"), {"position": position})


@pytest.fixture
def large(databases: Databases, database: Database) -> Database:
    if databases.engine == "sqlite":
        pytest.skip("SQLite has no partitions; its log is one tree in the order of positions")
    return database


def test_the_event_in_the_middle_of_a_partition_makes_the_next(large: Database) -> None:
    advance(large, SPAN // 2 - 3)
    builders.append(large, builders.meeting(), builders.meeting())
    with large.read() as connection:
        assert partitions(connection) == {"events_p0": bounds(0)}
    builders.append(large, builders.meeting(), builders.meeting())
    with large.read() as connection:
        assert partitions(connection) == {"events_p0": bounds(0), "events_p1": bounds(1)}
    advance(large, 15_000_000 - 1)
    builders.append(large, *(builders.meeting() for _ in range(3)))
    with large.read() as connection:
        assert list(partitions(connection)) == ["events_p0", "events_p1", "events_p2"]
        frozen = connection.scalar(text("SELECT reloptions::text FROM pg_class WHERE relname = 'events_p2'"))
    assert "autovacuum_freeze_min_age=0" in frozen


def test_a_batch_over_the_border_lies_in_both_and_is_read_in_order(large: Database) -> None:
    advance(large, SPAN // 2 - 1)
    builders.append(large, builders.meeting())
    advance(large, SPAN - 3)
    decision = builders.append(large, *(builders.meeting() for _ in range(6)))
    wanted = list(range(SPAN - 2, SPAN + 4))
    with large.read() as connection:
        assert [one.event.position for one in decision.sealed] == wanted
        assert [event.position for event in store.read(connection, SPAN // 2)] == wanted
        for name, count in (("events_p0", 3), ("events_p1", 4)):
            assert connection.scalar(text(f"SELECT count(*) FROM {name}")) == count
    for statement in ("DELETE FROM events_p1", "TRUNCATE events_p1", "UPDATE events_p1 SET position = position"):
        with pytest.raises(DBAPIError, match="append-only"), large.write() as connection:
            connection.execute(text(f"SET LOCAL session_replication_role = replica; {statement}"))


def test_a_log_in_one_table_becomes_the_first_partition_and_who_might_append_still_may(
    databases: Databases,
) -> None:
    if databases.engine == "sqlite":
        return
    owner = connect(databases.empty())
    config = migrate.config()
    with owner.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        connection.execute(text("DROP ROLE IF EXISTS depositary_appender"))
        connection.execute(text("CREATE ROLE depositary_appender"))
        connection.execute(text("GRANT SELECT, INSERT ON events, event_ids, stream_versions TO depositary_appender"))
        connection.execute(text("GRANT SELECT, UPDATE ON log_head TO depositary_appender"))
    builders.append(owner, *(builders.meeting() for _ in range(5)))
    with owner.read() as connection:
        before = connection.execute(text("SELECT * FROM events ORDER BY position")).all()
    advance(owner, SPAN // 2)
    migrate.upgrade(owner)
    with owner.read() as connection:
        assert connection.execute(text("SELECT * FROM events ORDER BY position")).all() == before
        assert partitions(connection) == {"events_p0": bounds(0), "events_p1": bounds(1)}
    advance(owner, SPAN + SPAN // 2 - 1)
    with owner.write() as connection:
        connection.execute(text("SET LOCAL ROLE depositary_appender"))
        head = store.lock_head(connection)
        situation = store.load(connection, head, [], store.StreamCache())
        drafts = [draft(builders.meeting(), 0)]
        store.write(connection, decide(situation, drafts, now=1, author="x").sealed)
        assert list(partitions(connection)) == ["events_p0", "events_p1", "events_p2"]
        with pytest.raises(DBAPIError, match="permission denied"), connection.begin_nested():
            connection.execute(text("SELECT * FROM events_p0"))
    owner.close()


def test_only_the_next_partition_is_made(large: Database) -> None:
    for number in (0, 2):
        with pytest.raises(DBAPIError, match="is not the next"), large.write() as connection:
            connection.execute(text("SELECT depositary_make_partition(:number)"), {"number": number})
