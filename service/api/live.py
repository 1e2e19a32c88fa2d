"""Live events as server-sent events: `id` is the position, so a reader resumes with nothing missed or doubled."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from flask import Response, request
from sqlalchemy import Connection

from events import store
from events.standbys import Source
from events.types import Event
from service.api.blueprint import blueprint, fails
from service.context import Context, context
from service.problems import Refusal, wrong_query
from service.query import Number, Query
from service.reading import read_log

blp = blueprint("live", "Events as they are appended.")

HEARTBEAT_SECONDS = 15.0
STREAMS = 900
"""How many streams one process keeps open; the next one is asked to come back later."""

_open = threading.BoundedSemaphore(STREAMS)


class LiveQuery(Query):
    """Where to begin."""

    after = Number(metadata={"description": "Begin behind this position; default: the head."})


@blp.route("/events/live")
@blp.arguments(LiveQuery, location="query", as_kwargs=False)
@blp.response(200, content_type="text/event-stream")
@fails(blp, 401, 422, 503)
def live(args: dict[str, Any]) -> Response:
    """Follow the log as server-sent events; `Last-Event-ID` resumes."""
    here = context()
    after = _start(args)
    head = read_log(here, 0, 0.0, lambda connection: store.head(connection).position)
    if after is not None and after > head:
        head = here.standbys.fresh(_head)
    if after is not None and after > head:
        raise wrong_query({"after": f"The log ends at position {head}. Begin at or before it."})
    if not _open.acquire(blocking=False):
        raise Refusal("busy", "Too many live streams are open here. Try again later.", headers={"Retry-After": "10"})
    stream = Stream(here, head if after is None else after)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Response(stream, mimetype="text/event-stream", headers=headers, direct_passthrough=True)


def _head(source: Source) -> int:
    with source.database.read() as connection:
        return store.head(connection).position


def _start(args: dict[str, Any]) -> int | None:
    resumed = request.headers.get("Last-Event-ID")
    if not resumed:
        return args.get("after")
    if not (resumed.isascii() and resumed.isdigit() and len(resumed) <= 16):
        raise wrong_query({"Last-Event-ID": "This must be a position, as the id of an event had it."})
    return int(resumed)


class Stream:
    """The chunks of one stream, for who iterates over it or for a loop; closing it gives its place back."""

    def __init__(self, here: Context, after: int) -> None:
        self._here, self.after = here, after
        self._chunks = self._follow()
        self._streams, self._closed = here.metrics.streams, False
        self._streams.inc()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._chunks)
        except StopIteration:
            self.close()
            raise

    def close(self) -> None:
        """Give the place back, once."""
        if not self._closed:
            self._closed = True
            self._streams.dec()
            _open.release()

    def begin(self) -> bytes:
        """The first chunk."""
        return b"retry: 2000\n\n"

    def beat(self) -> bytes:
        """The chunk that shows that the stream is alive."""
        return b": still here\n\n"

    def known(self) -> bytes | None:
        """The events behind `after`, which then lies behind them; None when they must be read."""
        found = self._here.tail.get(self.after)
        if found is None:
            return None
        self.after, chunk = found
        return chunk

    def read(self) -> bytes:
        """As `known`, read from the log; empty when there are none."""
        events = read_log(self._here, self.after + 1, HEARTBEAT_SECONDS, self._read)
        if not events:
            return b""
        chunk = b"".join(b"id: %d\ndata: %b\n\n" % (e.position, orjson.dumps(e.as_dict())) for e in events)
        self._here.tail.put(self.after, events[-1].position, chunk)
        self.after = events[-1].position
        return chunk

    def _read(self, connection: Connection) -> Sequence[Event]:
        return store.read(connection, after=self.after, limit=200)

    def _follow(self) -> Iterator[bytes]:
        """Every event behind a position, as it comes, with a heartbeat in between."""
        yield self.begin()
        while not self._here.watch.closed:
            if self._here.watch.wait(self.after, HEARTBEAT_SECONDS) <= self.after:
                yield self.beat()
            elif chunk := self.known() or self.read():
                yield chunk
