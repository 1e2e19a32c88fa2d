"""What a database server was last heard to hold, so that nobody waits for one that does not answer.

Each server is asked twice a second by a thread of its own. One that fails, or is silent for too long, is out until
it answers again; when it hangs, another thread ends all connections to it, and with them the waiting.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from events.database import Database, connect

PERIOD_SECONDS, SILENT_SECONDS, HUNG_SECONDS = 0.5, 2.5, 10.0
LOG = logging.getLogger("depositary.standbys")
QUESTION = text(
    "SELECT pg_is_in_recovery() AS follows, position AS head,"
    " (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END"
    " - '0/0'::pg_lsn)::bigint AS wal,"
    " (SELECT leaf_hash FROM events WHERE events.position = log_head.position) AS last FROM log_head"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One answer: asked `at` (monotonic seconds), the server had `wal` bytes of its write-ahead log in its tables.

    `head` is the log's last position there, `last` the leaf hash of the event at it; `follows` tells a standby.
    """

    at: float
    follows: bool
    wal: int
    head: int
    last: bytes | None


class Server:
    """One server. `fault` gives the reason why an answer makes it unfit; `then` is done after each good one.

    `proven` tells that its last event was the primary's when it was compared last, `diverged` that it was not.
    It is asked over a connection of its own, so that a crowd of readers does not make it seem silent.
    """

    def __init__(
        self,
        database: Database,
        name: str,
        fault: Callable[[Heard], str | None] = lambda heard: None,
        then: Callable[[Connection], None] | None = None,
    ) -> None:
        self.database, self.name = database, name
        self._own = connect(database.url, database.leading)
        self._fault, self._then = fault, then
        self._heard: deque[Heard] = deque(maxlen=10_000 if then else 1)
        self._out: str | None = None
        self.proven = self.diverged = False
        self._began = time.monotonic()
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._asked: float | None = None
        self._threads = [
            threading.Thread(target=work, name=f"hearing {name}", daemon=True) for work in (self._listen, self._cut)
        ]

    def start(self) -> None:
        """Begin to ask."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Ask no more; a question that hangs is not waited for."""
        self._stop.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(1.0)
        self._own.close()

    @property
    def heard(self) -> Heard | None:
        """The last answer."""
        with self._lock:
            return self._heard[-1] if self._heard else None

    def since(self, moment: float) -> Heard | None:
        """The first answer asked for at `moment` or later; what is older is forgotten, but for the last."""
        with self._lock:
            while len(self._heard) > 1 and self._heard[0].at < moment:
                self._heard.popleft()
            return self._heard[0] if self._heard and self._heard[0].at >= moment else None

    def trouble(self) -> str | None:
        """Why it is left out; None while it is not."""
        heard = self.heard
        silent = time.monotonic() - (heard.at if heard else self._began) > SILENT_SECONDS
        return self._out or ("does not answer in time" if silent else None)

    def leave_out(self, reason: str) -> None:
        """Leave it out until it answers well again."""
        if self._out is None:
            LOG.warning("%s is left out: %s", self.name, reason.strip().partition("\n")[0])
        self._out, self.proven = reason, False

    def compared(self, same: bool) -> None:
        """Take down whether its last event was the primary's."""
        if self.diverged == same:
            LOG.warning("%s %s", self.name, "is at one with the primary again" if same else "has diverged")
        self.proven, self.diverged = same, not same

    def _listen(self) -> None:
        while not self._stop.is_set():
            try:
                self._ask()
            except SQLAlchemyError as error:
                self.leave_out(str(getattr(error, "orig", None) or error))
            self._asked = None
            self._stop.wait(PERIOD_SECONDS)

    def _cut(self) -> None:
        while not self._stop.wait(1.0):
            asked = self._asked
            if asked and time.monotonic() - asked > HUNG_SECONDS:
                self.leave_out(f"has not answered for {HUNG_SECONDS:.0f} seconds; all connections to it are ended")
                self._asked = None
                self._own.cut()
                self.database.cut()

    def _ask(self) -> None:
        at = self._asked = time.monotonic()
        with self._own.read() as connection:
            heard = Heard(at=at, **connection.execute(QUESTION).one()._mapping)
            if self._then:
                self._then(connection)
        fault = self._fault(heard)
        if fault:
            self.leave_out(fault)
            return
        with self._lock:
            self._heard.append(heard)
        if self._out:
            LOG.warning("%s is taken back", self.name)
        self._out = None
