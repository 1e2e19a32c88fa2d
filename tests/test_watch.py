"""Whoever waits for the log to grow is woken when it does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from events.database import Database, connect
from events.watch import Watch
from tests import builders

LONG = 20.0  # seconds no test should need


@pytest.fixture
def other(url: str) -> Iterator[Database]:
    """The same database, as another process sees it."""
    opened = connect(url)
    yield opened
    opened.close()


@pytest.fixture
def watch(database: Database) -> Iterator[Watch]:
    made = Watch(database)
    yield made
    made.close()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as made:
        yield made


def test_who_is_behind_does_not_wait(watch: Watch, database: Database) -> None:
    builders.append(database, builders.meeting(), builders.meeting(), builders.meeting())
    began = time.monotonic()
    assert [watch.wait(after, LONG) for after in (0, 1, 2)] == [3, 3, 3]
    assert time.monotonic() - began < LONG / 2


def test_who_is_not_behind_waits_until_the_time_is_over(watch: Watch, database: Database) -> None:
    builders.append(database, builders.meeting())
    watch.wait(0, LONG)
    began = time.monotonic()
    assert watch.wait(1, 0.2) == 1
    assert time.monotonic() - began >= 0.2


def test_an_append_from_elsewhere_wakes_all_that_wait(watch: Watch, other: Database, pool: ThreadPoolExecutor) -> None:
    assert watch.wait(0, 0.1) == 0
    waiting = [pool.submit(watch.wait, 0, LONG) for _ in range(5)]
    later = pool.submit(watch.wait, 1, LONG)
    builders.append(other, builders.meeting())
    assert [future.result(LONG / 2) for future in waiting] == [1] * 5
    assert not later.done()
    builders.append(other, builders.meeting(), builders.meeting())
    assert later.result(LONG / 2) == 3


def test_a_hint_comes_sooner_than_the_next_look(watch: Watch, other: Database) -> None:
    watch.wait(0, 0.3)
    took = []
    for position in range(5):
        builders.append(other, builders.meeting())
        began = time.monotonic()
        assert watch.wait(position, LONG) == position + 1
        took.append(time.monotonic() - began)
    assert min(took) < 0.5


def test_a_lost_connection_is_made_again(watch: Watch, database: Database, other: Database) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite is in the same process")
    watch.wait(0, 0.3)
    with other.write() as connection:
        query = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
        query += " AND datname = current_database()"
        assert connection.scalar(text(query)) == 1
    builders.append(other, builders.meeting())
    assert watch.wait(0, LONG) == 1
    builders.append(other, builders.meeting())
    assert watch.wait(1, LONG) == 2


def test_closing_wakes_all_that_wait(watch: Watch, pool: ThreadPoolExecutor) -> None:
    waiting = [pool.submit(watch.wait, 0, LONG) for _ in range(5)]
    watch.wait(0, 0.1)
    assert not watch.closed
    watch.close()
    assert [future.result(LONG / 2) for future in waiting] == [0] * 5
    assert watch.closed
    assert watch.wait(0, LONG) == 0


def test_closing_twice_or_before_the_first_question_does_no_harm(database: Database) -> None:
    watch = Watch(database)
    watch.close()
    watch.close()
    assert watch.wait(0, LONG) == 0
