"""Real processes of the service for the tests: commands run to their end, and servers that are waited for and ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60.0


def environment(url: str, /, **more: str) -> dict[str, str]:
    """The environment of a process on a database."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DEPOSITARY_")}
    return {**kept, "PYTHONPATH": str(ROOT), "DEPOSITARY_DATABASE_URL": url, "DEPOSITARY_HOME": "CA", **more}


def run(url: str, *arguments: str, stdin: str | None = None, **more: str) -> subprocess.CompletedProcess[str]:
    """Run `depositary` with these arguments to its end."""
    command = [sys.executable, "-m", "service", *arguments]
    with tempfile.TemporaryDirectory() as folder:
        options = {"capture_output": True, "text": True, "cwd": folder, "timeout": 300, "input": stdin}
        return subprocess.run(command, env=environment(url, **more), check=False, **options)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """A process of the service, with all it starts, in a group of its own; its output goes to a file."""

    def __init__(self, url: str, *arguments: str, **more: str) -> None:
        self.output = tempfile.TemporaryFile("w+")  # noqa: SIM115
        command = [sys.executable, "-m", "service", *arguments]
        options = {"stdout": self.output, "stderr": subprocess.STDOUT, "start_new_session": True}
        self.process = subprocess.Popen(command, env=environment(url, **more), cwd=ROOT, **options)

    def kill(self) -> None:
        """Kill it as a power cut would: the first process alone, whose children must end by themselves."""
        self.process.kill()
        self.process.wait()
        self.output.close()

    def stop(self) -> int:
        """Ask it to end, and wait until it has; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(PATIENCE)
        finally:
            self._end_group()
        self.output.close()
        return code

    def _end_group(self) -> None:
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def text(self) -> str:
        """What it has written so far."""
        self.output.seek(0)
        return self.output.read()


def until_ready(process: Process, base: str) -> None:
    """Wait until the server answers that it is ready, worker included."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        assert process.process.poll() is None, process.text()
        try:
            answer = httpx.get(f"{base}/readyz", timeout=5)
            if answer.status_code == 200 and answer.json()["status"] == "ok":
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"not ready: {process.text()}")


@contextmanager
def served(url: str, *arguments: str, port: int | None = None, **more: str) -> Iterator[tuple[str, Process]]:
    """A server on a database, ready, with a worker beside it where the database needs one; ended afterwards."""
    port = port or free_port()
    base = f"http://127.0.0.1:{port}"
    beside = [] if url.startswith("sqlite") else [Process(url, "worker", **more)]
    process = Process(url, "serve", "--port", str(port), *arguments, **more)
    try:
        until_ready(process, base)
        yield base, process
    finally:
        for each in (process, *beside):
            if each.process.poll() is None:
                each.stop()
