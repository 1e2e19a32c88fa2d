"""Who may write the views: one holder at a time, with a token that grows, so that one who slept cannot write any more.

Times are the database's clock in seconds, the same for every process that shares the database.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, exists, insert, select, update
from sqlalchemy.exc import IntegrityError

from events.database import Database, clock
from projections.tables import leases

NAME = "projections"
SECONDS = 15.0


@dataclass(frozen=True, kw_only=True)
class Lease:
    """The right to write, until the database's clock reaches `expires_at` or somebody takes a higher token."""

    holder: str
    token: int
    expires_at: float

    def holds(self) -> ColumnElement[bool]:
        """The condition, for the statement that writes, that no higher token was taken since."""
        return exists(select(leases.c.token).where(leases.c.name == NAME, leases.c.token == self.token))


def acquire(database: Database, holder: str, seconds: float = SECONDS) -> Lease | None:
    """Take the lease when it is free or has run out; None while somebody else holds it."""
    try:
        with database.write() as connection:
            return _take(connection, holder, seconds)
    except IntegrityError:
        return None


def _take(connection: Connection, holder: str, seconds: float) -> Lease | None:
    now = clock(connection)
    row = connection.execute(select(leases).where(leases.c.name == NAME).with_for_update()).one_or_none()
    if row is None:
        connection.execute(insert(leases).values(name=NAME, holder=holder, token=1, expires_at=now + seconds))
        return Lease(holder=holder, token=1, expires_at=now + seconds)
    if row.expires_at > now and row.holder != holder:
        return None
    taken = Lease(holder=holder, token=row.token + 1, expires_at=now + seconds)
    values = {"holder": holder, "token": taken.token, "expires_at": taken.expires_at}
    connection.execute(update(leases).where(leases.c.name == NAME).values(**values))
    return taken


def renew(database: Database, lease: Lease, seconds: float = SECONDS) -> Lease | None:
    """Hold the lease longer; None when somebody else has taken it."""
    with database.write() as connection:
        until = clock(connection) + seconds
        mine = (leases.c.name == NAME) & (leases.c.token == lease.token)
        done = connection.execute(update(leases).where(mine).values(expires_at=until))
        return Lease(holder=lease.holder, token=lease.token, expires_at=until) if done.rowcount else None


def release(database: Database, lease: Lease) -> None:
    """Give the lease back, so that another need not wait for its end."""
    with database.write() as connection:
        mine = (leases.c.name == NAME) & (leases.c.token == lease.token)
        connection.execute(update(leases).where(mine).values(expires_at=0.0))


def holder(connection: Connection) -> str | None:
    """Who holds the lease now."""
    row = connection.execute(select(leases).where(leases.c.name == NAME)).one_or_none()
    return row.holder if row and row.expires_at > clock(connection) else None


def seconds_left(connection: Connection) -> list[tuple[str, str, float]]:
    """(name, holder, seconds) of every lease that holds now."""
    now = clock(connection)
    rows = connection.execute(select(leases).where(leases.c.expires_at > now))
    return [(row.name, row.holder, row.expires_at - now) for row in rows]
