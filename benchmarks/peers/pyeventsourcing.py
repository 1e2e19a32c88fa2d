"""pyeventsourcing (`eventsourcing` on PyPI), on SQLite and on PostgreSQL.

As its documentation has it: an Application saves aggregates, whose events are read back from the notification log
through the mapper. A batch is one `save` of many aggregates, which is one transaction. SQLite runs with the
write-ahead log, which it turns on by itself, and synchronous=FULL, which is what it leaves; PostgreSQL with the
pool's maximum raised so that no writer waits for a connection, and with its faster database functions where
PEER_DB_FUNCTIONS=1. A view is kept as its tracking recorders are meant to: one transaction per event.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import address
import protocol
import workload
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import InfrastructureFactory, Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.sqlite import SQLiteTrackingRecorder
from workload import Event

CREATE = "CREATE TABLE IF NOT EXISTS tallies (pair text PRIMARY KEY, count bigint NOT NULL)"
COUNT = "INSERT INTO tallies VALUES ({}, 1) ON CONFLICT (pair) DO UPDATE SET count = tallies.count + 1"


class Meeting(Aggregate):
    """One meeting."""

    @event("Held")
    def __init__(self, content: Event) -> None:
        self.content = content

    @staticmethod
    def create_id(content: Event) -> UUID:
        """The event's own id."""
        return UUID(content["id"])


class SQLiteTallies(SQLiteTrackingRecorder):
    """The view on SQLite."""

    def count(self, pair: str, tracking: Tracking) -> None:
        """Count one meeting, once."""
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(COUNT.format("?"), (pair,))


class PostgresTallies(PostgresTrackingRecorder):
    """The view on PostgreSQL."""

    def count(self, pair: str, tracking: Tracking) -> None:
        """Count one meeting, once."""
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(COUNT.format("%s"), (pair,), prepare=True)


def environment(url: str) -> dict[str, str]:
    """The settings for a database."""
    if path := address.sqlite_path(url):
        return {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": path, "SQLITE_LOCK_TIMEOUT": "30"}
    at = address.parse(url)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": at.name,
        "POSTGRES_HOST": at.host,
        "POSTGRES_PORT": str(at.port),
        "POSTGRES_USER": at.user,
        "POSTGRES_PASSWORD": at.password or "none",
        "POSTGRES_POOL_SIZE": "16",
        "POSTGRES_MAX_OVERFLOW": "8",
        "POSTGRES_MAX_WAITING": "1000",
        "POSTGRES_ENABLE_DB_FUNCTIONS": os.environ.get("PEER_DB_FUNCTIONS", "no"),
    }


class Store:
    """An Application and its notification log."""

    def __init__(self, url: str) -> None:
        self.sqlite = url.startswith("sqlite")
        self.application: Application[UUID] = Application(env=environment(url))
        if self.sqlite:
            with self.application.factory.datastore.transaction(commit=False) as cursor:  # type: ignore[attr-defined]
                cursor.execute("PRAGMA synchronous")
                if cursor.fetchone()[0] != 2:
                    raise RuntimeError("SQLite does not run with synchronous=FULL")

    def append(self, events: Sequence[Event]) -> None:
        """Save one aggregate per event, in one transaction."""
        self.application.save(*(Meeting(content) for content in events))

    def read(self, after: int, limit: int) -> list[tuple[int, Event]]:
        """A part of the notification log."""
        found = self.application.recorder.select_notifications(after, limit, inclusive_of_start=False)
        mapper = self.application.mapper
        return [(each.id, self._content(mapper.to_domain_event(each))) for each in found]

    def _content(self, found: Any) -> Event:
        content: Event = found.content
        return content

    def view(self, count: int) -> int:
        """Count the first meetings in a table, each in a transaction with its tracking."""
        factory: Any = InfrastructureFactory.construct(env=self.application.env)
        view = factory.tracking_recorder(SQLiteTallies if self.sqlite else PostgresTallies)
        with view.datastore.transaction(commit=True) as cursor:
            cursor.execute(CREATE)
        done = 0
        while done < count and (page := self.read(done, min(count - done, protocol.PAGE))):
            for position, content in page:
                view.count(workload.pair(content), Tracking(self.application.name, position))
            done += len(page)
        factory.close()
        return done

    def close(self) -> None:
        """Let go of the database."""
        self.application.close()


if __name__ == "__main__":
    protocol.main(Store, ["eventsourcing", "psycopg"])
