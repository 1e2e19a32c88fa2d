"""The tables of a view's generations: made, indexed when they are full, and dropped."""

from __future__ import annotations

import logging

from sqlalchemy import Connection, Index, Table, inspect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateIndex, CreateTable

from events import store
from events.database import Database
from projections import checkpoints
from projections.view import BLOCKS, POINTS, Tables, View

INDEXED_LATER = 5_000_000
"""On SQLite nobody else writes while an index is made, so for longer logs than this they are kept from the start."""

LONG = 16_384
"""A log of so many events is folded for the first time as in a rebuild: indexed when it is full, and then read."""

ROWS = "SET (autovacuum_vacuum_insert_scale_factor = 0.05)"
"""Settings of a view's table on PostgreSQL: vacuumed often enough that its indexes answer alone."""
SETTINGS = {
    POINTS: "SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000)",
    BLOCKS: "ALTER COLUMN body SET STORAGE EXTERNAL",
}
"""Others: rows that go after a while and make room for the next; bodies that are packed already."""
PRESENT = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'index'",
    "postgresql": "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()",
}
"""The names of all indexes. An inspector asks a SQLite connection that may not have heard of new tables yet."""
LOG = logging.getLogger("depositary.projections")


def begin_generation(database: Database, view: View, now: int) -> int:
    """Create the tables of a view's next generation; its number. The first of all, of a short log, is live at once.

    While one is building already, that one's number is given and nothing begins.
    """
    with database.write() as connection:
        head = store.lock_head(connection)
        present = checkpoints.of(connection, view)
        building = [one for one in present if not one.live and one.version == view.version and one.status != "stopped"]
        if building:
            return building[-1].generation
        generation = max((one.generation for one in present), default=0) + 1
        for unused in set(range(1, generation + 1)) - {one.generation for one in present}:
            _drop_if_allowed(connection, view, unused)
        while _exists(connection, view, generation):
            generation += 1
        live = not present and head.position < LONG
        at_once = live or (database.is_sqlite and head.position > INDEXED_LATER)
        create_tables(connection, view, generation, indexed=at_once)
        checkpoints.add(connection, view, generation, live=live, now=now)
    return generation


def _drop_if_allowed(connection: Connection, view: View, generation: int) -> None:
    try:
        with connection.begin_nested():
            drop_tables(connection, view, generation)
    except DBAPIError as error:
        LOG.warning("%s: old generation %s was left: %s", view.name, generation, str(error.orig).strip())


def _exists(connection: Connection, view: View, generation: int) -> bool:
    present = set(inspect(connection).get_table_names())
    return any(table.name in present for table in view.tables(generation).values())


def create_tables(connection: Connection, view: View, generation: int, *, indexed: bool = True) -> Tables:
    """Create the empty tables of one generation; what only readers need of indexes can be left for when it is full."""
    tables, dialect = view.tables(generation), connection.dialect.name
    for name, table in tables.items():
        connection.execute(CreateTable(table))
        for index in indexes(table, dialect):
            if indexed or index.unique:
                connection.execute(CreateIndex(index))
        if dialect == "postgresql":
            connection.exec_driver_sql(f"ALTER TABLE {table.name} {SETTINGS.get(name, ROWS)}")
    if view.create:
        view.create(connection, tables)
    return tables


def indexes(table: Table, dialect: str) -> list[Index]:
    """The indexes of a table on one sort of database, by name."""
    those = (index for index in table.indexes if index.info.get("dialect", dialect) == dialect)
    return sorted(those, key=lambda index: str(index.name))


def missing_index(connection: Connection, tables: Tables) -> Index | None:
    """The first index of these tables that was not made yet."""
    dialect = connection.dialect.name
    present = set(connection.exec_driver_sql(PRESENT[dialect]).scalars())
    every = (index for table in tables.values() for index in indexes(table, dialect))
    return next((index for index in every if index.name not in present), None)


def drop_tables(connection: Connection, view: View, generation: int) -> None:
    """Drop the tables of one generation where they exist, of other versions as well."""
    if view.drop:
        view.drop(connection, view.tables(generation))
    for name in inspect(connection).get_table_names():
        if name.startswith(f"{view.name}_") and name.endswith(f"_{generation}"):
            connection.exec_driver_sql(f"DROP TABLE {name}")


def drop_generation(database: Database, view: View, generation: int) -> None:
    """Drop what no reader uses any more; what cannot be dropped now goes with a later rebuild."""
    try:
        with database.write() as connection:
            drop_tables(connection, view, generation)
    except DBAPIError as error:
        LOG.warning("%s: old generation %s was left: %s", view.name, generation, str(error.orig).strip())
