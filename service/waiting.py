"""What the loop of a web process waits with: answers from threads, deadlines, and turns."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

TURNS, TURN_SECONDS = 3, 0.1
"""How many requests work at a time, and how long each is counted."""


class Arrivals:
    """Brings what threads have done into the loop, what came at the same time together."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop, self._called = loop, False
        self._ready: deque[asyncio.Future[None]] = deque()

    def of(self, answer: Future[Any]) -> asyncio.Future[None]:
        """Is done when the answer is."""
        done = self._loop.create_future()
        answer.add_done_callback(lambda _: self._note(done))
        return done

    def _note(self, done: asyncio.Future[None]) -> None:
        self._ready.append(done)
        if not self._called:
            self._called = True
            self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        self._called = False
        while self._ready:
            done = self._ready.popleft()
            if not done.done():
                done.set_result(None)


class Deadlines:
    """Cancels what is not done after so many seconds. It looks once a second: a timer for each would cost more."""

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._loop, self._seconds, self._looking = loop, seconds, False
        self._waiting: dict[Future[Any] | asyncio.Future[Any], float] = {}

    def add(self, one: Future[Any] | asyncio.Future[Any]) -> None:
        """Watch over one more, until it is taken away."""
        if not self._looking:
            self._looking = True
            self._loop.call_later(min(1.0, self._seconds), self._look)
        self._waiting[one] = self._loop.time() + self._seconds

    def remove(self, one: Future[Any] | asyncio.Future[Any]) -> None:
        """It is done, or waits no more."""
        self._waiting.pop(one, None)

    def cancel(self) -> None:
        """Let nothing wait any longer."""
        for one in self._waiting:
            one.cancel()
        self._waiting.clear()

    def _look(self) -> None:
        now = self._loop.time()
        late = [one for one, end in itertools.takewhile(lambda each: each[1] < now, self._waiting.items())]
        for one in late:
            del self._waiting[one]
            one.cancel()
        self._looking = bool(self._waiting)
        if self._looking:
            self._loop.call_later(min(1.0, self._seconds), self._look)


class Turns:
    """Lets few requests work at a time, in the order they came: a crowd of threads waits more than it works.

    A turn ends with the request, or soon: a request that waits for a database must not keep the others waiting.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop, self._left = loop, TURNS
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self) -> Callable[[], None]:
        """Wait for a turn; what ends it, which may be called twice."""
        if self._left:
            self._left -= 1
        else:
            mine = self._loop.create_future()
            self._waiting.append(mine)
            await mine
        over = [False]

        def end() -> None:
            if not over[0]:
                over[0] = True
                ending.cancel()
                self._end()

        ending = self._loop.call_later(TURN_SECONDS, end)
        return end

    def _end(self) -> None:
        while self._waiting:
            first = self._waiting.popleft()
            if not first.done():
                first.set_result(None)
                return
        self._left += 1
