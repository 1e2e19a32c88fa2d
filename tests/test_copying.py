"""A log copied into another database is the same log: every id, position, record time and byte."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, text, update

from events import copying, store
from events.database import Database, connect
from events.tables import event_ids, events, log_head
from service import tokens
from service.cli import depositary
from tests import builders
from tests.conftest import Databases


def run(source: Database, target: Database, *more: str) -> Result:
    """The command, from one database to the other."""
    environment = {"DEPOSITARY_DATABASE_URL": source.url.render_as_string(hide_password=False)}
    to = target.url.render_as_string(hide_password=False)
    return CliRunner().invoke(depositary, ["copy", "--to", to, *more], env=environment)


def rows(database: Database) -> list[tuple[object, ...]]:
    with database.read() as connection:
        return [tuple(row) for row in connection.execute(select(events).order_by(events.c.position))]


@pytest.fixture
def target(databases: Databases) -> Iterator[Database]:
    """An empty database of the same engine."""
    made = connect(databases.empty())
    yield made
    made.close()


def fill(database: Database) -> None:
    ids = [builders.append(database, builders.meeting()).answers[0].id for _ in range(3)]
    builders.append(database, builders.retracted(ids[0]), builders.corrected(ids[1], {"note": "é"}))


def test_a_copy_is_the_same_log_and_says_that_it_was_verified(database: Database, target: Database) -> None:
    fill(database)
    result = run(database, target)
    assert (result.exit_code, result.stdout) == (0, "5 events: verified\n")
    assert rows(target) == rows(database)


def test_what_was_in_the_log_is_known_by_its_copy(database: Database, target: Database) -> None:
    event = {**builders.meeting(), "id": "01968f0e-0000-7000-8000-000000000001"}
    builders.append(database, event)
    run(database, target)
    assert builders.append(target, event).answers[0].repeated
    assert builders.append(target, builders.meeting()).answers[0].position == 2


def test_a_second_copy_takes_over_what_came_since(
    database: Database, target: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "BATCH", 2)
    fill(database)
    run(database, target)
    fill(database)
    assert run(database, target).stdout == "10 events: verified\n"
    assert rows(target) == rows(database)


def test_a_database_with_another_log_is_left_alone(database: Database, target: Database) -> None:
    run(database, target)
    builders.append(target, builders.meeting())
    before = rows(target)
    fill(database)
    result = run(database, target)
    assert result.exit_code == 1
    assert "position 1: another event stands in the other database; it must be empty" in result.stderr
    assert rows(target) == before


def test_a_copy_that_is_ahead_is_left_alone(database: Database, target: Database) -> None:
    fill(database)
    run(database, target)
    builders.append(target, builders.meeting())
    assert "holds 6 events, this one 5" in run(database, target).stderr


def test_what_was_altered_in_a_copy_is_told(database: Database, target: Database) -> None:
    fill(database)
    run(database, target)
    with target.write() as connection:
        if target.is_sqlite:
            for name in connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                connection.execute(text(f'DROP TRIGGER "{name}"'))
        else:
            for name in ("events", "event_ids"):
                connection.execute(text(f"ALTER TABLE {name} DISABLE TRIGGER ALL"))
        connection.execute(update(events).where(events.c.position == 2).values(payload=b"{}"))
        connection.execute(update(event_ids).where(event_ids.c.position == 3).values(content_hash=b"no"))
    result = run(database, target)
    assert result.exit_code == 1
    assert "position 2" in result.stderr or "position 3" in result.stderr
    with target.read() as connection:
        lines = list(copying.differences(database, target, store.head(connection).position))
    assert [line.partition(":")[0].partition(" (")[0] for line in lines] == ["position 3", "position 2"]


def test_tokens_are_copied_when_asked_for(database: Database, target: Database) -> None:
    with database.write() as connection:
        secret = tokens.create(connection, "newsroom", "editor", 1)
    assert run(database, target).stdout == "0 events: verified\n"
    assert run(database, target, "--with-tokens").stdout == "0 events, 1 tokens: verified\n"
    assert run(database, target, "--with-tokens").stdout == "0 events, 0 tokens: verified\n"
    with target.read() as connection:
        found = tokens.find(connection, secret)
    assert found
    assert found.role == "editor"


def test_a_log_is_not_copied_into_itself(database: Database) -> None:
    result = run(database, database)
    assert result.exit_code == 2
    assert "names the database itself" in result.stderr


def test_the_head_of_a_copy_is_that_of_the_log(database: Database, target: Database) -> None:
    fill(database)
    run(database, target)
    heads = []
    for each in (database, target):
        with each.read() as connection:
            heads.append(tuple(connection.execute(select(log_head)).one()))
    assert heads[0] == heads[1]
