"""The tally from sums: how many meetings lie in the window without looking at each of them.

A meeting lies in the window when its first day is not before `since` and its last not after `as_of`. So the count is
all whose last day is not after `as_of`, less those that begin before `since`, but for the few that span the window.
Sums by months are kept as of the checkpoint; a state shortly before it is that less the streams that changed since. An
older state is counted by the database from its indexes alone.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, TextClause, text

from events.bulk import among, listed
from projections.clocks import Clocks
from projections.tallies import SPANS, Tally, TallyQuery, month, ranked, tables, tallies
from projections.view import ALWAYS

RECENT = 2_000
"""How many positions before the checkpoint a state of the record may lie to be counted from its sums."""

Numbers = Counter[str]


class Term(NamedTuple):
    """Meetings by party whose first (`side` 0) or last (1) day is not after one day, added (1) or taken away (-1).

    `into` is "counted" for what lies in the window for certain, "begun" for what may.
    """

    into: str
    side: int
    day: str
    sign: int


def tallied(connection: Connection, generation: int, clocks: Clocks, query: TallyQuery) -> list[Tally]:
    """As `tallies.tallies`, without `days`."""
    if replace(query, since=None, parties=()) != TallyQuery(of=query.of):
        return [replace(tally, days=[]) for tally in tallies(connection, generation, clocks, query)]
    if query.since and clocks.as_of and query.since > clocks.as_of:
        return []
    asked = _Asked(connection, generation, query)
    reached = asked.reached()
    if reached - clocks.position > RECENT:
        counted, begun = asked.window(clocks, "all")
    else:
        counted, begun = asked.window(replace(clocks, position=reached), "kept")
        if reached > clocks.position:
            for clock, sign in ((replace(clocks, position=reached), -1), (clocks, 1)):
                less, other = asked.window(clock, "changed", clocks.position)
                counted.update({party: sign * n for party, n in less.items()})
                begun.update({party: sign * n for party, n in other.items()})
    found = {party: Tally(party, count=counted[party], possible=begun[party] - counted[party]) for party in begun}
    found = {party: tally for party, tally in found.items() if tally.count or tally.possible}
    asked.date(clocks, found)
    return ranked(found.values())


class _Asked:
    """What is asked of the database for one tally."""

    def __init__(self, connection: Connection, generation: int, query: TallyQuery) -> None:
        self.connection, self.generation, self.query = connection, generation, query
        self.dialect = connection.dialect.name

    def reached(self) -> int:
        """The position of the checkpoint."""
        statement = text("SELECT position FROM checkpoints WHERE projection = 'tallies' AND generation = :generation")
        return self.connection.scalar(statement, {"generation": self.generation}) or 0

    def window(self, clocks: Clocks, way: str, since_position: int = 0) -> tuple[Numbers, Numbers]:
        """How many lie in the window for certain, and how many may.

        `way` tells how they are found: "kept" from the sums, "all" from the indexes, "changed" only those of streams
        with an event behind `since_position`.
        """
        since, until, few = self.query.since, clocks.as_of, self.query.parties
        statement = _window(self.generation, self.dialect, way, since is not None, until is not None, bool(few))
        values: dict[str, Any] = {"of": self.query.of, "position": clocks.position, "changed": since_position}
        values |= {"parties": listed(few, self.dialect)} if few else {}
        values |= _days("until", until) | (_days("before", _day_before(since)) if since else {})
        values |= {"since": since.toordinal()} if since else {}
        counted, begun = Counter[str](), Counter[str]()
        for into, party, n in self.connection.execute(statement, values):
            (counted if into == "counted" else begun)[party] += n
        return counted, begun

    def date(self, clocks: Clocks, found: dict[str, Tally]) -> None:
        """Find the first and the last meeting that each tally counts, and the one before the window, by a seek each."""
        if not found:
            return
        first = self.query.since.toordinal() if self.query.since else 0
        values = {"of": self.query.of, "position": clocks.position, "day": clocks.day, "since": first}
        values["parties"] = listed(found, self.dialect)
        dates = _dates(self.generation, self.dialect)
        for party, earliest, last, previous in self.connection.execute(dates, values):
            tally = found[party]
            tally.first, tally.last = (earliest, last) if tally.count else (None, None)
            tally.previous = previous


def _day_before(day: dt.date) -> dt.date | None:
    return day - dt.timedelta(days=1) if day > dt.date.min else None


def _days(name: str, day: dt.date | None) -> dict[str, int]:
    """A day, the first of its month, and where the months before it end as centuries, decades, years and months."""
    if day is None:
        return {name: 0 if name == "before" else ALWAYS, f"{name}_first": 0} | {f"{name}_{span}": 0 for span in SPANS}
    whole = month(day)
    ends = {f"{name}_{span}": whole // span * span for span in SPANS}
    return {name: day.toordinal(), f"{name}_first": day.replace(day=1).toordinal(), **ends}


@cache
def _window(generation: int, dialect: str, way: str, since: bool, until: bool, few: bool) -> TextClause:
    """Rows of what is counted into, party and number."""
    terms = [Term("counted", 1, "until", 1), Term("begun", 0, "until", 1)]
    if since:
        terms += [Term("counted", 0, "before", -1), Term("begun", 1, "before", -1)]
    parties = f" AND {among('party', 'parties', dialect)}" if few else ""
    made = tables(generation)
    meetings, counts = made["meetings"].name, made["counts"].name
    parts: list[str] = []
    for term in terms:
        if way == "kept":
            everything = term.day == "until" and not until
            parts += _kept(counts, term, parties, everything=everything)
            if not everything:
                bounds = f"BETWEEN :{term.day}_first AND :{term.day}"
                parts.append(_rows(meetings, term, f"{('earliest', 'latest')[term.side]} {bounds}{parties}"))
        else:
            parts += _counted(meetings, term, parties, way)
    if since and until:
        spanning = f"latest > earliest AND earliest < :since AND latest > :until{parties}"
        only = CHANGED if way == "changed" else ""
        parts.append(_rows(meetings, Term("counted", 1, "until", 1), spanning + only))
    whole = " UNION ALL ".join(parts)
    return text(f"SELECT how, party, CAST(sum(n) AS BIGINT) FROM ({whole}) AS parts GROUP BY how, party")


CHANGED = (
    " AND stream_id IN (SELECT position FROM stream_versions WHERE version = 1 AND stream IN "
    "(SELECT stream FROM events WHERE position > :changed))"
)


def _kept(counts: str, term: Term, parties: str, *, everything: bool) -> Iterator[str]:
    """The sums of all months before a day's: of whole centuries, then decades, years and months; or of all."""
    begin = "0"
    for span in reversed(SPANS):
        end = f":{term.day}_{span}"
        bounds = "" if everything else f" AND first >= {begin} AND first < {end}"
        where = f"of = :of AND side = {term.side} AND months = {span}{bounds}{parties}"
        yield f"SELECT '{term.into}' AS how, party, {term.sign} * n AS n FROM {counts} WHERE {where}"
        if everything:
            return
        begin = end


def _counted(meetings: str, term: Term, parties: str, way: str) -> Iterator[str]:
    """The meetings until a day: by their first day, and for the last day less those that begin before it and end after.

    So only the few meetings without an exact date are looked at twice.
    """
    only = parties + (CHANGED if way == "changed" else "")
    yield _rows(meetings, term, f"earliest <= :{term.day}{only}")
    if term.side == 1:
        later = f"latest > earliest AND earliest <= :{term.day} AND latest > :{term.day}{only}"
        yield _rows(meetings, term._replace(sign=-term.sign), later)


def _rows(meetings: str, term: Term, where: str) -> str:
    known = "known_from <= :position AND known_until > :position"
    number = f"SELECT '{term.into}' AS how, party, {term.sign} * count(*) AS n FROM {meetings}"
    return f"{number} WHERE of = :of AND {known} AND {where} GROUP BY party"


@cache
def _dates(generation: int, dialect: str) -> TextClause:
    """Rows of party, and the dates of its first and last meeting in the window and of the last one before it."""
    meetings = tables(generation)["meetings"].name
    known = "m.of = :of AND m.party = p.party AND m.known_from <= :position AND m.known_until > :position"
    inside = "m.earliest >= :since AND m.earliest <= :day AND m.latest <= :day"
    before = "m.earliest < :since AND m.latest < :since"
    down = "m.earliest DESC, m.latest DESC, m.position DESC"
    up = down.replace(" DESC", "")

    def one(where: str, order: str) -> str:
        return f"(SELECT m.occurred_on FROM {meetings} m WHERE {known} AND {where} ORDER BY {order} LIMIT 1)"

    listed_parties = "unnest(CAST(:parties AS text[])) AS p(party)"
    if dialect == "sqlite":
        listed_parties = "(SELECT value AS party FROM json_each(:parties)) AS p"
    return text(f"SELECT p.party, {one(inside, up)}, {one(inside, down)}, {one(before, down)} FROM {listed_parties}")
