"""The server is killed again and again during appends: what it acknowledged is in the log exactly once, and whole."""

from __future__ import annotations

import random
import threading
import time
import uuid
from typing import Any

import httpx

from events import store
from events.database import Database
from tests import builders
from tests.processes import Process, free_port, run, until_ready

WRITERS = 6
CYCLES, DEEP_CYCLES = 10, 50


class Writer(threading.Thread):
    """Sends batches until it is stopped, each with its own ids, and again after an error until it is answered."""

    def __init__(self, base: str, headers: dict[str, str], number: int) -> None:
        super().__init__(name=f"writer-{number}")
        self.base, self.headers, self.chance = base, headers, random.Random(number)
        self.ending = threading.Event()
        self.acknowledged: dict[str, dict[str, Any]] = {}
        self.batches: list[list[str]] = []
        self.repeats = 0
        self.faults: list[str] = []

    def run(self) -> None:
        with httpx.Client(base_url=self.base, headers=self.headers, timeout=20) as client:
            while not self.ending.is_set():
                events = [self.event() for _ in range(self.chance.randint(1, 8))]
                self.batches.append([event["id"] for event in events])
                self.send(client, events)

    def event(self) -> dict[str, Any]:
        return builders.meeting(id=str(uuid.UUID(int=self.chance.getrandbits(128), version=4)))

    def send(self, client: httpx.Client, events: list[dict[str, Any]]) -> None:
        tried = 0
        while True:
            try:
                answer = client.post("/api/v1/events", json={"events": events})
            except httpx.HTTPError:
                tried += 1
                time.sleep(0.02)
                continue
            if answer.status_code == 503:
                tried += 1
                time.sleep(0.02)
                continue
            break
        if answer.status_code == 200:
            self.repeats += 1
        if answer.status_code != 201 and not (tried and answer.status_code == 200):
            self.faults.append(f"{answer.status_code} after {tried} errors: {answer.text[:300]}")
            return
        for shown in answer.json()["events"]:
            self.acknowledged[shown["id"]] = shown


def test_what_was_acknowledged_survives_every_kill_exactly_once(url: str, database: Database, deep: bool) -> None:
    token = run(url, "token", "create", "writer", "--role", "editor").stdout.strip()
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    writers = [Writer(base, {"Authorization": f"Bearer {token}"}, number) for number in range(WRITERS)]
    server = _started(url, port)
    for writer in writers:
        writer.start()
    chance = random.Random(11)
    for _ in range(DEEP_CYCLES if deep else CYCLES):
        before = _head(database)
        _grown(database, before + chance.randint(1, 60))
        server.kill()
        server = _started(url, port)
    for writer in writers:
        writer.ending.set()
    for writer in writers:
        writer.join(60)
    until_answering(base)
    _resend(base, writers)
    server.stop()
    _judge(database, writers)
    assert run(url, "rebuild").returncode == 0
    assert run(url, "check").returncode == 0


def _started(url: str, port: int) -> Process:
    server = Process(url, "serve", "--port", str(port))
    if url.startswith("sqlite"):
        until_ready(server, f"http://127.0.0.1:{port}")
    return server


def until_answering(base: str) -> None:
    """Wait until the last server that was started answers."""
    end = time.monotonic() + 60
    while True:
        try:
            httpx.get(f"{base}/healthz", timeout=5)
            return
        except httpx.HTTPError:
            assert time.monotonic() < end
            time.sleep(0.05)


def _resend(base: str, writers: list[Writer]) -> None:
    """The same batches again are answered as the first time, and append nothing."""
    for writer in writers:
        for batch in writer.batches[-20:]:
            events = [builders.meeting(id=id) for id in batch]
            answer = httpx.post(f"{base}/api/v1/events", json={"events": events}, headers=writer.headers, timeout=20)
            assert answer.status_code == 200, answer.text
            assert answer.json()["events"] == [writer.acknowledged[id] for id in batch]


def _head(database: Database) -> int:
    with database.read() as connection:
        return store.head(connection).position


def _grown(database: Database, position: int) -> None:
    """Wait until the log has grown to a position."""
    end = time.monotonic() + 60
    while _head(database) < position:
        assert time.monotonic() < end, "the log does not grow"
        time.sleep(0.002)


def _judge(database: Database, writers: list[Writer]) -> None:
    assert [fault for writer in writers for fault in writer.faults] == []
    with database.read() as connection:
        head = store.head(connection).position
        events = []
        while len(events) < head:
            events += store.read(connection, len(events), 500)
    assert [event.position for event in events] == list(range(1, head + 1))
    by_id = {event.id: event for event in events}
    assert len(by_id) == head
    for writer in writers:
        for id, shown in writer.acknowledged.items():
            assert by_id[id].position == shown["position"]
            assert by_id[id].as_dict()["recorded_at"] == shown["recorded_at"]
        for batch in writer.batches:
            places = [by_id[id].position for id in batch if id in by_id]
            assert places in ([], list(range(places[0], places[0] + len(batch))) if places else [])
    assert sum(len(writer.acknowledged) for writer in writers) > 0
