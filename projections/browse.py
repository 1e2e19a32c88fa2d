"""Reading the timeline: filters, order, and pages that never repeat or skip."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    cast,
    false,
    func,
    select,
    text,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from projections.clocks import Clocks
from projections.timeline import party_set, shown, tables
from projections.view import ALWAYS, Tables
from projections.words import fold, words

Place = tuple[int, int, int]
"""Where an action stands on the timeline: (earliest, latest, position), the first two as day numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineQuery:
    """Which actions to show. Empty tuples and None mean all; `after` is the place of the last one seen."""

    parties: tuple[str, ...] = ()
    between: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    formal: bool | None = None
    level: str | None = None
    since: dt.date | None = None
    until: dt.date | None = None
    certain: bool = False
    q: str | None = None
    sourced: bool | None = None
    retracted: bool = False
    descending: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Items in order, and the place behind the last one when there are more."""

    items: list[dict[str, Any]]
    next: Place | None


def browse(
    connection: Connection,
    generation: int,
    clocks: Clocks,
    query: TimelineQuery,
    limit: int,
    after: Place | None = None,
) -> Page:
    """One page of the timeline behind the place `after`."""
    table = tables(generation)["actions"]
    place = (table.c.earliest, table.c.latest, table.c.position)
    found = select(*place, table.c.item).where(matches(connection, generation, clocks, query))
    if after:
        here = tuple_(*place)
        found = found.where(here < tuple_(*after) if query.descending else here > tuple_(*after))
    order = [column.desc() if query.descending else column.asc() for column in place]
    rows = connection.execute(found.order_by(*order).limit(limit + 1)).all()
    items = [shown(row.item, row.latest, clocks.day) for row in rows[:limit]]
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(items=items, next=last and (last.earliest, last.latest, last.position))


def action(connection: Connection, generation: int, clocks: Clocks, id: str) -> dict[str, Any] | None:
    """One action, retracted ones too; None when it is not known, or has not begun as of the day."""
    table = tables(generation)["actions"]
    row = connection.execute(select(table.c.item, table.c.latest).where(table.c.id == id, clocks.began(table))).first()
    return shown(row.item, row.latest, clocks.day) if row else None


def related(connection: Connection, generation: int, clocks: Clocks, stream: str, but: str) -> list[dict[str, Any]]:
    """The other standing acts of a stream, in timeline order."""
    table = tables(generation)["actions"]
    first = select(table.c.stream_id).where(table.c.id == but).limit(1).scalar_subquery()
    found = select(table.c.item, table.c.latest).where(table.c.stream_id == first, clocks.began(table))
    found = found.where(table.c.retracted.is_(False), table.c.id != but)
    rows = connection.execute(found.order_by(table.c.earliest, table.c.latest, table.c.position))
    return [shown(row.item, row.latest, clocks.day) for row in rows]


def matches(connection: Connection, generation: int, clocks: Clocks, query: TimelineQuery) -> ColumnElement[bool]:
    """All conditions on `actions`."""
    made = tables(generation)
    table = made["actions"]
    conditions = [clocks.began(table), *_of_days(table, clocks, query), *_of_columns(table, query)]
    if not query.retracted:
        conditions.append(table.c.retracted.is_(False))
    if query.parties:
        conditions.append(table.c.position.in_(_involved(made, clocks, query.parties)))
    if query.between:
        involved = made["involved"]
        exactly = select(involved.c.position).where(involved.c.party_set == party_set(query.between))
        conditions.append(table.c.position.in_(exactly.where(held(involved, clocks))))
    if query.persons:
        people = made["people"]
        named = people.c.folded.in_([fold(name) for name in query.persons])
        conditions.append(table.c.position.in_(select(people.c.position).where(named, held(people, clocks))))
    if query.topics:
        topics = made["topics"]
        named = topics.c.folded.in_([fold(topic) for topic in query.topics])
        conditions.append(table.c.position.in_(select(topics.c.position).where(named, clocks.knows(topics))))
    if query.q is not None:
        conditions.append(_has_words(connection, table, query.q))
    return and_(*conditions)


def _of_days(table: Table, clocks: Clocks, query: TimelineQuery) -> list[ColumnElement[bool]]:
    since = query.since.toordinal() if query.since else 0
    until = query.until.toordinal() if query.until else ALWAYS
    conditions = [table.c.latest >= since, table.c.earliest <= until] if query.since or query.until else []
    if query.certain:
        conditions += [table.c.latest <= min(clocks.day, until), table.c.earliest >= since]
    if query.since and query.since.toordinal() > clocks.day:
        conditions.append(false())
    return conditions


def _of_columns(table: Table, query: TimelineQuery) -> list[ColumnElement[bool]]:
    several = {"kind": query.kinds, "type": query.types, "mode": query.modes}
    single = {"level": query.level, "sourced": query.sourced}
    conditions: list[ColumnElement[bool]] = [table.c[name].in_(values) for name, values in several.items() if values]
    conditions += [table.c[name] == value for name, value in single.items() if value is not None]
    if query.formal is not None:
        conditions.append(table.c.formal == int(query.formal))
    return conditions


def held(table: Table, clocks: Clocks) -> ColumnElement[bool]:
    """The condition that an involvement was known, and holds as of the day."""
    return and_(clocks.knows(table), table.c.from_day <= clocks.day, table.c.until_day > clocks.day)


def _involved(made: Tables, clocks: Clocks, codes: Sequence[str]) -> Select[Any]:
    """The positions of the actions in which any of these parties is involved."""
    involved, parties = made["involved"], made["parties"]
    of_set = (parties.c.stream_id == involved.c.stream_id) & (parties.c.party_set == involved.c.party_set)
    found = select(involved.c.position).where(of_set, parties.c.party.in_(codes))
    return found.where(held(involved, clocks), clocks.knows(parties))


def _has_words(connection: Connection, table: Table, q: str) -> ColumnElement[bool]:
    """Every word of `q` is a word of the action; a `q` without words asks for nothing."""
    wanted = list(dict.fromkeys(words(q)))
    if not wanted:
        return true()
    if connection.dialect.name == "sqlite":
        match = text(f"SELECT rowid FROM {table.name}_words WHERE {table.name}_words MATCH :words").columns(
            rowid=table.c.known_from.type
        )
        phrase = " ".join(f'"{word}"' for word in wanted)
        return table.c.known_from.in_(select(match.bindparams(words=phrase).subquery().c.rowid))
    lexemes = func.array_to_tsvector(func.string_to_array(table.c.words, " "))
    return lexemes.op("@@")(cast(" & ".join(f"'{word}'" for word in wanted), TSQUERY))
