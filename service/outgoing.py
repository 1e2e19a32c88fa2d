"""Answers that are sent as they are made, and live streams: no faster than the client takes them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from typing import NamedTuple

from events.watch import Watch
from service.api.live import Stream
from service.growth import Growth
from service.incoming import Client
from service.waiting import Deadlines

SEND_SECONDS = 60.0
"""How long a client may leave unread what was sent."""


class Begun(NamedTuple):
    """An answer that is sent as it is made; `chunks` may be a `Stream`."""

    status: int
    headers: list[tuple[str, str]]
    chunks: Iterable[bytes]
    context: Context


class Outgoing:
    """Sends such answers, in the loop of a web process."""

    def __init__(self, loop: asyncio.AbstractEventLoop, watch: Watch, threads: ThreadPoolExecutor) -> None:
        self._loop, self._watch, self._threads = loop, watch, threads
        self._growth, self._sends = Growth(loop, watch), Deadlines(loop, SEND_SECONDS)
        self._reading: dict[int, asyncio.Future[None]] = {}

    async def send(self, answer: Begun, client: Client) -> None:
        """Send an answer until it ends, or its client goes or reads nothing for too long: then it is broken off."""
        live = isinstance(answer.chunks, Stream)
        task = self._loop.create_task(self._follow(answer, client) if live else self._send(answer, client))
        leaving = self._loop.create_task(client.left())
        leaving.add_done_callback(lambda _: task.cancel())
        try:
            await task
        except asyncio.CancelledError:
            pass
        finally:
            leaving.cancel()

    def give_up(self) -> None:
        """Wait no longer for clients that do not read."""
        self._sends.cancel()

    async def _chunk(self, client: Client, chunk: bytes) -> None:
        mine = asyncio.current_task()
        assert mine is not None
        self._sends.add(mine)
        try:
            await client.more(chunk)
        finally:
            self._sends.remove(mine)

    async def _send(self, answer: Begun, client: Client) -> None:
        """Send an answer as threads make it, no faster than the client takes it; meanwhile it holds no thread."""
        chunks, run = iter(answer.chunks), answer.context.run
        await client.begin(answer.status, answer.headers)
        try:
            while True:
                making = self._loop.run_in_executor(self._threads, run, _made, chunks)
                if (chunk := await asyncio.shield(making)) is None:
                    break
                if chunk:
                    await self._chunk(client, chunk)
            await client.end()
        finally:
            making.add_done_callback(lambda _: self._threads.submit(run, close, answer.chunks))

    async def _follow(self, answer: Begun, client: Client) -> None:
        """Send a live stream until it ends."""
        growth, stream = self._growth, answer.chunks
        assert isinstance(stream, Stream)
        growth.followers += 1
        try:
            growth.listen()
            await client.begin(answer.status, answer.headers)
            await self._chunk(client, stream.begin())
            while not self._watch.closed:
                if self._watch.head <= stream.after:
                    grown = await asyncio.shield(growth.next)
                    if not grown:
                        await self._chunk(client, stream.beat())
                    continue
                chunk = stream.known() or await self._read(stream)
                if chunk:
                    await self._chunk(client, chunk)
            await client.end()
        finally:
            growth.followers -= 1
            stream.close()

    async def _read(self, stream: Stream) -> bytes | None:
        """What a stream sends next; of those that stand at one position, the first reads it for all."""
        at = stream.after
        if at in self._reading:
            await asyncio.shield(self._reading[at])
            return stream.known()
        self._reading[at] = self._loop.create_future()
        try:
            return await self._loop.run_in_executor(self._threads, stream.read)
        finally:
            self._reading.pop(at).set_result(None)


def _made(chunks: Iterator[bytes]) -> bytes | None:
    return next(chunks, None)


def close(chunks: Iterable[bytes]) -> None:
    """End an answer, whether all of it was taken or not."""
    close = getattr(chunks, "close", None)
    if close:
        close()
