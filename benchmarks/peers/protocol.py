"""How a contender is asked and how it answers: one command a process, one line of JSON with what was measured.

python CONTENDER.py append --database URL --events FILE --skip N --count N --batch N --writers N
python CONTENDER.py fold   --database URL
python CONTENDER.py view   --database URL --count N
python CONTENDER.py race   --database URL --events FILE
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import workload
from race import race
from workload import Event

PAGE = 1_000


class Store(Protocol):
    """What a contender offers. It may also offer `append_all`, `append_alone` and `view`, which are then used."""

    def append(self, events: Sequence[Event]) -> None:
        """Append events in one transaction; on return they are on disk."""

    def read(self, after: int, limit: int) -> Sequence[tuple[int, Event]]:
        """Events behind a position, with their positions, in the contender's own order."""

    def close(self) -> None:
        """Let go of the database."""


def main(opener: Callable[[str], Store], distributions: Sequence[str]) -> None:
    """Do what the command line asks and print the answer."""
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=("append", "fold", "view", "race"))
    parser.add_argument("--database", required=True)
    parser.add_argument("--events", type=Path)
    for name, default in (("skip", 0), ("count", 10**9), ("batch", 1), ("writers", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    store = opener(asked.database)
    commands: dict[str, Callable[..., dict[str, Any]]] = {"append": append, "fold": fold, "view": view, "race": follow}
    answer = commands[asked.command](store, asked)
    store.close()
    versions = {"Python": sys.version.split()[0]} | {name: version(name) for name in distributions}
    print(json.dumps(answer | {"measure": asked.command, "versions": versions}))


def append(store: Store, asked: argparse.Namespace) -> dict[str, Any]:
    """Append the events by so many writers at once."""
    events = workload.read(asked.events, asked.skip, asked.count)
    batches = [events[at : at + asked.batch] for at in range(0, len(events), asked.batch)]
    append_all = getattr(store, "append_all", None) or (lambda all, n: with_threads(store.append, all, n))
    started = time.perf_counter()
    waits = append_all(batches, asked.writers)
    return rate(len(events), time.perf_counter() - started) | percentiles(waits) | {"batch": asked.batch}


def with_threads(
    one: Callable[[Sequence[Event]], None], batches: Sequence[Sequence[Event]], writers: int
) -> list[float]:
    """Append all batches; how many seconds each had to wait."""

    def timed(batch: Sequence[Event]) -> float:
        started = time.perf_counter()
        one(batch)
        return time.perf_counter() - started

    with ThreadPoolExecutor(writers) as pool:
        return list(pool.map(timed, batches))


def fold(store: Store, asked: argparse.Namespace) -> dict[str, Any]:
    """Read the whole log and count the meetings of each pair in memory."""
    counts: Counter[str] = Counter()
    last, started = 0, time.perf_counter()
    while page := store.read(last, PAGE):
        counts.update(workload.pair(event) for _, event in page)
        last = page[-1][0]
    return rate(counts.total(), time.perf_counter() - started) | {"pairs": len(counts)}


def view(store: Store, asked: argparse.Namespace) -> dict[str, Any]:
    """Let the contender keep the same counts in a table, its own way."""
    started = time.perf_counter()
    counted = store.view(asked.count)  # type: ignore[attr-defined]
    return rate(counted, time.perf_counter() - started)


def follow(store: Store, asked: argparse.Namespace) -> dict[str, Any]:
    """The race of writers against a reader."""
    events = workload.read(asked.events, asked.skip, asked.count)
    return race(getattr(store, "append_alone", store.append), store.read, events)


def rate(events: int, seconds: float) -> dict[str, Any]:
    """Events a second."""
    return {"events": events, "seconds": round(seconds, 3), "per_second": round(events / seconds, 1)}


def percentiles(waits: Sequence[float]) -> dict[str, Any]:
    """The median and the 99th percentile in milliseconds."""
    ranked = sorted(waits)
    return {f"p{n}_ms": round(1000 * ranked[min(len(ranked) - 1, len(ranked) * n // 100)], 2) for n in (50, 99)}
