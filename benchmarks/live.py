"""800 live streams held open while twenty events a second are appended: how late they come, and what reading keeps."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
import urllib.request

import orjson

from benchmarks.filling import ROOT, Filled, command, environment
from benchmarks.generator import Generator
from benchmarks.ports import free_port

STREAMS, A_SECOND, SECONDS, READERS = 800, 20, 10, 4


def measure(filled: Filled) -> dict[str, object]:
    """Reads a second without and with the streams, and how long an event takes from its answer to every stream."""
    port, token = free_port(), _token(filled.url)
    served = [sys.executable, "-m", "service", "serve", "--port", str(port)]
    process = subprocess.Popen(served, cwd=ROOT, env=environment(filled.url), stderr=subprocess.DEVNULL)
    try:
        _wait(port)
        return asyncio.run(_measure(port, token))
    finally:
        process.terminate()
        process.wait()


def _token(url: str) -> str:
    name = f"live-{time.time_ns()}"
    made = [sys.executable, "-m", "service", "token", "create", name, "--role", "editor"]
    told = subprocess.run(made, cwd=ROOT, env=environment(url), check=True, capture_output=True, text=True)
    command(url, "db", "upgrade")
    return told.stdout.strip()


def _wait(port: int) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the service did not start")


async def _measure(port: int, token: str) -> dict[str, object]:
    alone = await _reading(port, SECONDS / 2)
    came: dict[int, list[float]] = {}
    streams = [asyncio.create_task(_follow(port, came)) for _ in range(STREAMS)]
    await asyncio.sleep(3)
    reading = asyncio.create_task(_reading(port, SECONDS))
    sent = await _append(port, token)
    beside = await reading
    await asyncio.sleep(2)
    for stream in streams:
        stream.cancel()
    late = sorted(moment - sent[position] for position in sent for moment in came.get(position, []))
    reached = len(late) / (len(sent) * STREAMS)
    return {
        "streams": STREAMS,
        "events": len(sent),
        "deliveries made": round(reached, 4),
        "event to stream, p50 ms": round(late[len(late) // 2] * 1000, 1),
        "event to stream, p99 ms": round(late[int(len(late) * 0.99)] * 1000, 1),
        "reads/s alone": round(alone),
        "reads/s beside": round(beside),
        "reads kept": round(beside / alone, 2),
    }


async def _follow(port: int, came: dict[int, list[float]]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /api/v1/events/live HTTP/1.1\r\nHost: x\r\n\r\n")
    async for line in reader:
        if line.startswith(b"id: "):
            came.setdefault(int(line[4:]), []).append(time.perf_counter())


async def _append(port: int, token: str) -> dict[int, float]:
    """Append so many events a second; when each was sent, by position."""
    sent, end = {}, time.perf_counter() + SECONDS
    events = iter(Generator(A_SECOND * SECONDS * 2, seed=time.time_ns()))
    while time.perf_counter() < end:
        began = time.perf_counter()
        event = {name: value for name, value in next(events).items() if name != "id"}
        answer = await _ask(port, "POST", "/api/v1/events", orjson.dumps(event), token)
        sent[orjson.loads(answer)["events"][0]["position"]] = began
        await asyncio.sleep(max(0.0, began + 1 / A_SECOND - time.perf_counter()))
    return sent


async def _reading(port: int, seconds: float) -> float:
    """Timeline pages read a second by a few readers."""
    counts = await asyncio.gather(*(_read(port, seconds) for _ in range(READERS)))
    return sum(counts) / seconds


async def _read(port: int, seconds: float) -> int:
    count, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        await _ask(port, "GET", "/api/v1/timeline?limit=10")
        count += 1
    return count


async def _ask(port: int, method: str, path: str, body: bytes = b"", token: str = "") -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
    head += f"Content-Type: application/json\r\nAuthorization: Bearer {token}\r\n" if token else ""
    writer.write(head.encode() + b"\r\n" + body)
    answer = await reader.read()
    writer.close()
    return answer.partition(b"\r\n\r\n")[2]
