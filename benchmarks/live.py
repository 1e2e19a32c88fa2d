"""800 live streams held open while twenty events a second are appended: how late they come, and what reading keeps."""

from __future__ import annotations

import multiprocessing
import re
import selectors
import socket
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import orjson

from benchmarks.filling import Filled
from benchmarks.generator import Generator
from benchmarks.serving import Served, served

ID = re.compile(rb"(?:^|\n)id: (\d+)")
STREAMS, A_SECOND, SECONDS, READERS = 800, 20, 10, 4


def measure(filled: Filled) -> dict[str, object]:
    """Reads a second without and with the streams, and how long an event takes from its answer to every stream."""
    with served(filled.url) as service:
        return _measure(service)


def _measure(service: Served) -> dict[str, object]:
    with ProcessPoolExecutor(3, mp_context=multiprocessing.get_context("spawn")) as processes:
        alone = processes.submit(_reading, service, SECONDS / 2).result()
        following = processes.submit(_follow, service.port, 3 + SECONDS + 3)
        time.sleep(3)
        reading = processes.submit(_reading, service, SECONDS)
        sent = processes.submit(_append, service).result()
        beside, came = reading.result(), following.result()
    late = sorted(moment - sent[position] for position in sent for moment in came.get(position, []))
    return {
        "streams": STREAMS,
        "appends": len(sent),
        "deliveries made": round(len(late) / (len(sent) * STREAMS), 4),
        "event to stream, p50 ms": round(late[len(late) // 2] * 1000, 1),
        "event to stream, p99 ms": round(late[int(len(late) * 0.99)] * 1000, 1),
        "reads/s alone": round(alone),
        "reads/s beside": round(beside),
        "reads kept": round(beside / alone, 2),
    }


def _follow(port: int, seconds: float) -> dict[int, list[float]]:
    """Hold all streams open for so long; when each event came, by position. Clocks of processes are the same."""
    came: dict[int, list[float]] = {}
    ready = selectors.DefaultSelector()
    for _ in range(STREAMS):
        made = socket.create_connection(("127.0.0.1", port))
        made.sendall(b"GET /api/v1/events/live HTTP/1.1\r\nHost: x\r\n\r\n")
        made.setblocking(False)
        ready.register(made, selectors.EVENT_READ)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for key, _ in ready.select(0.1):
            taken = key.fileobj.recv(65_536)  # type: ignore[union-attr]
            now = time.monotonic()
            for position in ID.findall(taken):
                came.setdefault(int(position), []).append(now)
    return came


def _append(service: Served) -> dict[int, float]:
    """Append so many events a second; when each was sent, by position."""
    sent, end = {}, time.monotonic() + SECONDS
    every = Generator(A_SECOND * SECONDS * 2, seed=time.time_ns())
    events = (event for event in every if not event["type"].startswith("record."))
    while time.monotonic() < end:
        began = time.monotonic()
        event = {name: value for name, value in next(events).items() if name != "id"}
        answer = service.ask("POST", "/api/v1/events", orjson.dumps(event), signed=True)
        sent[orjson.loads(answer)["events"][0]["position"]] = began
        time.sleep(max(0.0, began + 1 / A_SECOND - time.monotonic()))
    return sent


def _reading(service: Served, seconds: float) -> float:
    """Timeline pages read a second by a few readers."""
    with ThreadPoolExecutor(READERS) as readers:
        return sum(readers.map(lambda _: _read(service, seconds), range(READERS))) / seconds


def _read(service: Served, seconds: float) -> int:
    count, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        service.ask("GET", "/api/v1/timeline?limit=10")
        count += 1
    return count
