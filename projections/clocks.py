"""The two clocks of every view: as of which day in the world, and known at which position of the log."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Table, and_

from projections.view import ALWAYS, known


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """`as_of` None means that every act counts as happened; `position` is the last one that counts as known."""

    position: int
    as_of: dt.date | None = None

    @property
    def day(self) -> int:
        """`as_of` as a day number (`date.toordinal`), or a number after every day."""
        return self.as_of.toordinal() if self.as_of else ALWAYS

    def knows(self, table: Table) -> ColumnElement[bool]:
        """The condition that a row was true at the position."""
        return known(table, self.position)

    def began(self, table: Table) -> ColumnElement[bool]:
        """The condition that a row's act has happened or may have."""
        return and_(self.knows(table), table.c.earliest <= self.day) if self.as_of else self.knows(table)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The days that count: from `since` (or ever) to `as_of` (or ever)."""

    since: dt.date | None = None
    as_of: dt.date | None = None

    @property
    def bounds(self) -> tuple[int, int]:
        """First and last day as day numbers."""
        since = self.since.toordinal() if self.since else 0
        return since, self.as_of.toordinal() if self.as_of else ALWAYS

    def holds(self, earliest: int, latest: int) -> bool:
        """Whether an act lies in the window for certain."""
        first, last = self.bounds
        return first <= earliest and latest <= last

    def may_hold(self, earliest: int, latest: int) -> bool:
        """Whether an act lies in the window or may lie in it."""
        first, last = self.bounds
        return first <= last and latest >= first and earliest <= last
