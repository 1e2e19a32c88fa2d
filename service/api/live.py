"""Live events as server-sent events: `id` is the position, so a reader resumes with nothing missed or doubled."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import orjson
from flask import Response, request

from events import store
from events.standbys import Source
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
    return Response(stream, mimetype="text/event-stream", headers=headers)


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
    """The chunks of one stream; closing it, or ending the program, gives its place back."""

    def __init__(self, here: Context, after: int) -> None:
        self._chunks = follow(here, after)
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


def follow(here: Context, after: int) -> Iterator[bytes]:
    """Every event behind a position, as it comes, with a heartbeat in between."""
    yield b"retry: 2000\n\n"
    while not here.watch.closed:
        if here.watch.wait(after, HEARTBEAT_SECONDS) <= after:
            yield b": still here\n\n"
            continue
        events = read_log(here, after + 1, HEARTBEAT_SECONDS, partial(store.read, after=after, limit=200))
        if events:
            after = events[-1].position
            yield b"".join(b"id: %d\ndata: %b\n\n" % (e.position, orjson.dumps(e.as_dict())) for e in events)
