"""The log on PostgreSQL in partitions of ten million positions, each a table with indexes of its own.

A full partition never changes again: nothing of it has to be vacuumed or kept in memory. The event in the middle of one
makes the next in its own transaction, so that one is always ahead, and there is no job that could be forgotten.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

SPAN = 10_000_000
"""Positions of a partition, as the database's `depositary_make_partition` has it."""


def make_ahead(connection: Connection, first: int, last: int) -> None:
    """Make the next partition, when one of the positions from `first` to `last` is the middle of one."""
    middle = (first - 1 + SPAN // 2) // SPAN * SPAN + SPAN // 2
    if connection.dialect.name == "postgresql" and first <= middle <= last:
        connection.execute(text("SELECT depositary_make_partition(:number)"), {"number": middle // SPAN + 1})
