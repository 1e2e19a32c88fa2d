"""The results as a table: medians, and how many times as fast Depositary is as each of the others.

python table.py RESULTS.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

ENGINES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
MEASURES = {
    "POST one": "`POST`, one event a request, 64 connections",
    "POST batches": "`POST`, batches, 8 connections",
    "append one": "append one event, 16 writers",
    "append 500": "append 500 events, one writer",
    "fold": "read the log and count in memory",
    "view": "build the tallies in SQL",
}


def markdown(told: dict[str, Any]) -> str:
    """The whole report."""
    machine, versions = told["machine"], ", ".join(f"{name} {each}" for name, each in told["versions"].items())
    head = f"{told['date']}; {told['events']:,} events, {told['runs']} interleaved runs; {machine['processor']}, "
    head += f"{machine['cores']} cores, {machine['memory_gb']} GB, {machine['system']}.\n\n{versions}."
    return "\n".join([head, "", *rows(told["results"]), "", *races(told["races"])])


def rows(results: list[dict[str, Any]]) -> Iterator[str]:
    """One row per contender under the measure it is compared by."""
    own = {(one["measure"], one["engine"]): one for one in results if one["who"] == "Depositary"}
    yield "| measure | database | | events/s | p50 ms | p99 ms | Depositary is |"
    yield "|---|---|---|---:|---:|---:|---:|"
    for measure, words in MEASURES.items():
        for engine, name in ENGINES.items():
            for one in results:
                if one["engine"] == engine and one["measure"].partition(":")[0] == measure:
                    yield f"| {words} | {name} | {row(one, own.get((measure, engine)))}"


def row(one: dict[str, Any], own: dict[str, Any] | None) -> str:
    """What was measured of one contender, beside Depositary's own."""
    kind = one["measure"].partition(": ")[2]
    who = f"{one['who']}: {kind}" if kind else one["who"]
    runs = one["per_second"]
    if not runs:
        return f"{who} | {one['reason']} | | | |"
    if not median(runs):
        return f"{who} | none answered | | | |"
    ratio = f"× {median(own['per_second']) / median(runs):.2f}" if own and own["per_second"] and one is not own else ""
    missed = max((answer.get("missed", 0) for answer in one["answers"]), default=0)
    note = f"{who} ({one['reason']})" if one["reason"] else f"{who} (missed up to {missed:,})" if missed else who
    times = " | ".join(f"{one[name]:,.1f}" if one.get(name) else "" for name in ("p50_ms", "p99_ms"))
    return f"{note} | {median(runs):,.0f} | {times} | {ratio} |"


def races(results: list[dict[str, Any]]) -> Iterator[str]:
    """How many events the reader of each contender skipped."""
    yield "| twelve writers, one reader | database | committed | skipped | seen twice | failed appends |"
    yield "|---|---|---:|---:|---:|---:|"
    for one in results:
        if one.get("reason"):
            yield f"| {one['who']} | {ENGINES[one['engine']]} | {one['reason']} | | | |"
            continue
        counts = " | ".join(f"{one[name]:,}" for name in ("committed", "skipped", "twice", "failed_appends"))
        yield f"| {one['who']} | {ENGINES[one['engine']]} | {counts} |"


if __name__ == "__main__":
    print(markdown(json.loads(Path(sys.argv[1]).read_text())))
