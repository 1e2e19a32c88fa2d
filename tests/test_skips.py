"""A reader that tails the log never skips an event, however writers sleep, overtake each other and roll back.

The same test on positions from a sequence fails: there a reader passes positions that are committed later. That
scheme stands here as the control that shows the test can fail.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from events import store
from events.clock import now
from events.database import Database, connect
from events.decide import decide
from service.envelope import draft
from tests import builders
from tests.conftest import Databases

WRITERS, BATCHES = 12, 25
Append = Callable[[Connection, random.Random], int]


class RollBack(Exception):
    """A writer changes its mind."""


@pytest.fixture
def database(postgresql: str, tmp_path: Path) -> Iterator[Database]:
    """A database on PostgreSQL; SQLite has one writer at a time and cannot have this fault."""
    maker = Databases("postgresql", tmp_path, postgresql)
    opened = connect(maker.new())
    yield opened
    opened.close()
    maker.drop()


def race(database: Database, append: Append, read: Callable[[Connection, int], list[int]]) -> tuple[int, list[int]]:
    """Let writers append while a reader tails; how many events were committed, and the positions read in order."""
    committed, done, seen = [], threading.Event(), []

    def write(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(BATCHES):
            try:
                with database.write() as connection:
                    count = append(connection, chance)
                    time.sleep(chance.random() * 0.004)
                    if chance.random() < 0.2:
                        raise RollBack
                committed.append(count)
            except RollBack:
                pass

    def tail() -> None:
        last = 0
        while True:
            ending = done.is_set()
            with database.read() as connection:
                positions = read(connection, last)
            seen.extend(positions)
            last = max([last, *positions])
            if ending and not positions:
                return

    reader = threading.Thread(target=tail)
    reader.start()
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    done.set()
    reader.join()
    return sum(committed), seen


def test_a_tailing_reader_sees_every_position_once_and_in_order(database: Database) -> None:
    def append(connection: Connection, chance: random.Random) -> int:
        drafts = [draft(builders.meeting(), index) for index in range(chance.randint(1, 4))]
        head = store.lock_head(connection)
        decision = decide(store.load(connection, head, drafts, store.StreamCache()), drafts, now=now(), author="t")
        time.sleep(chance.random() * 0.002)
        store.write(connection, decision.sealed)
        return len(drafts)

    def read(connection: Connection, after: int) -> list[int]:
        return [event.position for event in store.read(connection, after)]

    committed, seen = race(database, append, read)
    assert committed > WRITERS
    assert seen == list(range(1, committed + 1))


def test_with_positions_from_a_sequence_the_same_race_skips_events(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("CREATE TABLE control (position bigserial PRIMARY KEY, batch int)"))

    def append(connection: Connection, chance: random.Random) -> int:
        count = chance.randint(1, 4)
        for _ in range(count):
            connection.execute(text("INSERT INTO control (batch) VALUES (1)"))
            time.sleep(chance.random() * 0.002)
        return count

    def read(connection: Connection, after: int) -> list[int]:
        query = text("SELECT position FROM control WHERE position > :after ORDER BY position")
        return list(connection.scalars(query, {"after": after}))

    committed, seen = race(database, append, read)
    assert len(seen) < committed
