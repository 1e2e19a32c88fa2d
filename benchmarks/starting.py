"""How long a service takes from its start until it says that it is ready."""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import median

from benchmarks.filling import ROOT, Filled, environment
from benchmarks.serving import free_port, wait

RUNS = 5


def measure(filled: Filled) -> dict[str, object]:
    """The median of five starts, to the first good answer of /readyz, without a worker."""
    taken = [_start(filled) for _ in range(RUNS)]
    return {"start to ready, ms": round(median(taken) * 1000)}


def _start(filled: Filled) -> float:
    port, began = free_port(), time.perf_counter()
    command = [sys.executable, "-m", "service", "serve", "--port", str(port), "--no-worker"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment(filled.url), stderr=subprocess.DEVNULL)
    try:
        wait(port)
        return time.perf_counter() - began
    finally:
        process.terminate()
        process.wait()
