"""Depositary as users run it, on a port of its own, for as long as it is measured."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.filling import ROOT, environment

PATIENCE = 60.0


@dataclass(frozen=True, kw_only=True)
class Served:
    """A service that answers: its port, the process that began it, and a token with which to write."""

    port: int
    pid: int
    token: str

    def ask(self, method: str, path: str, body: bytes = b"", *, signed: bool = False) -> bytes:
        """The body of the answer to a request."""
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"} if signed else {}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body or None, headers)
            return connection.getresponse().read()
        finally:
            connection.close()


@contextmanager
def served(url: str, *options: str) -> Iterator[Served]:
    """Serve a database, from when it is ready until the end; on SQLite with its worker."""
    port, token = free_port(), _token(url)
    command = [sys.executable, "-m", "service", "serve", "--port", str(port), *options]
    process = subprocess.Popen(command, cwd=ROOT, env=environment(url), stderr=subprocess.DEVNULL)
    try:
        wait(port)
        yield Served(port=port, pid=process.pid, token=token)
    finally:
        process.terminate()
        process.wait()


def wait(port: int) -> None:
    """Wait until it is ready. Raises RuntimeError when it does not become so."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.01)
    raise RuntimeError("the service did not become ready")


def free_port() -> int:
    """A port nobody listens on, a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _token(url: str) -> str:
    name = f"benchmark-{time.time_ns()}"
    made = [sys.executable, "-m", "service", "token", "create", name, "--role", "editor"]
    told = subprocess.run(made, cwd=ROOT, env=environment(url), check=True, capture_output=True, text=True)
    return told.stdout.strip()
