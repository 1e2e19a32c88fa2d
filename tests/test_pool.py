"""A crowd of threads shares a few connections: none is used by two at once, and who must wait is woken."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import TimeoutError as PoolTimeout

from events.pool import StackPool


@pytest.fixture
def engine() -> Iterator[Engine]:
    """An engine of at most three connections."""
    options = {"check_same_thread": False}
    made = create_engine("sqlite://", poolclass=StackPool, pool_size=3, pool_timeout=0.2, connect_args=options)
    yield made
    made.dispose()


def test_no_connection_is_used_by_two_at_once_and_no_more_are_made_than_may_be(engine: Engine) -> None:
    used: set[int] = set()
    seen: set[int] = set()
    guard = threading.Lock()

    def work(n: int) -> None:
        for _ in range(50):
            with engine.connect() as connection:
                driver = id(connection.connection.driver_connection)
                with guard:
                    assert driver not in used
                    used.add(driver)
                    seen.add(driver)
                connection.exec_driver_sql("SELECT 1")
                with guard:
                    used.remove(driver)

    with ThreadPoolExecutor(12) as crowd:
        list(crowd.map(work, range(12)))
    assert 1 <= len(seen) <= 3


def test_who_waits_too_long_is_told_and_one_that_comes_back_is_given_on(engine: Engine) -> None:
    held = [engine.connect() for _ in range(3)]
    with pytest.raises(PoolTimeout, match="no connection became free"):
        engine.connect()
    held.pop().close()
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1
    for each in held:
        each.close()


def test_a_connection_that_is_thrown_away_makes_room(engine: Engine) -> None:
    for _ in range(5):
        held = [engine.connect() for _ in range(3)]
        for each in held:
            each.invalidate()
            each.close()
    engine.dispose()
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1


def test_one_that_cannot_be_made_takes_no_place() -> None:
    fails = iter([True] * 4 + [False] * 4)

    def connect() -> sqlite3.Connection:
        if next(fails):
            raise sqlite3.OperationalError("no")
        return sqlite3.connect(":memory:", check_same_thread=False)

    made = create_engine("sqlite://", creator=connect, poolclass=StackPool, pool_size=1, pool_timeout=0.1)
    for _ in range(4):
        with pytest.raises(Exception, match="no"):
            made.connect()
    with made.connect() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1
    made.dispose()
