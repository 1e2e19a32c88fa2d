"""A question that is answered in time or not at all, so that a database that hangs cannot hang whoever asks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

Answer = TypeVar("Answer")
SECONDS = 5.0


class Probe(Generic[Answer]):
    """Asks in a thread of its own; while one question hangs, nobody asks another."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._asked: Future[Answer] | None = None

    def ask(self, work: Callable[[], Answer]) -> Answer:
        """What `work` gives. Raises TimeoutError when it takes too long, and whatever `work` raises."""
        with self._lock:
            if self._asked is None or self._asked.done():
                self._asked = Future()
                threading.Thread(target=_answer, args=(self._asked, work), name="probe", daemon=True).start()
            asked = self._asked
        return asked.result(self._seconds)


def _answer(asked: Future[Answer], work: Callable[[], Answer]) -> None:
    try:
        asked.set_result(work())
    except Exception as error:
        asked.set_exception(error)
