"""Appends over HTTP: one event a request from 64 connections, and batches of 500 from eight. The clients are wrk."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import orjson

from benchmarks.filling import ROOT, Filled
from benchmarks.generator import Generator
from benchmarks.serving import served

SECONDS, EVENTS = 10, 20_000
SINGLE, BATCHES = ("--batch", "1", "--connections", "64"), ("--batch", "500", "--connections", "8")


def measure_single(filled: Filled) -> dict[str, object]:
    """One event a request."""
    return _measure(filled, SINGLE)


def measure_batches(filled: Filled) -> dict[str, object]:
    """500 events a request."""
    return _measure(filled, BATCHES)


def _measure(filled: Filled, load: tuple[str, ...]) -> dict[str, object]:
    """Events a second and the latency of a request, without the worker and on SQLite with it beside."""
    found: dict[str, object] = {}
    for options, name in ((("--no-worker",), "the log alone"), ((), "with its worker")):
        if options or filled.url.startswith("sqlite"):
            told = _driven(filled.url, load, options)
            found[f"events/s, {name}"] = round(told["per_second"])
            found |= {f"{at} ms, {name}": told[f"{at}_ms"] for at in ("p50", "p99")}
    return found


def _driven(url: str, load: tuple[str, ...], options: tuple[str, ...]) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder, served(url, *options) as service:
        events = Path(folder) / "events.jsonl"
        acts = Generator(EVENTS)
        events.write_bytes(b"".join(orjson.dumps(acts.act(nth)) + b"\n" for nth in range(EVENTS)))
        asked = ["--events", str(events), "--seconds", str(SECONDS), "--token", service.token, *load]
        to = f"http://127.0.0.1:{service.port}/api/v1/events"
        program = str(ROOT / "benchmarks" / "peers" / "load.py")
        done = subprocess.run([sys.executable, program, to, *asked], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    told: dict[str, float] = json.loads(done.stdout)
    return told
