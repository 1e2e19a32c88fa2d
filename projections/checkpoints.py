"""How far each generation of each view has come. One generation is live; another may be building beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from events import store
from projections.lease import Lease
from projections.tables import checkpoints
from projections.view import View


class Fenced(Exception):
    """Somebody else writes the views now; nothing was written."""


class Unreadable(Exception):
    """A view cannot be read just now; `stopped` tells whether it waits for a person or only for the worker."""

    def __init__(self, view: str, detail: str, *, stopped: bool = False) -> None:
        super().__init__(detail)
        self.view, self.detail, self.stopped = view, detail, stopped


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """One generation of a view: `status` is `live`, `building` or `stopped`; `error` says why it stopped."""

    projection: str
    generation: int
    version: int
    position: int
    live: bool
    status: str
    error: str | None
    updated_at: int


def every(connection: Connection) -> list[Checkpoint]:
    """All generations of all views, oldest first."""
    rows = connection.execute(select(checkpoints).order_by(checkpoints.c.projection, checkpoints.c.generation))
    return [Checkpoint(**row._mapping) for row in rows]


def of(connection: Connection, view: View) -> list[Checkpoint]:
    """The generations of one view, oldest first."""
    return [one for one in every(connection) if one.projection == view.name]


def live(connection: Connection, view: View) -> Checkpoint:
    """The generation of a view that readers use. Raises Unreadable when there is none they can."""
    mine = [one for one in of(connection, view) if one.version == view.version]
    for one in mine:
        if one.status == "stopped" and (one.live or len(mine) == 1):
            raise Unreadable(view.name, f"The view {view.name} has stopped: {one.error}", stopped=True)
        if one.live:
            return one
    at, head = max((one.position for one in mine), default=0), store.head(connection).position
    detail = (
        f"The view {view.name} is being built for the first time or for this version, "
        f"so far up to position {at} of {head}."
    )
    raise Unreadable(view.name, detail)


def add(connection: Connection, view: View, generation: int, *, live: bool, now: int) -> None:
    """Begin a generation at position 0."""
    status = "live" if live else "building"
    values = {"projection": view.name, "generation": generation, "version": view.version, "position": 0}
    connection.execute(insert(checkpoints).values(**values, live=live, status=status, updated_at=now))


def advance(connection: Connection, at: Checkpoint, position: int, lease: Lease, now: int) -> None:
    """Move a checkpoint from where it was read, under the lease. Raises Fenced when either no longer holds."""
    mine = _row(at) & (checkpoints.c.position == at.position) & lease.holds()
    done = connection.execute(update(checkpoints).where(mine).values(position=position, updated_at=now))
    if done.rowcount != 1:
        raise Fenced(at.projection)


def stop(connection: Connection, at: Checkpoint, error: str, lease: Lease, now: int) -> None:
    """Mark a generation as stopped, with the reason that is shown. Raises Fenced."""
    mine = _row(at) & lease.holds()
    done = connection.execute(update(checkpoints).where(mine).values(status="stopped", error=error, updated_at=now))
    if done.rowcount != 1:
        raise Fenced(at.projection)


def resume(connection: Connection, lease: Lease) -> None:
    """Let stopped views try again, as after a new release."""
    stopped = (checkpoints.c.status == "stopped") & lease.holds()
    connection.execute(update(checkpoints).where(stopped & checkpoints.c.live).values(status="live", error=None))
    connection.execute(update(checkpoints).where(stopped).values(status="building", error=None))


def swap(connection: Connection, old: Sequence[Checkpoint], new: Checkpoint, lease: Lease, now: int) -> None:
    """Make a generation that has caught up the live one, and forget the others. Raises Fenced."""
    for one in old:
        connection.execute(delete(checkpoints).where(_row(one) & lease.holds()))
    values = {"live": True, "status": "live", "updated_at": now}
    done = connection.execute(update(checkpoints).where(_row(new) & lease.holds()).values(**values))
    if done.rowcount != 1:
        raise Fenced(new.projection)


def _row(at: Checkpoint) -> ColumnElement[bool]:
    return (checkpoints.c.projection == at.projection) & (checkpoints.c.generation == at.generation)
