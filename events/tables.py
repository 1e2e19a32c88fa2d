"""The tables of the log. The database refuses to change or delete their rows; `log_head` alone is advanced.

Uniqueness of ids and of versions lives in two tables of their own, so that `events` can be partitioned by position.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table
from sqlalchemy.types import TypeEngine

METADATA = MetaData()


def position_type() -> TypeEngine[int]:
    """A 64-bit whole number, which on SQLite is the row id when it is the primary key."""
    return BigInteger().with_variant(Integer(), "sqlite")


log_head = Table(
    "log_head",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
)

events = Table(
    "events",
    METADATA,
    Column("position", position_type(), primary_key=True, autoincrement=False),
    Column("id", String(36), nullable=False),
    Column("type", String(64), nullable=False),
    Column("stream", String(160), nullable=False),
    Column("version", Integer, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("recorded_by", String(200), nullable=False),
    Column("schema_version", Integer, nullable=False),
    Column("earliest", String(10)),
    Column("latest", String(10)),
    Column("payload", LargeBinary, nullable=False),
    Column("payload_hash", LargeBinary, nullable=False),
    Column("leaf_hash", LargeBinary, nullable=False),
    Index("events_by_type", "type", "position"),
    Index("events_by_recorded_at", "recorded_at", "position"),
)

event_ids = Table(
    "event_ids",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("content_hash", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

stream_versions = Table(
    "stream_versions",
    METADATA,
    Column("stream", String(160), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
