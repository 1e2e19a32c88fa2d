"""What every request needs: settings, database, the committer, the watch on the log, standbys, and the clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from flask import current_app

from events.committer import Committer
from events.database import Database
from events.standbys import Standbys
from events.types import EPOCH
from events.watch import Watch
from service.metrics import Metrics
from service.remembered import Remembered
from service.settings import Settings
from service.tail import Tail
from service.tokens import Recent

KEY = "depositary"


@dataclass(frozen=True, kw_only=True)
class Context:
    """Made once by `service.app.create_app`; `clock` gives microseconds since 1970."""

    settings: Settings
    database: Database
    committer: Committer
    watch: Watch
    standbys: Standbys
    clock: Callable[[], int]
    metrics: Metrics
    remembered: Remembered = field(default_factory=Remembered)
    recent: Recent = field(default_factory=Recent)
    tail: Tail = field(default_factory=Tail)

    def today(self) -> dt.date:
        """The civil day in UTC."""
        return (EPOCH + dt.timedelta(microseconds=self.clock())).date()

    def close(self) -> None:
        """End the threads and connections."""
        self.metrics.close()
        self.watch.close()
        self.committer.close()
        self.standbys.close()
        self.database.close()


def context() -> Context:
    """The context of the application that answers this request."""
    return cast(Context, current_app.extensions[KEY])
