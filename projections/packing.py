"""Gathers points into blocks, and blocks into larger ones, beside the folding: nothing here changes what is counted.

What a block holds follows from its points alone. So it does not matter who makes it, nor whether a part of it is there
already, left by one who was stopped; it counts from when it is marked as complete, which goes in the order of numbers.
A crash may take the last of these transactions back: so what is there is looked up anew before anything is marked.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, delete, func, select

from events import bulk
from events.database import Database
from projections import blocks
from projections.blocks import LEVELS, Slice, built, decode, encode, mark
from projections.view import BLOCKS, POINTS, Tables

LEAST, SHARE = 256, 4
"""A slice has at least so many points, and so many times the values it begins with."""

TOGETHER = 1_000_000
"""How many bytes of slices are written in one transaction, about."""

AT_ONCE = 65_536
"""The slices of a block of so many positions are all read at once; those of larger ones as they are wanted."""

Row = tuple[str, int, int, str, int]
"""A point as the table has it: (series, position, day, value, n)."""

Point = tuple[int, str, int]
"""(day, value, n)."""

Block = tuple[int, int, str, int, bytes]
"""A row of the table of blocks: (level, number, series, day, body)."""


def add(connection: Connection, tables: Tables, rows: Sequence[Row], after: int, until: int) -> None:
    """Write the points of the positions behind one until another: as blocks where they fill the next, or as rows."""
    number, size = built(connection, tables)[0], blocks.BASE
    if after <= number * size < (number + 1) * size <= until:
        by_block: dict[int, list[Row]] = {}
        for row in rows:
            by_block.setdefault((row[1] - 1) // size, []).append(row)
        for nth in range(number, until // size):
            bulk.add(connection, tables[BLOCKS], [*_blocks(nth, by_block.get(nth, ())), _mark(0, nth)])
        rows = by_block.get(until // size, [])
    bulk.add(connection, tables[POINTS], rows)


def _blocks(number: int, rows: Iterable[Row]) -> Iterator[Block]:
    """A block of level 0, series by series."""
    first = number * blocks.BASE
    ordered = sorted((series, day, value, position - first, n) for series, position, day, value, n in rows)
    for series, those in groupby(ordered, key=itemgetter(0)):
        part = base([point for _, *point in those])
        yield 0, number, series, part.first, encode(part)


def _mark(level: int, number: int) -> Block:
    return mark(level), number, "", 0, b""


class Packer:
    """Makes the blocks of one generation of a view, a little at each step."""

    def __init__(self, database: Database, tables: Tables) -> None:
        self.database, self.tables = database, tables
        self._built: list[int] | None = None
        self._work: Iterator[None] | None = None

    def step(self, position: int) -> bool:
        """Do a part of what can be done while the view stands at a position; whether there may be more."""
        if self._work:
            if next(self._work, self) is self:
                self._work = self._built = None
            return True
        if self._built is None or (self._built[0] + 1) * blocks.BASE <= position:
            with self.database.read() as connection:
                self._built = built(connection, self.tables)
        if (self._built[0] + 1) * blocks.BASE <= position:
            self._pack(self._built[0])
            self._built = None
            return True
        for level in range(1, LEVELS):
            if (self._built[level] + 1) * blocks.FAN <= self._built[level - 1]:
                self._work = self._merge(level, self._built[level])
                return True
        return False

    def _pack(self, number: int) -> None:
        """Make a block of level 0 of rows."""
        points, last = self.tables[POINTS], (number + 1) * blocks.BASE
        with self.database.derive() as connection:
            if built(connection, self.tables)[0] == number:
                those = points.c.position.between(number * blocks.BASE + 1, last)
                rows = [tuple(row) for row in connection.execute(select(points).where(those))]
                bulk.add(connection, self.tables[BLOCKS], [*_blocks(number, rows), _mark(0, number)])
                connection.execute(delete(points).where(points.c.position <= last))

    def _merge(self, level: int, number: int) -> Iterator[None]:
        """Make a larger block of smaller ones, series by series; another try begins anew and finds the same."""
        table, made = self.tables[BLOCKS], 0
        for parts in self._written(level, number):
            with self.database.derive() as connection:
                bulk.add_missing(connection, table, parts)
            made += len(parts)
            yield
        with self.database.derive() as connection:
            here = (table.c.level == level) & (table.c.number == number)
            whole = connection.scalar(select(func.count()).where(here)) == made
            if whole and built(connection, self.tables)[level] == number:
                bulk.add(connection, table, [_mark(level, number)])

    def _written(self, level: int, number: int) -> Iterator[list[Block]]:
        """The slices of a larger block, some at a time."""
        rows, size = list[Block](), 0
        for series, children in self._children(level - 1, number * blocks.FAN, (number + 1) * blocks.FAN - 1):
            ordered = heapq.merge(*map(_points, children))
            for part in slices(ordered):
                rows.append((level, number, series, part.first, encode(part)))
                size += len(rows[-1][-1])
                if size > TOGETHER:
                    yield rows
                    rows, size = [], 0
        yield rows

    def _children(self, level: int, first: int, last: int) -> Iterator[tuple[str, list[Iterable[bytes]]]]:
        """Each series of some blocks with the bodies of its slices, block by block: of large blocks only as needed."""
        table = self.tables[BLOCKS]
        those = (table.c.level == level) & table.c.number.between(first, last)
        if (last + 1 - first) * blocks.BASE * blocks.FAN**level > AT_ONCE:
            with self.database.read() as connection:
                names = sorted(connection.scalars(select(table.c.series).where(those).distinct()))
            for series in names:
                yield series, [self._bodies(level, child, series) for child in range(first, last + 1)]
            return
        found: dict[str, dict[int, list[bytes]]] = {}
        parts = select(table.c.series, table.c.number, table.c.body).where(those).order_by(table.c.number, table.c.day)
        with self.database.read() as connection:
            for series, child, body in connection.execute(parts):
                found.setdefault(series, {}).setdefault(child, []).append(bytes(body))
        for series, children in sorted(found.items()):
            yield series, list(children.values())

    def _bodies(self, level: int, number: int, series: str) -> Iterator[bytes]:
        """The slices of a block in order, each read when it is wanted."""
        table, last = self.tables[BLOCKS], -1
        this = (table.c.level == level) & (table.c.number == number) & (table.c.series == series)
        while True:
            following = select(table.c.day, table.c.body).where(this, table.c.day > last)
            with self.database.read() as connection:
                row = connection.execute(following.order_by(table.c.day).limit(1)).first()
            if row is None:
                return
            last = row.day
            yield bytes(row.body)


def _points(bodies: Iterable[bytes]) -> Iterator[Point]:
    """The points of a block in order, from its slices."""
    return chain.from_iterable(decode(body).points() for body in bodies)


def base(points: Sequence[Sequence[Any]]) -> Slice:
    """The one slice of a block of level 0, of points (day, value, offset, n) in order."""
    first, numbers = points[0][0], dict[str, int]()
    nths = [numbers.setdefault(value, len(numbers)) for _, value, _, _ in points]
    days = [day - first for day, _, _, _ in points]
    return Slice(first, list(numbers), (), days, nths, [n for *_, n in points], [at for _, _, at, _ in points])


def slices(points: Iterable[Point]) -> Iterator[Slice]:
    """Points in order as slices, each with the sums of those before it; points that cancel each other are left out.

    No two slices begin on one day.
    """
    numbers, sums = dict[str, int](), list[int]()
    before, part = list[int](), list[Point]()
    for day, those in groupby(_summed(points), key=itemgetter(0)):
        if len(part) >= max(LEAST, SHARE * len(before)):
            yield _slice(numbers, before, part)
            before, part = sums[:], []
        for _, value, n in those:
            nth = numbers.setdefault(value, len(numbers))
            if nth == len(sums):
                sums.append(0)
            sums[nth] += n
            part.append((day, value, n))
    if part:
        yield _slice(numbers, before, part)


def _slice(numbers: dict[str, int], before: list[int], part: Sequence[Point]) -> Slice:
    first = part[0][0]
    days = [day - first for day, _, _ in part]
    return Slice(first, list(numbers), before, days, [numbers[value] for _, value, _ in part], [n for *_, n in part])


def _summed(points: Iterable[Point]) -> Iterator[Point]:
    for (day, value), those in groupby(points, key=itemgetter(0, 1)):
        if n := sum(n for *_, n in those):
            yield day, value, n
