"""Where the time of a batch and of a fold goes: each step alone, in one thread, in µs an event."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import orjson

from benchmarks.filling import Filled
from benchmarks.generator import Generator
from events import garbage, store
from events.clock import now
from events.database import Database, connect
from events.decide import decide
from events.store import StreamCache
from projections import packing
from projections.ahead import Folder
from projections.engine import write
from projections.folding import fold, steps
from projections.generations import create_tables, drop_tables
from projections.registry import VIEWS
from service import bodies
from service.api.events import answered
from service.envelope import draft

BATCH, BATCHES = 500, 20
LARGE = 4_096
"""As many events as a rebuild takes at a time."""
SPARE = 99
"""The number of the generation that is written and taken away again."""


class Clock(dict[str, float]):
    """Seconds by step."""

    @contextmanager
    def time(self, step: str) -> Iterator[None]:
        """Add how long this takes."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.add(step, time.perf_counter() - began)

    def add(self, step: str, seconds: float) -> None:
        """Add what a step took."""
        self[step] = self.get(step, 0.0) + seconds


def measure(filled: Filled) -> dict[str, object]:
    """µs an event of each step of appending batches of 500, and of folding and writing the log in large parts."""
    database, found = connect(filled.url), dict[str, object]()
    garbage.settle()
    try:
        for name, of in (("append", _appending), ("fold", _folding)):
            clock = Clock()
            events = of(database, clock)
            shown = {f"{name}: {step}, µs": round(seconds / events * 1e6, 1) for step, seconds in clock.items()}
            found |= shown | {f"{name}: all of these, µs": round(sum(clock.values()) / events * 1e6, 1)}
    finally:
        database.close()
    return found


def _appending(database: Database, clock: Clock) -> int:
    acts, cache = Generator(BATCH * BATCHES, seed=time.time_ns()), StreamCache()
    for first in range(0, BATCH * BATCHES, BATCH):
        body = orjson.dumps({"events": [acts.act(nth) for nth in range(first, first + BATCH)]})
        with clock.time("read the JSON strictly"):
            raws = bodies.parse(body)["events"]
        with clock.time("judge by the contract"):
            drafts = [draft(raw, nth) for nth, raw in enumerate(raws)]
        with database.write() as connection:
            with clock.time("look up ids and streams"):
                situation = store.load(connection, store.lock_head(connection), drafts, cache)
            with clock.time("decide, encode and hash"):
                decision = decide(situation, drafts, now=now(), author="benchmark")
            with clock.time("hash the leaves and insert"):
                store.write(connection, decision.sealed)
            began = time.perf_counter()
        clock.add("commit", time.perf_counter() - began)
        with clock.time("answer"):
            answered(decision.answers)
    return BATCH * BATCHES


def _folding(database: Database, clock: Clock) -> int:
    """The first event of each stream alone, which nearly all are."""
    folder, at = Folder(database), 0
    with database.read() as connection:
        head = store.head(connection).position
    with database.write() as connection:
        tables = {view.name: create_tables(connection, view, SPARE, indexed=False) for view in VIEWS}
    try:
        while at < min(head, 10 * LARGE):
            with clock.time("read"):
                events = folder.read(at, LARGE)
            with clock.time("bring into streams"):
                taken, _ = steps({}, [event for event in events if event.version == 1])
            until = events[-1].position
            for view in VIEWS:
                with clock.time(f"{view.name} in memory"):
                    changes = packing.written(fold(view, taken), at, until)
                with clock.time(f"{view.name} written"), database.derive() as connection:
                    write(connection, view, tables[view.name], changes)
            at = until
    finally:
        with database.write() as connection:
            for view in VIEWS:
                drop_tables(connection, view, SPARE)
    return at
