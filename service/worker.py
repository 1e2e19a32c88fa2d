"""The worker keeps the views abreast of the log and runs the scheduled jobs. Any number may run; one leads.

Jobs are the literal table below, kept in no store: every worker has the same, and a claim in the database decides
who runs a firing that must happen once.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable
from datetime import UTC

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from events.clock import now
from events.database import Database, is_away
from events.standbys import Standbys
from events.watch import Watch
from projections.ahead import cores
from projections.checkpoints import Fenced
from projections.engine import Runner
from projections.registry import VIEWS
from service import jobs
from service.audit import audit

LOG = logging.getLogger("depositary.worker")
DAY = 86_400


class Worker:
    """Threads that lead while they hold the lease; `clock` gives microseconds since 1970."""

    def __init__(self, database: Database, clock: Callable[[], int] = now) -> None:
        self.database, self.clock = database, clock
        self.holder = f"{socket.gethostname()}:{os.getpid()}"
        self.runner = Runner(database, VIEWS, self.holder, clock, processes=cores())
        self.watch = Watch(database)
        self.primary = Standbys(database)
        self._busy = threading.Lock()
        self._stop = threading.Event()
        self._follower = threading.Thread(target=self._follow, name="follower", daemon=True)
        defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": 300}
        self._scheduler = BackgroundScheduler(timezone=UTC, job_defaults=defaults)

    def jobs(self) -> tuple[tuple[str, object, Callable[[], None]], ...]:
        """Every scheduled job: its name, when it fires, and what it does."""
        return (
            ("heartbeat", IntervalTrigger(seconds=4), self.heartbeat),
            ("catch-up", IntervalTrigger(seconds=1), self.look),
            ("check", CronTrigger(hour=3, minute=17, timezone=UTC), self.check),
        )

    def start(self) -> None:
        """Take the lease if it is free, and begin."""
        self.primary.start()
        self.heartbeat()
        for name, trigger, work in self.jobs():
            self._scheduler.add_job(self._patiently, trigger, id=name, args=(name, work))
        self._scheduler.start()
        self._follower.start()

    def stop(self) -> None:
        """End all threads and give the lease back."""
        self._stop.set()
        self.watch.close()
        self.primary.close()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
        if self._follower.is_alive():
            self._follower.join()
        try:
            self.runner.resign()
        except SQLAlchemyError as error:
            LOG.warning("the lease could not be given back and will run out: %s", error)

    def heartbeat(self) -> None:
        """Keep the lease, or take it when it has become free."""
        led = self.runner.lease is not None
        if led:
            self.runner.lead()
        else:
            with self._busy:
                self.runner.lead()
        if led != (self.runner.lease is not None):
            LOG.info("%s %s", self.holder, "stands by" if led else "leads")

    def catch_up(self) -> None:
        """Bring the views to the head, if this worker leads."""
        with self._busy:
            try:
                while not self._stop.is_set() and self.runner.step():
                    pass
            except Fenced:
                LOG.info("%s was overtaken and stands by", self.holder)

    def look(self) -> None:
        """As `catch_up`, unless that is being done already."""
        if self._busy.acquire(blocking=False):
            self._busy.release()
            self.catch_up()

    def check(self) -> None:
        """The nightly audit, by the leader, once a night."""
        due = self.clock() // 1_000_000 // DAY * DAY
        if self.runner.lease and jobs.claim(self.database, "check", due, self.holder):
            found = audit(self.database)
            jobs.keep(self.database, found, self.clock())
            for line in found.lines[:100]:
                LOG.error("audit: %s", line)
            LOG.info("audit up to position %s: %s differences", found.position, len(found.lines))

    def _patiently(self, name: str, work: Callable[[], None]) -> None:
        """Do a job; while the database is away, it is left to its next firing."""
        try:
            work()
        except DBAPIError as error:
            if not is_away(error):
                raise
            LOG.warning("%s: the database does not answer: %s", name, str(error.orig).strip().partition("\n")[0])

    def _follow(self) -> None:
        """Catch up as soon as the log grows; the scheduled job sees to what this one misses."""
        seen = 0
        while not self._stop.is_set():
            head = self.watch.wait(seen, 1.0)
            if head > seen and not self._stop.is_set():
                seen = head
                try:
                    self.catch_up()
                except SQLAlchemyError as error:
                    LOG.warning("catching up failed and will be tried again: %s", error)
