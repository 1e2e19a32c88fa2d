"""Many rows into one table at once: by the driver's own batches, and on PostgreSQL by COPY where there are enough.

SQLAlchemy's `insert` handles each row by itself, which costs more than the database does.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table

COPIED = 50
"""From how many rows on COPY is worth its two more messages."""


def add(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows, whose values stand in the order of the table's columns."""
    if not rows:
        return
    if connection.dialect.name == "postgresql" and len(rows) >= COPIED:
        _copy(connection, table, rows)
    else:
        connection.exec_driver_sql(_insert(table, connection.dialect.name), list(rows))


@cache
def _insert(table: Table, dialect: str) -> str:
    mark = "%s" if dialect == "postgresql" else "?"
    return f"INSERT INTO {table.name} ({_columns(table)}) VALUES ({', '.join([mark] * len(table.c))})"


def _columns(table: Table) -> str:
    return ", ".join(f'"{column.name}"' for column in table.c)


def _copy(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({_columns(table)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
