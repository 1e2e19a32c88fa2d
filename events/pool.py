"""Connections kept for reuse, without a lock where one is free: a crowd of threads would queue for it one by one.

SQLAlchemy's own queue takes a lock to give a connection out and another to take it back; with 64 threads under one
interpreter lock, appends waited there three quarters of their time.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import suppress
from typing import Any

from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry, Pool

PATIENCE_SECONDS = 30.0


class StackPool(Pool):
    """At most `pool_size` connections, the one used last given out first."""

    def __init__(self, creator: Any, pool_size: int = 64, timeout: float = PATIENCE_SECONDS, **options: Any) -> None:
        super().__init__(creator, **options)
        self._size, self._timeout = pool_size, timeout
        self._free: deque[ConnectionPoolEntry] = deque()
        self._made = 0
        self._changed = threading.Condition()
        self._waiting = 0

    def _do_get(self) -> Any:
        try:
            return self._free.pop()
        except IndexError:
            return self._get_slowly()

    def _get_slowly(self) -> Any:
        """Make a connection, or wait for one when there are as many as there may be."""
        end = time.monotonic() + self._timeout
        with self._changed:
            self._waiting += 1
            try:
                while self._made >= self._size:
                    with suppress(IndexError):
                        return self._free.pop()
                    left = end - time.monotonic()
                    if left <= 0 or not self._changed.wait(left):
                        raise PoolTimeout(f"no connection became free in {self._timeout:.0f} seconds")
                self._made += 1
            finally:
                self._waiting -= 1
        try:
            return self._create_connection()
        except BaseException:
            self._gone()
            raise

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        self._free.append(record)
        if self._waiting:
            with self._changed:
                self._changed.notify()

    def _gone(self) -> None:
        with self._changed:
            self._made -= 1
            self._changed.notify()

    def recreate(self) -> StackPool:
        """A new pool of the same kind."""
        return StackPool(
            self._creator,
            pool_size=self._size,
            timeout=self._timeout,
            pre_ping=self._pre_ping,
            recycle=self._recycle,
            echo=self.echo,
            logging_name=self._orig_logging_name,
            reset_on_return=self._reset_on_return,
            _dispatch=self.dispatch,
            dialect=self._dialect,
        )

    def dispose(self) -> None:
        """Close the connections that are free."""
        while True:
            try:
                record = self._free.pop()
            except IndexError:
                return
            record.close()
            self._gone()

    def status(self) -> str:
        """How many there are, and how many are free."""
        return f"{self._made} connections, {len(self._free)} free"
