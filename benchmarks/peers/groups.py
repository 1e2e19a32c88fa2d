"""What is measured: groups of measures that share one new database, each answer told under a name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import serving
from contenders import BOTH, CONTENDERS, Contender, Installed
from databases import Databases

WRITERS, BATCH, CONNECTIONS, FEW = 16, 500, 64, 8
LIMITS = {
    "sqlite": ("fdatasync", "thousand", "single", "scan", "group", "duckdb"),
    "postgresql": ("thousand", "single", "copy", "scan", "group"),
}
AGAINST = {
    "fdatasync": "append one",
    "single": "append one",
    "thousand": "append 500",
    "copy": "append 500",
    "scan": "view",
    "group": "view",
    "duckdb": "view",
}
"""Which measure of Depositary each limit belongs to."""

Answer = tuple[str, dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Workload:
    """The events, how many there are, how many of them are appended one by one, and how long a load lasts."""

    events: Path
    count: int
    singles: int
    seconds: int


@dataclass(frozen=True, kw_only=True)
class Group:
    """Measures of one contender on one database, in their order; `measures` names them all."""

    who: str
    engine: str
    measures: tuple[str, ...]
    answers: Callable[[str], Iterator[Answer]]


def library(installed: Installed, work: Workload, one: Contender, engine: str) -> Group:
    """A store without HTTP: events one by one, then the rest in batches; the log read and counted; a view kept."""
    events = ("--events", str(work.events))

    def answers(url: str) -> Iterator[Answer]:
        def ask(*arguments: Any) -> dict[str, Any]:
            return installed.ask(one, *map(str, arguments), "--database", url)

        yield "append one", ask("append", *events, "--count", work.singles, "--writers", WRITERS)
        rest = work.count - work.singles
        yield "append 500", ask("append", *events, "--skip", work.singles, "--count", rest, "--batch", BATCH)
        yield "fold", missing(ask("fold"), work.count)
        if one.views != "none":
            wanted = work.count if one.views == "all" else work.singles
            yield "view", missing(ask("view", "--count", wanted), wanted)

    measures = ("append one", "append 500", "fold", *(("view",) if one.views != "none" else ()))
    return Group(who=one.name, engine=engine, measures=measures, answers=answers)


def missing(answer: dict[str, Any], wanted: int) -> dict[str, Any]:
    """An answer, with how many events its reader never saw."""
    return answer | {"missed": wanted - answer["events"]}


def limits(installed: Installed, work: Workload, engine: str) -> Group:
    """The physical limits, each told as the measure of Depositary it belongs to."""
    program = Contender(name="limits", program="limits.py", part="python")

    def answers(url: str) -> Iterator[Answer]:
        for measure in LIMITS[engine]:
            count = work.singles if measure in ("fdatasync", "single") else work.count
            given = ["--database", url, "--events", str(work.events), "--count", str(count)]
            yield f"{AGAINST[measure]}: {measure}", installed.ask(program, measure, *given)

    names = tuple(f"{AGAINST[measure]}: {measure}" for measure in LIMITS[engine])
    return Group(who="limit", engine=engine, measures=names, answers=answers)


def http(installed: Installed, work: Workload, who: str, kind: str, engine: str, batch: int) -> Group:
    """A server under load: 64 connections with one event a request, or 8 with a batch each."""
    measure = "POST one" if batch == 1 else "POST batches"
    under_load = serving.depositary if who.startswith("Depositary") else serving.bare
    load = {"batch": batch, "seconds": work.seconds, "connections": CONNECTIONS if batch == 1 else FEW}

    def answers(url: str) -> Iterator[Answer]:
        yield measure, under_load(installed, kind, url, work.events, **load)

    return Group(who=who, engine=engine, measures=(measure,), answers=answers)


def every(installed: Installed, work: Workload) -> list[Group]:
    """All groups, in the order in which a round goes through them."""
    found = [limits(installed, work, engine) for engine in BOTH]
    found += [library(installed, work, one, at) for one in CONTENDERS if not one.race_only for at in one.engines]
    for engine in BOTH:
        for who, kind, batch in (
            ("Depositary", "all", 1),
            ("Depositary, log alone", "log", 1),
            ("Flask, one raw insert", "single", 1),
            ("Flask, pyeventsourcing", "pyeventsourcing", 1),
            ("Flask, nothing stored", "ok", 1),
            ("Depositary", "all", BATCH),
            ("Depositary, log alone", "log", BATCH),
            ("Flask, 1,000 raw inserts", "thousand", 1_000),
            ("Flask, pyeventsourcing", "pyeventsourcing", BATCH),
        ):
            found.append(http(installed, work, who, kind, engine, batch))
    return found


def races(installed: Installed, databases: Databases, events: Path, count: int) -> Iterator[tuple[Contender, str, Any]]:
    """The race of each contender on each database: its answer, or why there is none."""
    for one in CONTENDERS:
        for engine in one.engines:
            with databases.new(engine) as url:
                try:
                    asked = ("race", "--events", str(events), "--count", str(count), "--database", url)
                    yield one, engine, installed.ask(one, *asked)
                except RuntimeError as error:
                    yield one, engine, {"reason": str(error)}
