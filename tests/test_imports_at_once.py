"""Eight processes and a hundred HTTP clients importing the same file at once end with one copy of it."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import httpx

from events import store
from events.database import Database
from tests import builders
from tests.processes import ROOT, environment, run, served

PROCESSES, CLIENTS, PART = 8, 100, 59


def test_many_importers_of_one_file_end_with_one_copy(url: str, database: Database) -> None:
    token = run(url, "token", "create", "importer", "--role", "editor").stdout.strip()
    events = builders.sample()
    parts = [events[i : i + PART] for i in range(0, len(events), PART)]
    with served(url) as (base, _):
        command = [sys.executable, "-m", "service", "import", str(builders.SAMPLE)]
        options = {"env": environment(url), "cwd": ROOT, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        importers = [subprocess.Popen(command, text=True, **options) for _ in range(PROCESSES)]
        limits = httpx.Limits(max_connections=CLIENTS)
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=base, headers=headers, timeout=120, limits=limits) as client:

            def send(_: int) -> set[int]:
                return {client.post("/api/v1/events", json={"events": part}).status_code for part in parts}

            with ThreadPoolExecutor(CLIENTS) as pool:
                statuses = set().union(*pool.map(send, range(CLIENTS)))
        outputs = [importer.communicate(timeout=120)[0] for importer in importers]
    assert statuses <= {200, 201}
    assert [importer.returncode for importer in importers] == [0] * PROCESSES, outputs
    with database.read() as connection:
        assert store.head(connection).position == len(events)
        ids = [event.id for event in store.read(connection, 0, 500)]
    assert sorted(ids) == sorted(event["id"] for event in events)
