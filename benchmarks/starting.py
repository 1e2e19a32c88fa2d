"""How long a service takes from its start until it says that it is ready."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.request
from statistics import median

from benchmarks.filling import ROOT, Filled, environment
from benchmarks.ports import free_port

RUNS, PATIENCE = 5, 60.0


def measure(filled: Filled) -> dict[str, object]:
    """The median of five starts, to the first good answer of /readyz, with a worker where the database is SQLite."""
    taken = [_start(filled) for _ in range(RUNS)]
    return {"start to ready, ms": round(median(taken) * 1000)}


def _start(filled: Filled) -> float:
    port, began = free_port(), time.perf_counter()
    command = [sys.executable, "-m", "service", "serve", "--port", str(port), "--no-worker"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment(filled.url), stderr=subprocess.DEVNULL)
    try:
        while time.perf_counter() - began < PATIENCE:
            if _ready(port):
                return time.perf_counter() - began
            time.sleep(0.01)
        raise RuntimeError("the service did not become ready")
    finally:
        process.terminate()
        process.wait()


def _ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
