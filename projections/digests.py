"""Whether the blocks of a view hold exactly the points that a fresh fold gives, by sums of hashes, in little memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby

from sqlalchemy import Connection, select

from projections import blocks
from projections.blocks import LEVELS, Slice, built, decode
from projections.view import BLOCKS, POINTS, Tables

Digests = Counter[tuple[int, str]]
"""A sum of hashes by number of the block of level 0 and series; the same points give the same, in any order."""

PART = 1_000
"""How many rows are read at once."""


def note(digests: Digests, points: Iterable[tuple[str, int, int, str, int]]) -> None:
    """Add points (series, position, day, value, n) to what is wanted."""
    for series, position, day, value, n in points:
        number, offset = divmod(position - 1, blocks.BASE)
        digests[number, series] += n * hash((offset + 1, day, value))


def differences(connection: Connection, made: Tables, wanted: Digests) -> Iterator[str]:
    """A line for each block, series by series, that does not hold the points that are wanted."""
    found, sums = Digests(), Digests()
    complete = built(connection, made)
    for number, series, part in _slices(connection, made, 0, complete[0]):
        for offset, (day, value, n) in zip(part.offsets, part.points(), strict=True):
            found[number, series] += n * hash((offset, day, value))
            sums[number, series] += n * hash((day, value))
    rows = select(made[POINTS]).where(made[POINTS].c.position > complete[0] * blocks.BASE)
    note(found, map(tuple, connection.execute(rows.execution_options(yield_per=PART))))
    for number, series in sorted({*wanted, *found}):
        if wanted[number, series] != found[number, series]:
            yield f"other points than a fold gives in the series {series!r}, block {number}"
    for level in range(1, LEVELS):
        larger, sums = sums, Digests()
        for (number, series), digest in larger.items():
            if number // blocks.FAN < complete[level]:
                sums[number // blocks.FAN, series] += digest
        yield from _larger(connection, made, level, complete[level], sums)


def _larger(connection: Connection, made: Tables, level: int, complete: int, wanted: Digests) -> Iterator[str]:
    """A line for each block of a level that is not the sum of smaller ones, or whose slices begin with other sums."""
    found = Digests()
    slices = _slices(connection, made, level, complete)
    for (number, series), parts in groupby(slices, key=lambda one: one[:2]):
        sums = Counter[str]()
        for _, _, part in parts:
            if any(sums[value] != n for value, n in zip(part.values, part.before, strict=False)):
                yield f"a slice begins with other sums in the series {series!r}, block {number} of level {level}"
            for day, value, n in part.points():
                sums[value] += n
                found[number, series] += n * hash((day, value))
    for number, series in sorted({*wanted, *found}):
        if wanted[number, series] != found[number, series]:
            yield f"other points than in smaller blocks in the series {series!r}, block {number} of level {level}"


def _slices(connection: Connection, made: Tables, level: int, complete: int) -> Iterator[tuple[int, str, Slice]]:
    table = made[BLOCKS]
    these = select(table).where(table.c.level == level, table.c.number < complete)
    ordered = these.order_by(table.c.number, table.c.series, table.c.day)
    for row in connection.execute(ordered.execution_options(yield_per=PART)):
        yield row.number, row.series, decode(bytes(row.body))
