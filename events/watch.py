"""Wait for the log to grow: a hint wakes the waiting at once, and a look at the head now and then makes it sure."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from events import store
from events.database import Database

POLL_SECONDS = 0.01
LISTEN_SECONDS = 1.0


class Watch:
    """Knows the head of the log, from a thread that starts with the first question and ends with `close`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._head = 0
        self._told: list[Callable[[], None]] = []

    def wait(self, after: int, timeout: float) -> int:
        """The head, as soon as it lies behind the position `after`, at the latest when `timeout` seconds are over."""
        self._start()
        with self._changed:
            self._changed.wait_for(lambda: self._head > after or self._stop.is_set(), timeout)
            return self._head

    @property
    def head(self) -> int:
        """The head as it was last seen."""
        return self._head

    def tell(self, listener: Callable[[], None]) -> None:
        """Call a function in the watch's thread whenever the log has grown, and once at the end."""
        self._told.append(listener)
        self._start()

    @property
    def closed(self) -> bool:
        """Whether the program is about to end."""
        return self._stop.is_set()

    def close(self) -> None:
        """Wake all that wait, and end the thread."""
        self._stop.set()
        self._notify()
        if self._thread:
            self._thread.join()

    def _start(self) -> None:
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                if self._database.is_sqlite:
                    self._poll()
                else:
                    self._listen()
            except (DBAPIError, OSError):
                self._stop.wait(LISTEN_SECONDS)

    def _look(self) -> None:
        with self._database.read() as connection:
            position = store.head(connection).position
        with self._changed:
            changed, self._head = position != self._head, position
        if changed:
            self._notify()

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()
        for listener in self._told:
            listener()

    def _poll(self) -> None:
        """SQLite: `data_version` changes when another connection has committed."""
        with self._database.reading.connect() as connection:
            raw = connection.connection.cursor()
            seen, looked = None, 0.0
            while not self._stop.wait(POLL_SECONDS):
                version = raw.execute("PRAGMA data_version").fetchone()
                if version != seen or time.monotonic() - looked > LISTEN_SECONDS:
                    seen, looked = version, time.monotonic()
                    self._look()

    def _listen(self) -> None:
        """PostgreSQL: each append notifies; without a hint, look once a second."""
        options = {"isolation_level": "AUTOCOMMIT"}
        with self._database.writing.connect().execution_options(**options) as connection:
            connection.execute(text("LISTEN depositary"))
            driver = connection.connection.driver_connection
            assert driver is not None
            try:
                while not self._stop.is_set():
                    self._look()
                    for _ in driver.notifies(timeout=LISTEN_SECONDS, stop_after=1):
                        pass
            finally:
                connection.execute(text("UNLISTEN depositary"))
