"""Ten minutes of everything at once, and the memory that each process holds meanwhile; on Linux.

Twenty events a second are appended, some of them in batches; four readers ask for pages, tallies and counts at random
days and states of the record, exports among them; fifty live streams are open.
"""

from __future__ import annotations

import datetime as dt
import http.client
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import orjson

from benchmarks.filling import Filled
from benchmarks.generator import FIRST, YEARS, Generator
from benchmarks.serving import Served, served

SECONDS, READERS, STREAMS, A_SECOND = 600.0, 4, 50, 20
PAGES = (
    "/en/?as_of={day}",
    "/en/tallies?of={code}&as_of={day}",
    "/en/parties/{code}",
    "/api/v1/timeline?party={code}&as_of={day}&at_position={position}&limit=50",
    "/api/v1/timeline?q={words}&limit=50",
    "/api/v1/timeline?facets=1&as_of={day}&at_position={position}",
    "/api/v1/tallies?of={code}&as_of={day}&at_position={position}",
    "/api/v1/tallies?of={code}&formal=true&as_of={day}",
    "/api/v1/events?after={position}&limit=500",
    "/api/v1/partnerships?as_of={day}",
)


def measure(filled: Filled) -> dict[str, object]:
    """The most memory each process held, and how it grew over the second half, in MB."""
    held: dict[str, list[int]] = {}
    count = [0, 0]
    with served(filled.url) as service:
        stop = threading.Event()
        work: list[Callable[[], None]] = [lambda: _append(service, stop, count)]
        work += [lambda nth=nth: _read(service, stop, nth, filled.size, count) for nth in range(READERS)]  # type: ignore[misc]
        work += [lambda: _follow(service, stop)] * STREAMS
        threads = [threading.Thread(target=one, daemon=True) for one in work]
        for thread in threads:
            thread.start()
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            for name, size in _processes(service.pid):
                held.setdefault(name, []).append(size)
            time.sleep(1)
        stop.set()
        for thread in threads[: 1 + READERS]:
            thread.join()
    found: dict[str, object] = {"appended": count[0], "read": count[1]}
    for name, sizes in sorted(held.items()):
        half = sizes[len(sizes) // 2 :]
        found[f"{name}: MB at most"] = round(max(sizes) / 1e6)
        found[f"{name}: MB more at the end than half way"] = round((half[-1] - half[0]) / 1e6)
    return found


def _append(service: Served, stop: threading.Event, count: list[int]) -> None:
    chance, acts = random.Random(1), Generator(10**6, seed=time.time_ns())
    for nth in range(10**9):
        if stop.wait(1 / A_SECOND):
            return
        number = 50 if chance.random() < 0.02 else 1
        body = {"events": [acts.act(nth) for _ in range(number)]}
        service.ask("POST", "/api/v1/events", orjson.dumps(body), signed=True)
        count[0] += number


def _read(service: Served, stop: threading.Event, nth: int, size: int, count: list[int]) -> None:
    chance = random.Random(nth)
    codes = Generator(1).codes
    while not stop.is_set():
        day = FIRST + dt.timedelta(days=chance.randrange(YEARS * 365))
        code, words = chance.choice(codes), quote(f"person {chance.randrange(30)} of")
        asked = chance.choice(PAGES).format(day=day, code=code, words=words, position=chance.randrange(1, size))
        service.ask("GET", asked)
        count[1] += 1


def _follow(service: Served, stop: threading.Event) -> None:
    with suppress(OSError, http.client.HTTPException):
        connection = http.client.HTTPConnection("127.0.0.1", service.port)
        connection.request("GET", "/api/v1/events/live")
        answer = connection.getresponse()
        while not stop.is_set() and answer.read1(65_536):
            pass


def _processes(pid: int) -> Iterator[tuple[str, int]]:
    """The name and the bytes of memory (RSS) of a process and of all that it began."""
    with suppress(OSError):
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
        yield _name(words), pages * os.sysconf("SC_PAGE_SIZE")
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            yield from _processes(int(child))


def _name(words: list[str]) -> str:
    if "serve" in words:
        return "first process, with the worker"
    return "web process" if any("spawn_main" in word for word in words) else "other"
