"""Servers under load: Depositary as it is run, and the bare applications, each waited for and ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from contenders import HERE, Failed, Installed
from load import drive
from workload import ROOT

PATIENCE = 30.0


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: list[str], folder: Path, environment: dict[str, str], ready: str | None) -> Iterator[None]:
    """A process with all it starts, from when it answers at a URL until it is ended. Raises Failed."""
    options: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
    process = subprocess.Popen(command, cwd=folder, env=environment, **options)
    try:
        if ready:
            _wait(process, ready)
        yield
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait(process: subprocess.Popen[bytes], url: str) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except urllib.error.HTTPError as error:
            if error.code in (404, 405):
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise Failed(f"the server did not become ready: {process.args}")


def bare(installed: Installed, kind: str, url: str, events: Path, **load: int) -> dict[str, Any]:
    """A bare application under load."""
    if reason := installed.why_missing("python"):
        raise Failed(reason)
    port = free_port()
    command = [installed.python("python"), str(HERE / "bare.py"), kind, "--database", url, "--port", str(port)]
    environment = installed.environment() | {"PYTHONPATH": str(HERE)}
    with running(command, HERE, environment, f"http://127.0.0.1:{port}/events"):
        return drive(f"http://127.0.0.1:{port}/events", events, **load)


def depositary(installed: Installed, kind: str, url: str, events: Path, **load: int) -> dict[str, Any]:
    """Depositary under load, with its worker; the kind `log` leaves the worker, and with it the views, away."""
    environment = installed.environment() | {"DEPOSITARY_DATABASE_URL": url, "DEPOSITARY_LOG_LEVEL": "ERROR"}
    service = [installed.python(None), "-m", "service"]
    subprocess.run([*service, "db", "upgrade"], cwd=ROOT, env=environment, check=True, capture_output=True)
    made = [*service, "token", "create", "load", "--role", "editor"]
    told = subprocess.run(made, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    port = free_port()
    served = [*service, "serve", "--port", str(port), *(["--no-worker"] if kind == "log" else [])]
    beside = [] if kind == "log" or url.startswith("sqlite") else [*service, "worker"]
    base = f"http://127.0.0.1:{port}"
    with running(served, ROOT, environment, f"{base}/healthz"):
        if not beside:
            return drive(f"{base}/api/v1/events", events, token=told.stdout.strip(), **load)
        with running(beside, ROOT, environment, None):
            time.sleep(1.5)
            return drive(f"{base}/api/v1/events", events, token=told.stdout.strip(), **load)
