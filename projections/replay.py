"""All that the views ever showed, at every day and every state of the record, for whoever wants to watch it change.

Every row of a view knows the positions between which it stood; here they are read together instead of at one position.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, select

from projections import partnerships, tallies, timeline
from projections.view import ALWAYS, OPEN

MOST = 5_000


class TooMuch(Exception):
    """More rows than a reader can watch; less has to be asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayQuery:
    """What to watch: the actions with one of `parties`, of one of `kinds`, since a day; meetings of `of`."""

    of: str | None = None
    parties: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    since: dt.date | None = None
    formal: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What was shown of one thing from the position `known_from` until `known_until`; days are day numbers.

    It counts as of a day from `first` (when it is certain) until `last`.
    """

    known_from: int
    known_until: int
    first: int
    last: int
    item: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reel:
    """Actions in timeline order, meetings of one party, and the life lines of partnerships."""

    actions: Sequence[Row]
    meetings: Sequence[Row]
    standing: Sequence[Row]

    def days(self) -> list[int]:
        """The days on which something is certain to have happened, in order, at any state of the record."""
        return sorted({row.first for row in self.actions})

    def positions(self) -> list[int]:
        """The positions at which something shown here changed, in order."""
        rows = [*self.actions, *self.meetings, *self.standing]
        return sorted({p for row in rows for p in (row.known_from, row.known_until) if p < OPEN})


def reel(
    connection: Connection, generations: Mapping[str, int], until: int, query: ReplayQuery, most: int = MOST
) -> Reel:
    """All rows known at some position up to `until`. Raises TooMuch for more than `most` of one sort."""
    found = Reel(
        actions=_actions(connection, generations["timeline"], until, query, most),
        meetings=_meetings(connection, generations["tallies"], until, query, most),
        standing=_standing(connection, generations["partnerships"], until, query, most),
    )
    if max(map(len, (found.actions, found.meetings, found.standing))) > most:
        raise TooMuch
    return found


def _actions(connection: Connection, generation: int, until: int, query: ReplayQuery, most: int) -> list[Row]:
    made = timeline.tables(generation)
    table, involved, sets = made["actions"], made["involved"], made["sets"]
    found = select(table.c.known_from, table.c.known_until, table.c.earliest, table.c.latest, table.c.item)
    found = found.where(table.c.known_from <= until, table.c.retracted.is_(False))
    if query.kinds:
        found = found.where(table.c.kind.in_(query.kinds))
    if query.parties:
        anywhere = select(involved.c.position).join(sets, sets.c.party_set == involved.c.party_set)
        anywhere = anywhere.where(sets.c.party.in_(query.parties))
        found = found.where(table.c.position.in_(anywhere))
    if query.since:
        found = found.where(table.c.earliest >= query.since.toordinal())
    found = found.order_by(table.c.earliest, table.c.latest, table.c.position, table.c.known_from)
    rows = connection.execute(found.limit(most + 1)).all()
    return [
        Row(
            known_from=row.known_from,
            known_until=row.known_until,
            first=row.latest,
            last=ALWAYS,
            item=orjson.loads(row.item),
        )
        for row in rows
    ]


def _meetings(connection: Connection, generation: int, until: int, query: ReplayQuery, most: int) -> list[Row]:
    table = tallies.tables(generation)["meetings"]
    found = select(table.c.known_from, table.c.known_until, table.c.latest, table.c.party)
    found = found.where(table.c.known_from <= until, table.c.of == query.of)
    if query.since:
        found = found.where(table.c.earliest >= query.since.toordinal())
    if query.formal is not None:
        found = found.where(table.c.formal == query.formal)
    if query.parties:
        found = found.where(table.c.party.in_(query.parties))
    rows = connection.execute(found.limit(most + 1)).all() if query.of else []
    return [
        Row(
            known_from=row.known_from,
            known_until=row.known_until,
            first=row.latest,
            last=ALWAYS,
            item={"party": row.party},
        )
        for row in rows
    ]


def _standing(connection: Connection, generation: int, until: int, query: ReplayQuery, most: int) -> list[Row]:
    table = partnerships.tables(generation)["states"]
    found = select(table).where(table.c.known_from <= until, table.c.kind == "partnership")
    for code in query.parties:
        found = found.where(table.c.parties.contains(f" {code} ", autoescape=True))
    rows = connection.execute(found.order_by(table.c.sort, table.c.stream_id).limit(most + 1)).all()
    return [
        Row(
            known_from=row.known_from,
            known_until=row.known_until,
            first=row.from_day,
            last=row.until_day,
            item={**orjson.loads(row.item), "status": row.status, "expires": row.expires},
        )
        for row in rows
    ]
