"""Workers: any number may run, one leads, another takes over, and a firing that must happen once does."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import update

from events import store
from events.clock import now
from events.database import Database
from projections import checkpoints, lease
from projections.generations import begin_generation
from projections.registry import BY_NAME
from projections.tables import leases
from service import jobs
from service.commands.serving import Beside
from service.worker import Worker
from tests import builders


def until(condition: Callable[[], bool]) -> None:
    """Wait until something holds; it is looked at again and again, never for a fixed time."""
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def reached(database: Database, position: int) -> bool:
    with database.read() as connection:
        present = checkpoints.every(connection)
    return len(present) >= 3 and all(one.position >= position for one in present)


def test_a_worker_follows_the_log_and_finishes_a_rebuild(database: Database) -> None:
    worker = Worker(database)
    worker.start()
    try:
        builders.append(database, builders.meeting(), builders.meeting("CA", "FR"))
        until(lambda: reached(database, 2))
        generation = begin_generation(database, BY_NAME["tallies"], now())

        def swapped() -> bool:
            with database.read() as connection:
                return checkpoints.live(connection, BY_NAME["tallies"]).generation == generation

        until(swapped)
    finally:
        worker.stop()
    assert threading.active_count() < 20


def test_one_worker_leads_and_another_takes_over_when_it_ends(database: Database) -> None:
    first, second = Worker(database), Worker(database)
    second.runner.holder = "another"
    first.start()
    second.start()
    try:
        assert first.runner.lease is not None
        assert second.runner.lease is None
        first.stop()
        second.heartbeat()
        assert second.runner.lease is not None
        builders.append(database, builders.meeting())
        until(lambda: reached(database, 1))
    finally:
        second.stop()


def test_a_worker_that_died_is_replaced_when_its_lease_runs_out(database: Database) -> None:
    dead = lease.acquire(database, "dead")
    assert dead is not None
    worker = Worker(database)
    worker.heartbeat()
    assert worker.runner.lease is None
    with database.write() as connection:
        connection.execute(update(leases).values(expires_at=0.0))
    worker.heartbeat()
    assert worker.runner.lease is not None
    assert worker.runner.lease.token == dead.token + 1
    worker.stop()


def test_a_firing_is_claimed_once_however_many_try(database: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda i: jobs.claim(database, "check", 86_400, f"worker {i}"), range(8)))
    assert claims.count(True) == 1
    assert jobs.claim(database, "check", 2 * 86_400, "next night")


def test_the_nightly_check_keeps_what_it_found(database: Database) -> None:
    worker = Worker(database)
    worker.heartbeat()
    builders.append(database, builders.meeting())
    worker.catch_up()
    worker.check()
    audit = jobs.last_audit(database)
    assert audit is not None
    assert audit[1] == 0
    worker.stop()
    with database.read() as connection:
        assert store.head(connection).position == 1


def test_a_worker_that_cannot_begin_ends_the_service(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda process, number: told.append((process, number)))
    monkeypatch.setattr(Worker, "start", lambda worker: 1 / 0)
    beside = Beside(database)
    beside.begin()
    beside.end()
    assert told == [(os.getpid(), signal.SIGTERM)]


def test_a_worker_that_was_never_begun_has_nothing_to_end(database: Database) -> None:
    Beside(database).end()
