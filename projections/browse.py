"""Reading the timeline: filters, order, and pages that never repeat or skip."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    cast,
    exists,
    false,
    func,
    select,
    text,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from projections import blocks
from projections.blocks import Ask
from projections.clocks import Clocks
from projections.timeline import PLACE, party_set, shown, tables
from projections.view import ALWAYS, Tables
from projections.words import fold, words

FEW = 200
"""How many sets of many parties are looked up one by one."""

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
    found: dict[Place, int] = {}
    if after and query.descending and after[0] > clocks.day:
        after = None
    for way in ways(connection, generation, clocks, query, after):
        rows = connection.execute(_ordered(way, query, after).limit(limit + 1))
        found.update({(row.earliest, row.latest, row.position): row.known_from for row in rows})
    places = sorted(found, reverse=query.descending)[: limit + 1]
    chosen = [found[place] for place in places[:limit]]
    items = select(table.c.known_from, table.c.item, table.c.latest).where(table.c.known_from.in_(chosen))
    by_row = {row.known_from: shown(row.item, row.latest, clocks.day) for row in connection.execute(items)}
    return Page(items=[by_row[row] for row in chosen], next=places[limit - 1] if len(places) > limit else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to the matching actions: through the index of `table`, which leads to them by `position`."""

    table: Table
    actions: Table
    where: ColumnElement[bool]


def ways(
    connection: Connection, generation: int, clocks: Clocks, query: TimelineQuery, after: Place | None = None
) -> list[Way]:
    """The ways that together lead to all matching actions behind a place: one for each value of one filter."""
    made = tables(generation)
    last = _last_day(connection, made, clocks, query, after)
    actions, members, people, topics = (made[name] for name in ("actions", "members", "people", "topics"))
    involved = made["involved"]
    found: list[tuple[Table, ColumnElement[bool]]]
    if query.parties:
        rest = _rest(connection, generation, clocks, replace(query, parties=()))
        found = [(members, held(members, clocks) & (members.c.party == code)) for code in query.parties]
        wide = [in_wide(connection, made, code) for code in _wide(connection, made, query)]
        found += [(involved, held(involved, clocks) & condition) for condition in wide]
    elif query.between:
        rest = _rest(connection, generation, clocks, replace(query, between=()))
        found = [(involved, held(involved, clocks) & (involved.c.party_set == party_set(query.between)))]
    elif query.persons:
        rest = _rest(connection, generation, clocks, replace(query, persons=()))
        found = [(people, held(people, clocks) & (people.c.folded == fold(name))) for name in query.persons]
    elif query.topics:
        rest = _rest(connection, generation, clocks, replace(query, topics=()))
        found = [(topics, clocks.knows(topics) & (topics.c.folded == fold(topic))) for topic in query.topics]
    else:
        rest = _rest(connection, generation, clocks, replace(query, kinds=()))
        found = [(actions, actions.c.kind == kind) for kind in query.kinds] or [(actions, true())]
    within = {table: _begins(table, clocks, query, after, last) for table, _ in found}
    return [Way(table=table, actions=actions, where=and_(rest, where, within[table])) for table, where in found]


def _last_day(connection: Connection, made: Tables, clocks: Clocks, query: TimelineQuery, after: Place | None) -> int:
    """The last day on which anything asked for can begin: of a state long ago, the last that was known of.

    So a page need not look at all that was recorded since.
    """
    last = min(clocks.day, (query.until or dt.date.max).toordinal())
    if after and query.descending:
        last = min(last, after[0])
    if query.retracted or blocks.is_recent(connection, made, clocks.position):
        return last
    (found,) = blocks.counted(connection, made, clocks.position, [Ask("kind", last)])
    return found.last


def _begins(table: Table, clocks: Clocks, query: TimelineQuery, after: Place | None, last: int) -> ColumnElement[bool]:
    """The condition on `earliest` alone, as one bound on either side: SQLite takes the first it sees for its index."""
    since = query.since or dt.date.min
    first = since.toordinal() if query.certain else 0
    if after and not query.descending:
        first = max(first, after[0])
    return and_(table.c.earliest <= last, table.c.earliest >= first)


def _ordered(way: Way, query: TimelineQuery, after: Place | None) -> Select[Any]:
    """The places of the actions on a way, in order, behind `after`."""
    table, actions = way.table, way.actions
    place = [table.c[name] for name in PLACE]
    found = select(*place, actions.c.known_from).where(way.where)
    if table is not actions:
        found = select(*place, func.max(actions.c.known_from).label("known_from")).where(way.where).group_by(*place)
        found = found.join_from(table, actions, actions.c.position == table.c.position)
    if after:
        here = tuple_(*place)
        found = found.where(here < tuple_(*after) if query.descending else here > tuple_(*after))
    return found.order_by(*(column.desc() if query.descending else column.asc() for column in place))


def _wide(connection: Connection, made: Tables, query: TimelineQuery) -> list[str]:
    """Those of the parties asked for that stand in a set of many."""
    sets = made["sets"]
    found = select(sets.c.party).where(sets.c.wide.is_(True), sets.c.party.in_(query.parties)).distinct()
    return list(connection.scalars(found))


def in_wide(connection: Connection, made: Tables, code: str) -> ColumnElement[bool]:
    """The condition that a set of many holds a party: looked up for few such sets, else tried one action at a time."""
    involved, sets = made["involved"], made["sets"]
    named = select(sets.c.party_set).where(sets.c.party == code, sets.c.wide.is_(True))
    few = connection.scalars(named.limit(FEW + 1)).all()
    if len(few) <= FEW:
        return involved.c.party_set.in_(few)
    within = exists(named.where(sets.c.party_set == involved.c.party_set).correlate(involved))
    return and_(involved.c.wide.is_(True), within)


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
    actions, last = tables(generation)["actions"], min(clocks.day, (query.until or dt.date.max).toordinal())
    return and_(_begins(actions, clocks, query, None, last), _rest(connection, generation, clocks, query))


def _rest(connection: Connection, generation: int, clocks: Clocks, query: TimelineQuery) -> ColumnElement[bool]:
    """All conditions on `actions` but those on `earliest`."""
    made = tables(generation)
    table = made["actions"]
    conditions = [clocks.knows(table), *_of_days(table, clocks, query), *_of_columns(table, query)]
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
    until = query.until.toordinal() if query.until else ALWAYS
    conditions = [table.c.latest >= query.since.toordinal()] if query.since else []
    if query.certain:
        conditions.append(table.c.latest <= min(clocks.day, until))
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
    involved, sets = made["involved"], made["sets"]
    found = select(involved.c.position).join(sets, sets.c.party_set == involved.c.party_set)
    return found.where(sets.c.party.in_(codes), held(involved, clocks))


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
