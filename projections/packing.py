"""Gathers points into blocks, and blocks into larger ones, beside the folding: nothing here changes what is counted.

What a block holds follows from its points alone. So it does not matter who makes it, nor whether a part of it is there
already, left by one who was stopped; it counts from when it is marked as complete, which goes in the order of numbers.
A crash may take the last of these transactions back: so what is there is looked up anew before anything is marked.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, delete, func, select

from events import bulk
from events.database import Database
from projections import blocks
from projections.blocks import LEVELS, Slice, built, decode, encode, mark
from projections.folding import Changes, set_rows
from projections.view import BLOCKS, POINTS, Key, Tables

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

END: Point = (-1, "", 0)
"""A point behind all others, of no day."""

Block = tuple[int, int, str, int, bytes]
"""A row of the table of blocks: (level, number, series, day, body)."""


@dataclass(frozen=True, kw_only=True)
class Written:
    """What a part of the log changes in a view, as it is written: plain values, which another process may have made.

    `blocks` are the blocks of level 0 that lie in it as a whole, by number; `points` those of the other positions.
    """

    inserts: Mapping[str, Sequence[Sequence[Any]]]
    closes: Mapping[str, Sequence[tuple[int, Key]]]
    sets: Sequence[tuple[Any, ...]]
    blocks: Sequence[tuple[int, Sequence[Block]]]
    points: Sequence[Row]


def written(changes: Changes, after: int, until: int) -> Written:
    """What the events behind one position until another change."""
    size = blocks.BASE
    whole = range(-(-after // size), until // size)
    by_block: dict[int, list[Row]] = {number: [] for number in whole}
    rest: list[Row] = []
    for row in changes.points:
        by_block.get((row[1] - 1) // size, rest).append(row)
    return Written(
        inserts=changes.inserts,
        closes=changes.closes,
        sets=sorted(set_rows(changes.sets)),
        blocks=[(number, list(_blocks(number, rows))) for number, rows in by_block.items()],
        points=rest,
    )


def add(connection: Connection, tables: Tables, changes: Written) -> None:
    """Write points: as blocks where those are the next, or as rows, of which the packer makes blocks later."""
    rows, following = list(changes.points), built(connection, tables)[0] if changes.blocks else 0
    for number, made in changes.blocks:
        if number == following:
            bulk.add(connection, tables[BLOCKS], [*made, _mark(0, number)])
            following += 1
        else:
            rows += _rows(number, made)
    bulk.add(connection, tables[POINTS], rows)


def _rows(number: int, made: Sequence[Block]) -> Iterator[Row]:
    """The points of a block of level 0."""
    for _, _, series, _, body in made:
        part = decode(body)
        for offset, (day, value, n) in zip(part.offsets, part.points(), strict=True):
            yield series, number * blocks.BASE + offset, day, value, n


def _blocks(number: int, rows: Iterable[Row]) -> Iterator[Block]:
    """A block of level 0, series by series."""
    first = number * blocks.BASE
    ordered = sorted((series, day, value, position - first, n) for series, position, day, value, n in rows)
    for series, those in groupby(ordered, key=itemgetter(0)):
        part = base([row[1:] for row in those])
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
            for part in slices(children):
                rows.append((level, number, series, part.first, encode(part)))
                size += len(rows[-1][-1])
                if size > TOGETHER:
                    yield rows
                    rows, size = [], 0
        yield rows

    def _children(self, level: int, first: int, last: int) -> Iterator[tuple[str, Iterable[Point]]]:
        """Each series of some blocks with its points in order: of large blocks only as they are needed."""
        table = self.tables[BLOCKS]
        those = (table.c.level == level) & table.c.number.between(first, last)
        if (last + 1 - first) * blocks.BASE * blocks.FAN**level > AT_ONCE:
            with self.database.read() as connection:
                names = sorted(connection.scalars(select(table.c.series).where(those).distinct()))
            for series in names:
                parts = (_points(self._bodies(level, child, series)) for child in range(first, last + 1))
                yield series, heapq.merge(*parts)
            return
        found: dict[str, list[Point]] = {}
        with self.database.read() as connection:
            for series, body in connection.execute(select(table.c.series, table.c.body).where(those)):
                found.setdefault(series, []).extend(decode(bytes(body)).points())
        for series in sorted(found):
            yield series, sorted(found.pop(series))

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


def base(points: Sequence[tuple[int, str, int, int]]) -> Slice:
    """The one slice of a block of level 0, of points (day, value, offset, n) in order."""
    days, named, offsets, ns = zip(*points, strict=True)
    first, values = days[0], list(dict.fromkeys(named))
    numbers = {value: nth for nth, value in enumerate(values)}
    return Slice(first, values, (), [day - first for day in days], [numbers[value] for value in named], ns, offsets)


def slices(points: Iterable[Point]) -> Iterator[Slice]:
    """Points in order as slices, each with the sums of those before it; points that cancel each other are left out.

    No two slices begin on one day.
    """
    numbers, sums, before = dict[str, int](), list[int](), list[int]()
    first, days, nths, ns = 0, list[int](), list[int](), list[int]()
    (last, named), total, least = (0, ""), 0, LEAST
    for day, value, n in chain(points, (END,)):
        if day == last and value == named:
            total += n
            continue
        if total:
            nth = numbers.setdefault(named, len(sums))
            if nth == len(sums):
                sums.append(0)
            sums[nth] += total
            if not days:
                first = last
            days.append(last - first)
            nths.append(nth)
            ns.append(total)
        if day != last and len(days) >= least:
            yield Slice(first, list(numbers), before, days, nths, ns)
            before, days, nths, ns = sums[:], [], [], []
            least = max(LEAST, SHARE * len(before))
        last, named, total = day, value, n
    if days:
        yield Slice(first, list(numbers), before, days, nths, ns)
