"""The tally from blocks: how many meetings lie in the window without looking at each of them.

A meeting lies in the window when its first day is not before `since` and its last not after `as_of`. So the count is
all whose last day is not after `as_of`, less those that begin before `since`, but for the few that span the window.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import replace
from functools import cache

from sqlalchemy import Connection, TextClause, text

from events.bulk import listed
from projections.blocks import Ask, counted
from projections.clocks import Clocks
from projections.tallies import Tally, TallyQuery, begun, ended, ranked, tables, tallies


def tallied(connection: Connection, generation: int, clocks: Clocks, query: TallyQuery) -> list[Tally]:
    """As `tallies.tallies`, without `days`."""
    if replace(query, since=None, parties=()) != TallyQuery(of=query.of):
        return [replace(tally, days=[]) for tally in tallies(connection, generation, clocks, query)]
    if query.since and clocks.as_of and query.since > clocks.as_of:
        return []
    certain, possible, bound = _window(connection, generation, clocks, query)
    found = {party: Tally(party, count=certain[party], possible=n - certain[party]) for party, n in possible.items()}
    wanted = set(query.parties or found)
    found = {party: tally for party, tally in found.items() if party in wanted and (tally.count or tally.possible)}
    _date(connection, generation, clocks, query, found, bound)
    return ranked(found.values())


def _window(
    connection: Connection, generation: int, clocks: Clocks, query: TallyQuery
) -> tuple[Counter[str], Counter[str], int]:
    """How many meetings with each party lie in the window for certain, and how many do or may; and until which day."""
    of, since = query.of, query.since
    asks = [Ask(ended(of), clocks.day), Ask(begun(of), clocks.day)]
    if since and since > dt.date.min:
        asks += [Ask(begun(of), since.toordinal() - 1), Ask(ended(of), since.toordinal() - 1)]
    all_certain, all_possible, *before = counted(connection, tables(generation), clocks.position, asks)
    certain, possible = all_certain.numbers, all_possible.numbers
    for window, earlier in zip((certain, possible), before, strict=False):
        window.subtract(earlier.numbers)
    if since and clocks.as_of:
        values = {"of": of, "since": since.toordinal(), "day": clocks.day, "position": clocks.position}
        for party, n in connection.execute(_spanning(generation), values):
            certain[party] += n
    return certain, possible, all_possible.last


def _date(
    connection: Connection, generation: int, clocks: Clocks, query: TallyQuery, found: dict[str, Tally], bound: int
) -> None:
    """Find the first and the last meeting that each tally counts, and the one before the window, by a seek each.

    Nothing known by then begins after the day `bound`, so a state long ago need not look at all that came later.
    """
    if not found:
        return
    since, dialect = query.since.toordinal() if query.since else 0, connection.dialect.name
    values = {"of": query.of, "position": clocks.position, "day": clocks.day, "since": since, "bound": bound}
    statement = _dates(generation, dialect, previous=since > 0)
    for party, earliest, latest, previous in connection.execute(
        statement, values | {"parties": listed(found, dialect)}
    ):
        tally = found[party]
        tally.first, tally.last = (earliest, latest) if tally.count else (None, None)
        tally.previous = previous


@cache
def _spanning(generation: int) -> TextClause:
    """How many meetings with each party begin before the window and end behind it."""
    meetings = tables(generation)["meetings"].name
    where = "latest > earliest AND earliest < :since AND latest > :day"
    known = "known_from <= :position AND known_until > :position"
    return text(f"SELECT party, count(*) FROM {meetings} WHERE of = :of AND {where} AND {known} GROUP BY party")


@cache
def _dates(generation: int, dialect: str, *, previous: bool) -> TextClause:
    """Rows of party, and the dates of its first and last meeting in the window and of the last one before it."""
    meetings = tables(generation)["meetings"].name
    known = "m.of = :of AND m.party = p.party AND m.known_from <= :position AND m.known_until > :position"
    inside = "m.earliest >= :since AND m.earliest <= :bound AND m.latest <= :day"
    before = "m.earliest < :since AND m.earliest <= :bound AND m.latest < :since"
    down = "m.earliest DESC, m.latest DESC, m.position DESC"
    up = down.replace(" DESC", "")

    def one(where: str, order: str) -> str:
        return f"(SELECT m.occurred_on FROM {meetings} m WHERE {known} AND {where} ORDER BY {order} LIMIT 1)"

    asked = "unnest(CAST(:parties AS text[])) AS p(party)"
    if dialect == "sqlite":
        asked = "(SELECT value AS party FROM json_each(:parties)) AS p"
    last_before = one(before, down) if previous else "NULL"
    return text(f"SELECT p.party, {one(inside, up)}, {one(inside, down)}, {last_before} FROM {asked}")
