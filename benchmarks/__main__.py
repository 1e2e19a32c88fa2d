"""Measure Depositary: `python -m benchmarks [MEASURE …] [--sizes …] [--engine …]`; `--help` names the measures.

Each measure writes `benchmarks/results/<measure>-<engine>-<record>.json` and prints a table. Without a name all are
made. One database is filled for each size and engine, and every measure uses it. `peers/` holds the same work done by
others.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
from collections.abc import Callable
from pathlib import Path

from benchmarks import appends, filling, live, mixed, reads, starting, steps
from benchmarks.filling import Filled
from benchmarks.peers import databases

FOLDER = Path(__file__).resolve().parent / "results"
Measure = Callable[[Filled], dict[str, object]]
MEASURES: dict[str, Measure] = {
    "import": lambda filled: filled.imported,
    "rebuild": filling.rebuild,
    "reads": reads.measure,
    "start": starting.measure,
    "live": live.measure,
    "appends": appends.measure_single,
    "batches": appends.measure_batches,
    "memory": mixed.measure,
    "steps": steps.measure,
}


def main() -> None:
    """Do what the command line asks."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("measures", nargs="*", choices=[*MEASURES, []], help="default: all")
    parser.add_argument("--sizes", default="10000,100000", help="how many events, such as 10000,100000,1000000,5000000")
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), action="append")
    parser.add_argument("--mixed", action="store_true", help="acts of every kind instead of meetings alone")
    parser.add_argument("--treaties", type=Path, metavar="FILE", help="the treaty archive (.csv.gz) instead of --sizes")
    parser.add_argument("--database", help="the URL of a PostgreSQL server on which databases may be made")
    asked = parser.parse_args()
    sizes = [int(size) for size in asked.sizes.split(",")]
    chosen = asked.measures or list(MEASURES)
    record = "treaties" if asked.treaties else "mixed" if asked.mixed else "meetings"
    FOLDER.mkdir(exist_ok=True)
    with databases.opened(asked.database) as made:
        if asked.treaties:
            path, size = filling.treaties(made.folder, asked.treaties)
            sizes = [size]
        for engine in asked.engine or ("sqlite", "postgresql"):
            found: dict[str, list[dict[str, object]]] = {name: [] for name in chosen}
            for size in sizes:
                if not asked.treaties:
                    path = filling.generated(made.folder, size, mixed=asked.mixed)
                with made.new(engine) as url:
                    filled = filling.fill(url, path, size)
                    for name in chosen:
                        found[name].append({"events": size, **MEASURES[name](filled)})
                        _write(name, engine, record, found[name])
            for name in chosen:
                print(f"\n## {name}, {engine}\n\n{table(found[name])}", flush=True)


def _write(name: str, engine: str, record: str, rows: list[dict[str, object]]) -> None:
    about = {"date": dt.date.today().isoformat(), "machine": machine(), "load": os.getloadavg()[0]}
    body = {"measure": name, "engine": engine, "record": record, **about, "rows": rows}
    (FOLDER / f"{name}-{engine}-{record}.json").write_text(json.dumps(body, indent=1) + "\n")


def table(rows: list[dict[str, object]]) -> str:
    """Sizes as columns, and with two or more how the last grew against the one before: the slope on log-log paper."""
    names = [name for name in rows[0] if name != "events"]
    sizes = [int(str(row["events"])) for row in rows]
    lines = [f"| | {' | '.join(f'{size:,}' for size in sizes)} | slope |", f"|---|{'---:|' * (len(sizes) + 1)}"]
    for name in names:
        values = [row.get(name) for row in rows]
        lines.append(f"| {name} | {' | '.join(map(_shown, values))} | {reads.slope(sizes, values)} |")
    return "\n".join(lines)


def machine() -> dict[str, object]:
    """What this runs on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    processor = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.processor())
    return {
        "processor": processor,
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def _shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | float) else "" if value is None else str(value)


if __name__ == "__main__":
    main()
