"""One thread that appends for the whole process: what concurrent requests want goes to disk in one transaction.

Each request keeps its own fate: a refusal never fails its neighbours, and whoever is answered has its events on disk.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy.exc import DBAPIError

from events import store
from events.database import Database, is_away, is_busy
from events.decide import Answer, Sealed, Situation, decide
from events.drafts import Draft
from events.errors import Busy

QUEUE = 2_000


def too_late() -> Busy:
    """What is said to a writer that waited too long."""
    return Busy("The log could not be written in time; nothing was appended.")


GROUP_EVENTS = 5_000

Answers = tuple[Answer, ...]


@dataclass(kw_only=True)
class _Request:
    drafts: Sequence[Draft]
    author: str
    if_match: Sequence[int] | None
    answer: Future[Answers] = field(default_factory=Future)
    came: float = field(default_factory=time.perf_counter)

    def claim(self) -> bool:
        """Whether its writer still waits; if so, the writer waits on until it is answered."""
        return self.answer.running() or (not self.answer.done() and self.answer.set_running_or_notify_cancel())


class Observer(Protocol):
    """Is told how appending goes."""

    def appended(self, seconds: Sequence[float]) -> None:
        """Requests were answered, so long after each came."""

    def committed(self, events: int, waiting: int) -> None:
        """So many events were committed in one transaction, and so many requests wait for the next."""


class Committer:
    """Appends batches in the order they come in. `clock` gives microseconds since 1970."""

    def __init__(self, database: Database, clock: Callable[[], int], observer: Observer | None = None) -> None:
        self._database, self._clock, self._observer = database, clock, observer
        self._queue: queue.Queue[_Request | None] = queue.Queue(QUEUE)
        self._streams = store.StreamCache()
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)
        self._started = threading.Lock()
        self._position = 0

    @property
    def position(self) -> int:
        """The last position that was acknowledged here; 0 before the first."""
        return self._position

    def append(
        self,
        drafts: Sequence[Draft],
        *,
        author: str,
        if_match: Sequence[int] | None = None,
        timeout: float = 20,
    ) -> Answers:
        """Append a batch, all or nothing, and return when it is on disk.

        Raises Refused with every fault, or Busy when the log could not be written in time.
        """
        answer = self.submit(drafts, author=author, if_match=if_match)
        try:
            return answer.result(timeout)
        except TimeoutError:
            if answer.cancel():
                raise too_late() from None
            return answer.result()

    def submit(self, drafts: Sequence[Draft], *, author: str, if_match: Sequence[int] | None = None) -> Future[Answers]:
        """As `append`, without waiting. Cancelling the answer, where that succeeds, means that nothing is appended."""
        request = _Request(drafts=drafts, author=author, if_match=if_match)
        self._hand_over(request)
        return request.answer

    def close(self) -> None:
        """Finish what is waiting, then stop."""
        with self._started:
            if self._thread.is_alive():
                self._queue.put(None)
                self._thread.join()

    def _hand_over(self, request: _Request) -> None:
        """Queue a request for a thread that runs; under the lock, so that none is left to one that is ending."""
        with self._started:
            try:
                self._queue.put_nowait(request)
            except queue.Full:
                raise Busy("Too many appends are waiting. Try again shortly.") from None
            if not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="committer", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        ending = False
        while not ending:
            group, ending = self._gather()
            if group:
                self._commit(group)

    def _gather(self) -> tuple[list[_Request], bool]:
        """Wait for one request, and take all that are waiting with it; and whether to stop after them."""
        first = self._queue.get()
        if first is None:
            return [], True
        group, size = [first], len(first.drafts)
        while size < GROUP_EVENTS:
            try:
                request = self._queue.get_nowait()
            except queue.Empty:
                break
            if request is None:
                return group, True
            group.append(request)
            size += len(request.drafts)
        return group, False

    def _commit(self, group: list[_Request]) -> None:
        try:
            self._settle(group)
        except Exception as failure:
            alone = isinstance(failure, DBAPIError) and not is_busy(failure) and not is_away(failure)
            if alone and len(group) > 1:
                for request in group:
                    self._commit_alone(request)
            else:
                self._fail(group, failure)

    def _commit_alone(self, request: _Request) -> None:
        try:
            self._settle([request])
        except Exception as error:
            self._fail([request], error)

    def _settle(self, group: list[_Request]) -> None:
        """Decide each request on what the ones before it leave, write all, commit, then answer.

        Requests are claimed only under the head's lock, so that who waits for the lock can still give up.
        """
        accepted: list[tuple[_Request, Answers]] = []
        refused: list[tuple[_Request, Exception]] = []
        sealed: list[Sealed] = []
        with self._database.write() as connection:
            head = store.lock_head(connection)
            group = [request for request in group if request.claim()]
            drafts = [draft for request in group for draft in request.drafts]
            situation = store.load(connection, head, drafts, self._streams)
            for request in group:
                try:
                    situation, answers, new = self._decide(situation, request)
                    accepted.append((request, answers))
                    sealed.extend(new)
                except Exception as refusal:
                    refused.append((request, refusal))
            store.write(connection, sealed)
        answered = [answer.position for _, answers in accepted for answer in answers]
        self._position = max([self._position, *answered])
        if self._observer:
            self._observer.committed(len(sealed), self._queue.qsize())
        for name in {one.event.stream for one in sealed}:
            self._streams.put(situation.streams[name])
        for request, error in refused:
            request.answer.set_exception(error)
        for request, answers in accepted:
            request.answer.set_result(answers)
        if self._observer:
            now = time.perf_counter()
            self._observer.appended([now - request.came for request, _ in accepted])

    def _decide(self, situation: Situation, request: _Request) -> tuple[Situation, Answers, Sequence[Sealed]]:
        now = self._clock()
        decision = decide(situation, request.drafts, now=now, author=request.author, if_match=request.if_match)
        return decision.after, decision.answers, decision.sealed

    def _fail(self, group: list[_Request], error: Exception) -> None:
        if isinstance(error, DBAPIError):
            shown: Exception = Busy("The log could not be written just now. Send the same again, with the same ids.")
        else:
            shown = error
        for request in group:
            if request.claim():
                request.answer.set_exception(shown)
