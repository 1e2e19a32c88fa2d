"""Many rows at once: by the driver's own batches, and on PostgreSQL by COPY where there are enough.

SQLAlchemy's `insert` handles each row by itself, which costs more than the database does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cache
from itertools import chain
from typing import Any

import orjson
from sqlalchemy import Connection, Table

COPIED = 16
"""From how many rows on COPY is worth its two more messages."""

SIZES = (128, 32, 8, 4, 2, 1)
"""How many rows one statement takes."""

Values = Sequence[Any]


def add(connection: Connection, table: Table, rows: Sequence[Values]) -> None:
    """Insert rows, whose values stand in the order of the table's columns."""
    if not rows:
        return
    if connection.dialect.name == "postgresql" and len(rows) >= COPIED:
        _copy(connection, table.name, table, rows)
    else:
        for size, part in _parts(rows):
            statement = _insert(table, connection.dialect.name, size)
            connection.exec_driver_sql(statement, tuple(chain.from_iterable(part)))


def among(column: str, name: str, dialect: str) -> str:
    """The SQL condition that a column has one of the texts that the parameter `name` lists, made by `listed`.

    It is the same statement for any number of texts, so that it is prepared once.
    """
    if dialect == "postgresql":
        return f"{column} = ANY(:{name})"
    return f"{column} IN (SELECT value FROM json_each(:{name}))"


def listed(values: Collection[str], dialect: str) -> Any:
    """Texts as the parameter that `among` expects."""
    return sorted(values) if dialect == "postgresql" else orjson.dumps(sorted(values)).decode()


def add_missing(connection: Connection, table: Table, rows: Sequence[Values]) -> None:
    """Insert the rows that are not there; a row is the whole key."""
    change(connection, f"{_insert(table, connection.dialect.name)} ON CONFLICT DO NOTHING", rows)


def change(connection: Connection, statement: str, rows: Sequence[Values]) -> None:
    """Run a statement with the driver's marks for each row."""
    if rows:
        connection.exec_driver_sql(statement, [tuple(row) for row in rows])


def _mark(dialect: str) -> str:
    return "%s" if dialect == "postgresql" else "?"


def _parts(rows: Sequence[Values]) -> Iterator[tuple[int, Sequence[Values]]]:
    """The rows in parts of a few sizes, so that there are few statements: each is one call, in which others may run."""
    at = 0
    while at < len(rows):
        size = next(size for size in SIZES if size <= len(rows) - at)
        yield size, rows[at : at + size]
        at += size


@cache
def _insert(table: Table, dialect: str, size: int = 1) -> str:
    row = f"({', '.join([_mark(dialect)] * len(table.c))})"
    return f"INSERT INTO {table.name} ({_columns(table)}) VALUES {', '.join([row] * size)}"


def _columns(table: Table) -> str:
    return ", ".join(f'"{column.name}"' for column in table.c)


def _copy(connection: Connection, name: str, table: Table, rows: Sequence[Values]) -> None:
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {name} ({_columns(table)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
