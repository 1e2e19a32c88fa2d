"""Clients that post events to a server as fast as it answers: 64 connections that are kept open, by wrk.

python load.py URL --events FILE --batch N --seconds N [--connections N] [--token TOKEN]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from protocol import rate

SCRIPT = Path(__file__).resolve().parent / "post.lua"


def drive(
    url: str, events: Path, *, batch: int, seconds: int, connections: int = 64, token: str | None = None
) -> dict[str, Any]:
    """Post for so many seconds; events a second, and the latency of a request. Raises RuntimeError without wrk."""
    if not shutil.which("wrk"):
        raise RuntimeError("wrk is not installed (on Debian: apt install wrk)")
    given = {"PEER_EVENTS": str(events), "PEER_BATCH": str(batch)} | ({"PEER_TOKEN": token} if token else {})
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", str(SCRIPT), url]
    done = subprocess.run(command, env=os.environ | given, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout.strip().splitlines()[-1])
    accepted = (told["requests"] - told["refused"]) * batch
    return rate(accepted, told["seconds"]) | {name: told[name] for name in ("p50_ms", "p99_ms", "refused", "broken")}


def main() -> None:
    """Do what the command line asks and print the answer."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--events", type=Path, required=True)
    for name, default in (("batch", 1), ("seconds", 10), ("connections", 64)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--token")
    asked = vars(parser.parse_args())
    print(json.dumps(drive(asked.pop("url"), asked.pop("events"), **asked)))


if __name__ == "__main__":
    main()
