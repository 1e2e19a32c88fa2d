"""What a running service says of itself to Prometheus: how requests and appends go, and how far the views are.

Several web processes add up what they count in files of one folder; what the database knows is read when asked for.
"""

from __future__ import annotations

import os
import threading
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from events import store
from events.database import Database
from projections import checkpoints, lease
from service.settings import COUNTS

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
PERIOD_SECONDS = 0.5
EVENTS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000)
APPENDS, GROUPS = ("appends",), ("groups",)


class Metrics:
    """The counts of one process. As the committer's observer it is told how appending goes.

    What it is told is only noted; a thread adds it up twice a second, so that requests do not wait for each other here.
    """

    def __init__(self, database: Database) -> None:
        self._database, own = database, CollectorRegistry()
        self._noted: deque[tuple[tuple[Any, ...], float]] = deque()
        self._queued = 0
        self._adding, self._stop = threading.Lock(), threading.Event()
        self._thread: threading.Thread | None = None
        self._registry = own
        labels = ("method", "route", "status")
        self._requests = Histogram(
            "depositary_http_request_seconds", "Answering a request", labels, buckets=SECONDS, registry=own
        )
        self._appends = Histogram(
            "depositary_append_seconds",
            "From taking over to having on disk",
            buckets=SECONDS,
            registry=own,
        )
        self._groups = Histogram(
            "depositary_append_events", "Events committed in one transaction", buckets=EVENTS, registry=own
        )
        self._own = {APPENDS: self._appends, GROUPS: self._groups}
        self._waiting = Gauge(
            "depositary_append_queue",
            "Appends that wait for the next transaction",
            multiprocess_mode="livesum",
            registry=own,
        )
        self.streams = Gauge(
            "depositary_live_streams", "Live streams that are open", multiprocess_mode="livesum", registry=own
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered, after so long."""
        self._noted.append(((method, route, status), seconds))
        if self._thread is None:
            self._start()

    def appended(self, seconds: Sequence[float]) -> None:
        """See `events.committer.Observer`."""
        self._noted.extend([(APPENDS, one) for one in seconds])

    def committed(self, events: int, waiting: int) -> None:
        """See `events.committer.Observer`."""
        self._noted.append((GROUPS, events))
        self._queued = waiting

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread:
            self._thread.join()

    def _start(self) -> None:
        with self._adding:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="metrics", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(PERIOD_SECONDS):
            self._add_up()

    def _add_up(self) -> None:
        with self._adding:
            noted: dict[tuple[Any, ...], list[float]] = {}
            while self._noted:
                key, value = self._noted.popleft()
                noted.setdefault(key, []).append(value)
            for key, values in noted.items():
                _observe(self._own.get(key) or self._requests.labels(*key), values)
            self._waiting.set(self._queued)

    def text(self) -> bytes:
        """Everything in the text format of Prometheus, of all processes."""
        self._add_up()
        registry = self._registry
        if folder := os.environ.get(COUNTS):
            _forget_the_dead(Path(folder))
            registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        state = CollectorRegistry()
        state.register(_State(self._database))
        return generate_latest(registry) + generate_latest(state)


def _observe(histogram: Histogram, values: Sequence[float]) -> None:
    """As `histogram.observe` for each of the values, which costs more than answering a small request does."""
    bounds = histogram._upper_bounds
    histogram._sum.inc(sum(values))
    for bucket, count in Counter(bisect_left(bounds, value) for value in values).items():
        histogram._buckets[bucket].inc(count)


class _State(Collector):
    """What the database knows: the log's head, each view's progress, and who leads until when."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One snapshot; nothing but `depositary_database_up 0` when the database does not answer."""
        up = GaugeMetricFamily("depositary_database_up", "Whether the database answers")
        try:
            families = self._read()
            up.add_metric([], 1)
        except SQLAlchemyError:
            families = []
            up.add_metric([], 0)
        yield from [up, *families]

    def _read(self) -> list[GaugeMetricFamily]:
        with self._database.read() as connection:
            head = store.head(connection).position
            views = [one for one in checkpoints.every(connection) if one.live]
            leads = lease.seconds_left(connection)
        log = GaugeMetricFamily("depositary_log_position", "Last position of the log", value=head)
        of_view = ["projection"]
        at = GaugeMetricFamily("depositary_projection_position", "Last position a view holds", labels=of_view)
        lag = GaugeMetricFamily("depositary_projection_lag_events", "Events a view lacks", labels=of_view)
        stopped = GaugeMetricFamily("depositary_projection_stopped", "Whether a view has stopped", labels=of_view)
        held = GaugeMetricFamily("depositary_lease_seconds", "How long a lease yet holds", labels=["lease", "holder"])
        for one in views:
            at.add_metric([one.projection], one.position)
            lag.add_metric([one.projection], head - one.position)
            stopped.add_metric([one.projection], one.status == "stopped")
        for name, holder, seconds in leads:
            held.add_metric([name, holder], seconds)
        return [log, at, lag, stopped, held]


def _forget_the_dead(folder: Path) -> None:
    """Leave out what processes that have ended said of the present."""
    for path in folder.glob("gauge_live*_*.db"):
        number = path.stem.rpartition("_")[2]
        if number.isdigit() and not _alive(int(number)):
            with suppress(OSError):
                path.unlink()


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True
