"""How many things of each value there are as of any day, known at any position, without looking at each of them.

A *series* holds signed points (position, day, value, n): from that position of the log on, n things more of a value
are known to count from that day on. So the number as of D known at P is a sum over all points with position ≤ P and
day ≤ D; a correction is −1 and +1 at one position, and late news is no special case. New points are rows. `packing.py`
gathers them into blocks of `BASE` positions and those into ever larger ones, none of which ever changes, so that any P
is the sum of a few blocks; and of a large one only a slice is read, because each begins with the sum of those before.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from struct import Struct
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TextClause,
    text,
)

from projections.view import BLOCKS, POINTS, Tables

BASE, FAN = 512, 8
"""How many positions the smallest blocks hold, and how many blocks make a larger one."""

LEVELS = 8
"""How many sizes of blocks there are at most."""

SIZES = {"B": 1, "b": 1, "H": 2, "h": 2, "I": 4, "i": 4, "q": 8}
"""The types of whole numbers, with their bytes, of which an array is kept in the narrowest that fits."""

HEAD, PART = Struct("<II"), Struct("<cI")
"""What stands before a slice and before each of its arrays."""

NONE: Sequence[int] = ()


class Ask(NamedTuple):
    """All that counts in a series until a day (a day number)."""

    series: str
    day: int


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a block by days: how many there were of the first values before it, and its points by day.

    Values are numbered from 0. Point i adds `ns[i]` to value `nths[i]` from the day `first + days[i]` on. Blocks of
    level 0 are one slice, and keep how far behind the block's beginning the position of each point lies.
    """

    first: int
    values: Sequence[str]
    before: Sequence[int]
    days: Sequence[int]
    nths: Sequence[int]
    ns: Sequence[int]
    offsets: Sequence[int] = NONE

    def numbers(self, day: int, until: int | None = None) -> list[int]:
        """How many there are of each value until a day; with `until`, of what was known until that offset."""
        found = [*self.before, *[0] * (len(self.values) - len(self.before))]
        end = bisect_right(self.days, day - self.first)
        if until is None:
            for nth, n in zip(self.nths[:end], self.ns[:end], strict=True):
                found[nth] += n
        else:
            for at in range(end):
                if self.offsets[at] <= until:
                    found[self.nths[at]] += self.ns[at]
        return found

    def last(self, day: int, until: int | None = None) -> int:
        """The last day, until a day, on which a point lies; with `until`, of those known until that offset; or 0."""
        end = bisect_right(self.days, day - self.first)
        if until is not None:
            while end and self.offsets[end - 1] > until:
                end -= 1
        return self.first + self.days[end - 1] if end else 0

    def points(self) -> Iterator[tuple[int, str, int]]:
        """Its points as (day, value, n), in order."""
        days, values = map(self.first.__add__, self.days), map(self.values.__getitem__, self.nths)
        return zip(days, values, self.ns, strict=True)


def encode(part: Slice) -> bytes:
    """A slice as bytes: its first day, its values as JSON, and five arrays, each in the narrowest type that fits."""
    values = orjson.dumps(list(part.values))
    arrays = (part.before, part.days, part.nths, part.ns, part.offsets)
    return b"".join([HEAD.pack(part.first, len(values)), values, *map(_packed, arrays)])


def decode(body: bytes) -> Slice:
    """The slice that `encode` wrote."""
    first, at = HEAD.unpack_from(body)
    at, end = at + HEAD.size, len(body)
    values, arrays = orjson.loads(body[HEAD.size : at]), list[Sequence[int]]()
    while at < end:
        code, size = PART.unpack_from(body, at)
        begin, at = at + PART.size, at + PART.size + size
        arrays.append(body[begin:at] if code == b"B" else _unpacked(code, body[begin:at]))
    return Slice(first, values, *arrays)


def _unpacked(code: bytes, packed: bytes) -> array[int]:
    numbers = array(code.decode(), packed)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _packed(numbers: Sequence[int]) -> bytes:
    with suppress(ValueError):  # some number is no byte
        return PART.pack(b"B", len(numbers)) + bytes([*numbers])
    packed = array(_code(numbers), numbers)
    if sys.byteorder == "big":
        packed.byteswap()
    return PART.pack(packed.typecode.encode(), len(numbers) * packed.itemsize) + packed.tobytes()


def _code(numbers: Sequence[int]) -> str:
    """The narrowest type that holds all these numbers."""
    least, most = (min(numbers), max(numbers)) if numbers else (0, 0)
    for code, size in SIZES.items():
        half = 1 << 8 * size - 1
        if (-half <= least and most < half) if code.islower() else (least >= 0 and most < 2 * half):
            return code
    raise OverflowError(most)


def tables(prefix: str, generation: int) -> Tables:
    """`points`: those of positions that no block holds yet. `blocks`: the slices of all blocks, by their first day.

    The slices of a block count only when the block is marked as complete, by a row of the level `mark(level)`.
    """
    points = Table(
        f"{prefix}_points_{generation}",
        MetaData(),
        Column("series", String(40), primary_key=True),
        Column("position", BigInteger, primary_key=True, autoincrement=False),
        Column("day", Integer, primary_key=True, autoincrement=False),
        Column("value", Text, primary_key=True),
        Column("n", Integer, nullable=False),
        info={"keys": ("series", "position", "day", "value"), "values": ("n",)},
        sqlite_with_rowid=False,
    )
    blocks = Table(
        f"{prefix}_blocks_{generation}",
        MetaData(),
        Column("level", Integer, primary_key=True, autoincrement=False),
        Column("number", BigInteger, primary_key=True, autoincrement=False),
        Column("series", String(40), primary_key=True),
        Column("day", Integer, primary_key=True, autoincrement=False),
        Column("body", LargeBinary, nullable=False),
        info={"keys": ("level", "number", "series", "day"), "values": ("body",)},
    )
    return {POINTS: points, BLOCKS: blocks}


def mark(level: int) -> int:
    """The level of the rows that note which blocks of a level are complete."""
    return -1 - level


def built(connection: Connection, made: Tables) -> list[int]:
    """How many blocks of each level are complete, from the first on."""
    return list(connection.execute(_built(made[BLOCKS].name)).one())


@cache
def _built(blocks: str) -> TextClause:
    last = "(SELECT coalesce(max(number) + 1, 0) FROM {} WHERE level = {})"
    return text(f"SELECT {', '.join(last.format(blocks, mark(level)) for level in range(LEVELS))}")


def plan(built: Sequence[int], position: int) -> tuple[list[tuple[int, int]], int]:
    """The blocks (level, number) that together hold the positions from 1 on, as far as whole ones go; and how far."""
    found, at = [], 0
    for level in reversed(range(LEVELS)):
        size = BASE * FAN**level
        while at // size < built[level] and at + size <= position:
            found.append((level, at // size))
            at += size
    return found, at


@dataclass(slots=True)
class Counted:
    """How many there are of each value; and a day after which no point known by then lies, or 0."""

    numbers: Counter[str] = field(default_factory=Counter)
    last: int = 0

    def add(self, numbers: Iterable[tuple[str, int]]) -> None:
        """Add these numbers of values."""
        total = self.numbers
        for value, n in numbers:
            if n:
                total[value] = total.get(value, 0) + n


def counted(connection: Connection, made: Tables, position: int, asks: Sequence[Ask]) -> list[Counted]:
    """What there is as of the day of each ask, known at a position the view has reached."""
    found = [Counted() for _ in asks]
    complete = built(connection, made)
    blocks, at = plan(complete, position)
    inside = at < position and at // BASE < complete[0]
    if inside:
        blocks.append((0, at // BASE))
    wanted = [(ask, block) for ask in asks for block in blocks]
    for nth, body in _bodies(connection, made, wanted):
        which, block = divmod(nth, len(blocks))
        part, ask, one = decode(body), asks[which], found[which]
        until = position - at if inside and block == len(blocks) - 1 else None
        one.add(zip(part.values, part.numbers(ask.day, until), strict=True))
        one.last = max(one.last, part.last(ask.day, until))
    if at < position and not inside:
        for which, value, n, last in _points(connection, made, asks, at, position):
            found[which].add([(value, n)])
            found[which].last = max(found[which].last, last)
    return found


def is_recent(connection: Connection, made: Tables, position: int) -> bool:
    """Whether little has happened since a position: less than makes a few blocks."""
    return built(connection, made)[0] * BASE - position < BASE * FAN


def _bodies(
    connection: Connection, made: Tables, wanted: Sequence[tuple[Ask, tuple[int, int]]]
) -> Iterator[tuple[int, bytes]]:
    """For each ask and block the slice that the day lies in, with the number of the pair, if one begins by then."""
    if wanted:
        dialect = connection.dialect.name
        rows = [(ask.series, ask.day, *block) for ask, block in wanted]
        for nth, body in connection.execute(_slices(made[BLOCKS].name, dialect), _parameters(rows, dialect)):
            if body is not None:
                yield nth, bytes(body)


def _points(connection: Connection, made: Tables, asks: Sequence[Ask], after: int, until: int) -> Iterable[Any]:
    """(number of the ask, value, n, last day) of the points that are rows, behind one position until another."""
    dialect = connection.dialect.name
    values = {"after": after, "until": until, **_parameters([(*ask, 0, 0) for ask in asks], dialect)}
    return connection.execute(_sums(made[POINTS].name, dialect), values)


def _parameters(rows: Sequence[tuple[str, int, int, int]], dialect: str) -> dict[str, Any]:
    if dialect == "postgresql":
        return dict(zip(ASKED, map(list, zip(*rows, strict=True)), strict=True))
    return {"asked": orjson.dumps(rows).decode()}


ASKED = {"series": "text", "day": "int", "level": "int", "number": "bigint"}


def _asked(dialect: str) -> str:
    """The rows that a statement is asked for as a table `asked(nth, series, day, level, number)`."""
    if dialect == "postgresql":
        names, lists = ", ".join(ASKED), ", ".join(f"CAST(:{name} AS {type}[])" for name, type in ASKED.items())
        rows = f"unnest({lists}) WITH ORDINALITY AS u({names}, nth)"
        return f"(SELECT nth - 1 AS nth, {names} FROM {rows}) AS asked"
    columns = ", ".join(f"json_extract(value, '$[{at}]') AS {name}" for at, name in enumerate(ASKED))
    return f"(SELECT key AS nth, {columns} FROM json_each(:asked)) AS asked"


@cache
def _slices(blocks: str, dialect: str) -> TextClause:
    same = " AND ".join(f"b.{name} = asked.{name}" for name in ("level", "number", "series"))
    last = f"SELECT b.body FROM {blocks} b WHERE {same} AND b.day <= asked.day ORDER BY b.day DESC LIMIT 1"
    return text(f"SELECT asked.nth, ({last}) FROM {_asked(dialect)}")


@cache
def _sums(points: str, dialect: str) -> TextClause:
    where = "p.series = asked.series AND p.position > :after AND p.position <= :until AND p.day <= asked.day"
    found = f"{_asked(dialect)} JOIN {points} p ON {where}"
    sums = "CAST(sum(p.n) AS BIGINT), max(p.day)"
    return text(f"SELECT asked.nth, p.value, {sums} FROM {found} GROUP BY asked.nth, p.value")
