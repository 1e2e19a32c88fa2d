"""eventsource-py, on SQLite (aiosqlite) and on PostgreSQL (asyncpg).

As its documentation has it: one event store, created by its own engine factory, appended to by tasks of one event
loop and read by `read_all`. A batch is one `append` to one stream, the only way it writes many events in one
transaction. SQLite has the write-ahead log, and synchronous=FULL, which is what the store leaves. A view is a
`DatabaseProjection` driven by `replay`: one transaction per event.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Coroutine, Sequence
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

import address
import protocol
import workload
from eventsource import (
    DatabaseProjection,
    DomainEvent,
    ExpectedVersion,
    FeedReadOptions,
    IntPositionCodec,
    PostgreSQLEventStore,
    SQLiteEventStore,
    StreamId,
    create_async_engine,
    handles,
    register_event,
    replay,
)
from sqlalchemy import text
from sqlalchemy.ext.asyncio import async_sessionmaker
from workload import Event

CREATE = "CREATE TABLE IF NOT EXISTS tallies (pair text PRIMARY KEY, count bigint NOT NULL)"
COUNT = text("INSERT INTO tallies VALUES (:pair, 1) ON CONFLICT (pair) DO UPDATE SET count = tallies.count + 1")
Value = TypeVar("Value")


@register_event
class MeetingHeld(DomainEvent):
    """One meeting."""

    aggregate_type: str = "meeting"
    content: dict[str, Any]


class Tallies(DatabaseProjection):
    """The view."""

    @handles(MeetingHeld)
    async def count(self, connection: Any, held: MeetingHeld) -> None:
        """Count one meeting."""
        await connection.execute(COUNT, {"pair": workload.pair(held.content)})


class Store:
    """The event store, on an event loop of its own."""

    def __init__(self, url: str) -> None:
        logging.disable(logging.INFO)
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        path = address.sqlite_path(url)
        self.engine = create_async_engine(f"sqlite+aiosqlite:///{path}") if path else self._pooled(url)
        self.store: Any = SQLiteEventStore(path) if path else PostgreSQLEventStore(self.engine, create_schema=True)
        self.codec = IntPositionCodec(self.store.store_id)
        if self.wait(self.store.current_position()) is None and path:
            self.wait(self._check())

    @staticmethod
    def _pooled(url: str) -> Any:
        return create_async_engine("postgresql+asyncpg" + url[url.index(":") :], pool_size=16, max_overflow=8)

    async def _check(self) -> None:
        async with self.engine.connect() as connection:
            if (await connection.execute(text("PRAGMA synchronous"))).scalar_one() != 2:
                raise RuntimeError("SQLite does not run with synchronous=FULL")

    def wait(self, work: Coroutine[Any, Any, Value]) -> Value:
        """Do something on the loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    async def _append(self, events: Sequence[Event]) -> float:
        started, stream = time.perf_counter(), UUID(events[0]["id"])
        made = [MeetingHeld(event_id=UUID(event["id"]), aggregate_id=stream, content=event) for event in events]
        await self.store.append(StreamId(aggregate_id=stream, category="meeting"), made, ExpectedVersion.no_stream())
        return time.perf_counter() - started

    def append(self, events: Sequence[Event]) -> None:
        """Append to a new stream."""
        self.wait(self._append(events))

    def append_all(self, batches: Sequence[Sequence[Event]], writers: int) -> list[float]:
        """Append all batches by tasks; how long each waited."""
        todo = iter(batches)

        async def work() -> list[float]:
            return [await self._append(batch) for batch in todo]

        async def everybody() -> list[list[float]]:
            return await asyncio.gather(*(work() for _ in range(writers)))

        return [waited for each in self.wait(everybody()) for waited in each]

    def read(self, after: int, limit: int) -> list[tuple[int, Event]]:
        """A part of the global feed."""

        async def page() -> list[tuple[int, Event]]:
            feed = self.store.read_all(self.codec.encode(after) if after else None, FeedReadOptions(limit=limit))
            return [(self.codec.value_of(each.position), each.event.content) async for each in feed]

        return self.wait(page())

    def view(self, count: int) -> int:
        """Replay the feed to a projection."""

        async def project() -> int:
            async with self.engine.begin() as connection:
                await connection.execute(text(CREATE))
            projection = Tallies(async_sessionmaker(self.engine, expire_on_commit=False))
            return (await replay(First(self.store, count), projection, strict=True)).applied

        return self.wait(project())

    def close(self) -> None:
        """Let go of the database."""
        self.wait(self.store.close())
        self.wait(self.engine.dispose())
        self.loop.call_soon_threadsafe(self.loop.stop)


class First:
    """The feed, ending after so many events."""

    def __init__(self, feed: Any, count: int) -> None:
        self.feed, self.left = feed, count

    async def read_all(self, position: Any = None, options: Any = None) -> Any:
        """The next part of the feed."""
        found = [each async for each in self.feed.read_all(position, options)]
        for each in islice(found, self.left):
            self.left -= 1
            yield each


if __name__ == "__main__":
    protocol.main(Store, ["eventsource-py", "SQLAlchemy", "aiosqlite", "asyncpg"])
