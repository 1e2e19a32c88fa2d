"""The tally from sums: how many meetings lie in the window without looking at each of them.

A meeting lies in the window when its first day is not before `since` and its last not after `as_of`. So the count is
all whose last day is not after `as_of`, less those that begin before `since`, but for the few that span the window.
Sums by months are kept as of the checkpoint; a state shortly before it is that less the streams that changed since.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import replace
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, Table, and_, cast, func, literal, or_, select

from events.tables import events, stream_versions
from projections.clocks import Clocks
from projections.tables import checkpoints
from projections.tallies import SPANS, Tally, TallyQuery, month, ranked, tables, tallies
from projections.view import Tables

RECENT = 2_000
"""How many positions before the checkpoint a state of the record may lie to be counted from its sums."""

FEW = 50
"""For fewer parties, only theirs are looked up."""

Numbers = Counter[str]


def tallied(connection: Connection, generation: int, clocks: Clocks, query: TallyQuery) -> list[Tally]:
    """As `tallies.tallies`, without `days`."""
    whole = replace(query, since=None, parties=()) == TallyQuery(of=query.of)
    reached = _reached(connection, generation)
    if not whole or reached - clocks.position > RECENT:
        return [replace(tally, days=[]) for tally in tallies(connection, generation, clocks, query)]
    if query.since and clocks.as_of and query.since > clocks.as_of:
        return []
    sums = _Sums(connection, tables(generation), replace(clocks, position=reached), query)
    counted, begun = sums.window(None)
    if reached > clocks.position:
        changed = sums.table.c.stream_id.in_(_changed(clocks.position, reached))
        for clock, sign in ((sums.clocks, -1), (clocks, 1)):
            less, other = _Sums(connection, sums.made, clock, query).window(changed)
            counted.update({party: sign * n for party, n in less.items()})
            begun.update({party: sign * n for party, n in other.items()})
    found = {party: Tally(party, count=counted[party], possible=begun[party] - counted[party]) for party in begun}
    _date(connection, sums.made, clocks, query, found)
    return ranked(found.values())


class _Sums:
    """Numbers of meetings by party, at one state of the record."""

    def __init__(self, connection: Connection, made: Tables, clocks: Clocks, query: TallyQuery) -> None:
        self.connection, self.made, self.clocks, self.query = connection, made, clocks, query
        self.table = made["meetings"]

    def window(self, only: ColumnElement[bool] | None) -> tuple[Numbers, Numbers]:
        """How many lie in the window for certain, and how many may; with `only`, of those meetings, one by one."""
        since, until = self.query.since, self.clocks.as_of
        counted, begun = self._until(1, until, only), self._until(0, until, only)
        if since:
            before = since - dt.timedelta(days=1) if since > dt.date.min else None
            if before:
                counted.subtract(self._until(0, before, only))
                begun.subtract(self._until(1, before, only))
            counted.update(self._spanning(since, until, only))
        return counted, begun

    def _until(self, side: int, day: dt.date | None, only: ColumnElement[bool] | None) -> Numbers:
        """How many have their first (`side` 0) or last (1) day not after a day."""
        column = self.table.c.latest if side else self.table.c.earliest
        if only is not None:
            return self._count(and_(only, column <= day.toordinal()) if day else only)
        if day is None:
            return self._kept(side, None)
        first = day.replace(day=1).toordinal()
        numbers = self._kept(side, month(day))
        numbers.update(self._count(column.between(first, day.toordinal())))
        return numbers

    def _kept(self, side: int, until: int | None) -> Numbers:
        """The sums of all months before one: of whole centuries, then decades, years and months; or of all."""
        table, spans, begin = self.made["counts"], [], 0
        for months in reversed(SPANS):
            end = until // months * months if until is not None else 0
            within = and_(table.c.first >= begin, table.c.first < end) if until is not None else literal(True)
            spans.append(and_(table.c.months == months, within))
            begin = end
        chosen = or_(*spans) if until is not None else spans[0]
        query = select(table.c.party, cast(func.sum(table.c.n), BigInteger))
        query = query.where(table.c.of == self.query.of, table.c.side == side, chosen, *self._parties(table))
        return _numbers(self.connection, query.group_by(table.c.party))

    def _spanning(self, since: dt.date, until: dt.date | None, only: ColumnElement[bool] | None) -> Numbers:
        """How many begin before the window and may end after it."""
        if until is None:
            return Counter()
        table = self.table
        imprecise = table.c.latest > table.c.earliest
        around = and_(imprecise, table.c.earliest < since.toordinal(), table.c.latest > until.toordinal())
        return self._count(around if only is None else and_(only, around))

    def _count(self, where: ColumnElement[bool]) -> Numbers:
        table = self.table
        query = select(table.c.party, func.count()).where(table.c.of == self.query.of, self.clocks.knows(table), where)
        query = query.where(*self._parties(table)).group_by(table.c.party)
        return _numbers(self.connection, query)

    def _parties(self, table: Table) -> list[ColumnElement[bool]]:
        return [table.c.party.in_(self.query.parties)] if self.query.parties else []


def _numbers(connection: Connection, query: Select[str, int]) -> Numbers:
    return Counter({row[0]: row[1] for row in connection.execute(query)})


def _date(connection: Connection, made: Tables, clocks: Clocks, query: TallyQuery, found: dict[str, Tally]) -> None:
    """Find the first and the last meeting that each tally counts, and the one before the window, by one seek each."""
    counts, table = made["counts"], made["meetings"]
    parties = select(counts.c.party).where(counts.c.of == query.of, counts.c.side == 0, counts.c.months == SPANS[-1])
    if len(found) < FEW:
        parties = parties.where(counts.c.party.in_(found))
    party = parties.distinct().subquery()
    first = query.since.toordinal() if query.since else 0
    inside = and_(table.c.earliest >= first, table.c.earliest <= clocks.day, table.c.latest <= clocks.day)
    before = and_(table.c.earliest < first, table.c.latest < first)
    order = (table.c.earliest, table.c.latest, table.c.position)
    down = tuple(column.desc() for column in order)
    mine = select(table.c.occurred_on).where(table.c.of == query.of, clocks.knows(table))

    def one(where: ColumnElement[bool], by: tuple[ColumnElement[int], ...], of: Any) -> Any:
        return mine.where(table.c.party == of, where).order_by(*by).limit(1).scalar_subquery()

    def asked(of: Any) -> list[Any]:
        return [one(inside, order, of), one(inside, down, of), one(before, down, of)]

    rows = {row[0]: row[1:] for row in connection.execute(select(party.c.party, *asked(party.c.party)))}
    for code, tally in found.items():
        dates = rows[code] if code in rows else connection.execute(select(*asked(code))).one()
        tally.first, tally.last = dates[:2] if tally.count else (None, None)
        tally.previous = dates[2]


def _changed(position: int, reached: int) -> Select[int]:
    """The streams with an event between two positions, by the position of their first."""
    later = select(events.c.stream).where(events.c.position > position, events.c.position <= reached)
    return select(stream_versions.c.position).where(stream_versions.c.version == 1, stream_versions.c.stream.in_(later))


def _reached(connection: Connection, generation: int) -> int:
    where = (checkpoints.c.projection == "tallies") & (checkpoints.c.generation == generation)
    return connection.scalar(select(checkpoints.c.position).where(where)) or 0
