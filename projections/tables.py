"""What the engine remembers: how far each view has come, and who may write views."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, MetaData, String, Table, Text

METADATA = MetaData()

checkpoints = Table(
    "checkpoints",
    METADATA,
    Column("projection", String(40), primary_key=True),
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("status", String(20), nullable=False),
    Column("error", Text),
    Column("updated_at", BigInteger, nullable=False),
)

leases = Table(
    "leases",
    METADATA,
    Column("name", String(40), primary_key=True),
    Column("holder", String(200), nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("expires_at", Float, nullable=False),
)
