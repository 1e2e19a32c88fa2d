"""Scheduled jobs fire once, however many workers there are: whoever writes the claim (job, due) first runs it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, Text, delete, insert, select
from sqlalchemy.exc import IntegrityError

from events.database import Database
from service.audit import Audit

METADATA = MetaData()

job_claims = Table(
    "job_claims",
    METADATA,
    Column("job", String(40), primary_key=True),
    Column("due", BigInteger, primary_key=True, autoincrement=False),
    Column("claimed_by", String(200), nullable=False),
)

audits = Table(
    "audits",
    METADATA,
    Column("ended_at", BigInteger, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    Column("differences", Integer, nullable=False),
    Column("report", Text, nullable=False),
)


def claim(database: Database, job: str, due: int, holder: str) -> bool:
    """Whether this firing is ours; `due` is in seconds since 1970. Older claims of the job are forgotten."""
    try:
        with database.write() as connection:
            connection.execute(insert(job_claims).values(job=job, due=due, claimed_by=holder))
            connection.execute(delete(job_claims).where(job_claims.c.job == job, job_claims.c.due < due))
    except IntegrityError:
        return False
    return True


def keep(database: Database, audit: Audit, ended_at: int) -> None:
    """Remember how the last audit ended."""
    values = {"position": audit.position, "differences": len(audit.lines), "report": "\n".join(audit.lines[:100])}
    with database.write() as connection:
        connection.execute(delete(audits))
        connection.execute(insert(audits).values(ended_at=ended_at, **values))


def last_audit(database: Database) -> tuple[int, int, str] | None:
    """When the last nightly audit ended (microseconds since 1970), how many differences it found, and which first."""
    with database.read() as connection:
        row = connection.execute(select(audits)).first()
    return (row.ended_at, row.differences, row.report) if row else None
