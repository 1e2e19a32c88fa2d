"""What a view is: rows made from one stream as it stands, each remembered with the positions between which it was true.

`rows(stream)` is pure. The engine compares what it gives before and after each event, closes the rows that are gone
and opens the new ones. So "known at P" is a plain condition, and a late, corrected or retracted act no special case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    and_,
)

from events.streams import Stream
from events.tables import position_type

OPEN = 2**62
"""The `known_until` of a row that still stands."""

ALWAYS = 10_000_000
"""A day after every day of the calendar (days are counted as `date.toordinal` does)."""

POINTS, BLOCKS = "points", "blocks"
"""The short names of the tables by which a view counts over both clocks; see `blocks.py`."""

SETS = "sets"
"""The short name of a view's table that only tells what a number stands for; its rows are for all streams and times."""

Key = tuple[Any, ...]
Values = tuple[Any, ...]
Rows = Mapping[str, Mapping[Key, Values]]
Tables = Mapping[str, Table]


@dataclass(frozen=True, kw_only=True)
class View:
    """One view. Raise `version` when `rows` or `tables` change: the view is then rebuilt from the log.

    `tables(generation)` declares its tables by short name; `rows(stream)` gives, by the same names, each row's key
    and values, in the order in which the table declares them. `last(stream)`, where a view has it, gives the rows that
    the last act of a stream in life-cycle order adds; it may change no others. Rows of the table `points` have the
    key (series, day, value) and the value `n`, and what an event adds to them is kept as a point; the last value of
    those of `sets` is a list of which each part is a row. `inserted` is called in the same transaction with the rows
    that were added, as the table has them.
    """

    name: str
    version: int
    tables: Callable[[int], Tables]
    rows: Callable[[Stream], Rows]
    last: Callable[[Stream], Rows] | None = None
    create: Callable[[Connection, Tables], None] | None = None
    inserted: Callable[[Connection, Tables, Mapping[str, Sequence[Sequence[Any]]]], None] | None = None
    drop: Callable[[Connection, Tables], None] | None = None


def versioned(
    name: str,
    keys: Sequence[Column[Any]],
    values: Sequence[Column[Any]],
    *indexes: Sequence[str],
    by_event: bool = False,
) -> Table:
    """A table of rows that were true between two positions; `stream_id` is the position of the stream's first event.

    Where `position` is the first of the keys it is that of an act, and the rows lie in its order. With `by_event`,
    each event opens at most one row, which `known_from` then identifies.
    """
    for key in keys:
        key.nullable = False
    lead = "position" if keys[0].name == "position" else "stream_id"
    table = Table(
        name,
        MetaData(),
        Column("stream_id", BigInteger, nullable=False),
        *keys,
        Column("known_from", position_type() if by_event else BigInteger(), nullable=False, autoincrement=False),
        Column("known_until", BigInteger, nullable=False),
        *values,
        info={
            "keys": ("stream_id", *(key.name for key in keys)),
            "values": tuple(value.name for value in values),
            "lead": lead,
        },
        sqlite_with_rowid=by_event,
    )
    led = [key.name for key in keys] if lead == "position" else ["stream_id", *(key.name for key in keys)]
    if by_event:
        table.append_constraint(PrimaryKeyConstraint("known_from"))
        Index(f"{name}_key", *(table.c[column] for column in (*led, "known_from")), unique=True)
    else:
        table.append_constraint(PrimaryKeyConstraint(*led, "known_from"))
    for columns in indexes:
        Index(f"{name}_by_{'_'.join(columns)}"[:60], *(table.c[column] for column in columns))
    return table


def numbered(name: str, number: str, *values: Column[Any]) -> Table:
    """A table that tells what numbers stand for, which never changes."""
    columns = [Column(number, BigInteger, nullable=False, autoincrement=False), *values]
    info = {"keys": tuple(column.name for column in columns), "values": ()}
    return Table(
        name,
        MetaData(),
        *columns,
        PrimaryKeyConstraint(*(column.name for column in columns)),
        info=info,
        sqlite_with_rowid=False,
    )


def known(table: Table, position: int) -> ColumnElement[bool]:
    """The condition that a row was true at a position."""
    return and_(table.c.known_from <= position, table.c.known_until > position)


def whole(name: str) -> Column[Any]:
    """A column of 64-bit whole numbers."""
    return Column(name, BigInteger, nullable=False, autoincrement=False)


def flag(name: str) -> Column[Any]:
    """A column of truth values."""
    return Column(name, Boolean, nullable=False)
