"""When the open streams of a web process are told that there is more to send."""

from __future__ import annotations

import asyncio

from events.watch import Watch
from service.api.live import HEARTBEAT_SECONDS

STREAM_SECONDS = 0.000_25
"""The time between two rounds of sending is at least so long for each stream that is open: 0.2 seconds for 800."""


class Growth:
    """Tells all streams together that the log has grown, or that it is time for a sign of life."""

    def __init__(self, loop: asyncio.AbstractEventLoop, watch: Watch) -> None:
        self._loop, self._watch, self._listening = loop, watch, False
        self._told, self._telling = 0.0, False
        self.followers = 0
        self.next: asyncio.Future[bool] = loop.create_future()

    def listen(self) -> None:
        """Begin to be told, with the first stream."""
        if not self._listening:
            self._listening = True
            self._watch.tell(self._grown)
            self._beat()

    def _grown(self) -> None:
        """Called by the watch, from its thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._soon)

    def _soon(self) -> None:
        """Tell, but not so often that the streams leave no time for anything else."""
        if not self._telling:
            self._telling = True
            until = self._told + self.followers * STREAM_SECONDS
            self._loop.call_later(0 if self._watch.closed else max(0.0, until - self._loop.time()), self._tell)

    def _tell(self) -> None:
        self._telling, self._told = False, self._loop.time()
        self._wake(grown=True)

    def _beat(self) -> None:
        self._wake(grown=False)
        self._loop.call_later(HEARTBEAT_SECONDS, self._beat)

    def _wake(self, *, grown: bool) -> None:
        self.next.set_result(grown)
        self.next = self._loop.create_future()
