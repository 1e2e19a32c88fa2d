"""Depositary itself, without HTTP: its committer, its store and its rebuild of the tallies.

Appends go through the committer, as requests do, which commits together what waits together; in the race every
writer has a transaction of its own, which is harder. The rebuild is what `depositary rebuild tallies` does.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import protocol
from workload import ROOT, Event

sys.path.insert(0, str(ROOT))

from events import garbage, store
from events.clock import now
from events.committer import Committer
from events.database import connect
from projections import checkpoints
from projections.ahead import cores
from projections.engine import Runner
from projections.generations import begin_generation
from projections.registry import BY_NAME
from service import migrate
from service.envelope import draft


class Store:
    """The log, with its committer."""

    def __init__(self, url: str) -> None:
        self.database = connect(url)
        migrate.upgrade(self.database)
        self.committer = Committer(self.database, now)
        garbage.settle()  # as every process of the service does once it has started

    def append(self, events: Sequence[Event]) -> None:
        """Judge events as a request's are, and append them."""
        self.committer.append([draft(event, nth) for nth, event in enumerate(events)], author="benchmark")

    def append_alone(self, events: Sequence[Event]) -> None:
        """Append in a transaction of one's own."""
        drafts = [draft(event, nth) for nth, event in enumerate(events)]
        store.append(self.database, drafts, now=now(), author="benchmark")

    def read(self, after: int, limit: int) -> list[tuple[int, Event]]:
        """A part of the log."""
        with self.database.read() as connection:
            found = store.read(connection, after, limit)
        return [(each.position, {"id": each.id, "data": each.content.data}) for each in found]

    def view(self, count: int) -> int:
        """Build a new generation of the tallies from the log, until it is the one that is read."""
        tallies = BY_NAME["tallies"]
        wanted = begin_generation(self.database, tallies, now())
        runner = Runner(self.database, (tallies,), f"benchmark:{os.getpid()}", now, processes=cores())
        while True:
            worked = runner.lead() and runner.step()
            with self.database.read() as connection:
                head, present = store.head(connection).position, checkpoints.every(connection)
            mine = [one for one in present if one.projection == "tallies" and one.generation == wanted]
            if any(one.live and one.position >= head for one in mine):
                runner.resign()
                return head
            if not worked and any(one.status == "stopped" for one in mine):
                raise RuntimeError("the tallies stopped")

    def close(self) -> None:
        """Let go of the database."""
        self.committer.close()
        self.database.close()


if __name__ == "__main__":
    protocol.main(Store, ["SQLAlchemy", "psycopg", "orjson"])
