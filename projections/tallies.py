"""How often the parties met, two by two: per party the meetings that lie in the window, and those that may.

Only meetings of exactly two parties count; a meeting of three or more adds to nobody. Each is kept once from
either side, so a tally reads the rows `of` one party.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import Column, Connection, Index, Integer, Select, String, Table, exists, select

from events import parties
from events.kinds.meeting import Meeting
from events.streams import Act, Stream
from projections import blocks
from projections.clocks import Clocks, Window
from projections.view import POINTS, Rows, Tables, View, flag, versioned, whole
from projections.words import fold, folded


@cache
def tables(generation: int) -> Tables:
    """`meetings`: one row per meeting and side. `people`: who took part in which. And how many, as `series` tells."""
    meetings = versioned(
        f"tallies_meetings_{generation}",
        [whole("position"), Column("of", String(20))],
        [
            Column("party", String(20), nullable=False),
            Column("earliest", Integer, nullable=False),
            Column("latest", Integer, nullable=False),
            Column("occurred_on", String(100), nullable=False),
            Column("mode", String(20), nullable=False),
            flag("formal"),
            Column("level", String(20), nullable=False),
        ],
        ["of", "party", "earliest", "latest", "position", "known_from", "known_until", "occurred_on"],
    )
    imprecise = meetings.c.latest > meetings.c.earliest
    columns = (meetings.c.of, meetings.c.latest)
    Index(f"tallies_imprecise_{generation}", *columns, sqlite_where=imprecise, postgresql_where=imprecise)
    people = versioned(f"tallies_people_{generation}", [whole("position"), Column("person", String)], [])
    return {"meetings": meetings, "people": people, **blocks.tables("tallies", generation)}


def rows(stream: Stream) -> Rows:
    """The rows that a stream's standing meetings make."""
    return _made(stream, stream.standing()) if stream.name.startswith("meeting:") else {}


def last(stream: Stream) -> Rows:
    """The rows that the last act of a stream adds: meetings change nothing about each other."""
    return _made(stream, stream.standing()[-1:]) if stream.name.startswith("meeting:") else {}


def _made(stream: Stream, acts: Sequence[Act]) -> Rows:
    meetings: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    people: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    points: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for act in acts:
        match meeting_of(act):
            case Meeting(parties=(one, other)) as meeting:
                position, begin, end = act.event.position, act.earliest.toordinal(), act.latest.toordinal()
                about = (begin, end, act.content.occurred_on, meeting.mode, meeting.formal, meeting.level)
                for of, party in ((one, other), (other, one)):
                    meetings[position, of] = (party, *about)
                    for key in ((begun(of), begin, party), (ended(of), end, party)):
                        points[key] = (points[key][0] + 1 if key in points else 1,)
                for person in act.content.data.get("people", ()):
                    people[position, folded(str(person["name"]))] = ()
            case _:
                pass
    return {"meetings": meetings, "people": people, POINTS: points}


def begun(of: str) -> str:
    """The series that counts the meetings of a party by the other, from the first day on which each may have been."""
    return f"{of} first"


def ended(of: str) -> str:
    """As `begun`, from the last day."""
    return f"{of} last"


def meeting_of(act: Act) -> Meeting:
    """What the tallies read of a meeting."""
    data = act.content.data
    return Meeting(parties=tuple(data["parties"]), mode=data["mode"], formal=data["formal"], level=data["level"])


VIEW = View(name="tallies", version=5, tables=tables, rows=rows, last=last)


@dataclass(frozen=True, slots=True, kw_only=True)
class TallyQuery:
    """Which meetings of a party to count. Empty tuples and None mean all."""

    of: str
    since: dt.date | None = None
    modes: tuple[str, ...] = ()
    formal: bool | None = None
    level: str | None = None
    person: str | None = None
    parties: tuple[str, ...] = ()


@dataclass(slots=True)
class Tally:
    """One party's row: `first`, `last` and `previous` are the dates as written."""

    party: str
    count: int = 0
    possible: int = 0
    first: str | None = None
    last: str | None = None
    previous: str | None = None
    days: list[int] = field(default_factory=list)


def tallies(connection: Connection, generation: int, clocks: Clocks, query: TallyQuery) -> list[Tally]:
    """The rows of the tally, by count down, then name; a party with neither count nor possible has none.

    Every meeting is looked at; `tallying.tallied` gives the same without `days`, from blocks.
    """
    window = Window(since=query.since, as_of=clocks.as_of)
    found: dict[str, Tally] = {}
    for row in connection.execute(_meetings(generation, clocks, query)):
        tally = found.setdefault(row.party, Tally(row.party))
        if window.holds(row.earliest, row.latest):
            tally.count += 1
            tally.first = tally.first or row.occurred_on
            tally.last = row.occurred_on
            tally.days.append(row.latest)
        elif window.may_hold(row.earliest, row.latest):
            tally.possible += 1
        elif row.latest < window.bounds[0]:
            tally.previous = row.occurred_on
    return ranked(found.values())


def ranked(found: Iterable[Tally]) -> list[Tally]:
    """The rows that count anything, in the order of the tally."""
    return sorted((tally for tally in found if tally.count or tally.possible), key=_rank)


def _rank(tally: Tally) -> tuple[int, str, str]:
    return (-tally.count, fold(parties.name(tally.party)), tally.party)


def series(found: Iterable[Tally]) -> list[dict[str, Any]]:
    """The counts as steps in time, one per party and day from which another meeting is certain."""
    return sorted((step for tally in found for step in _steps(tally)), key=lambda step: (step["on"], step["party"]))


def _steps(tally: Tally) -> Iterator[dict[str, Any]]:
    so_far: dict[int, int] = {}
    for count, day in enumerate(sorted(tally.days), 1):
        so_far[day] = count
    for day, count in so_far.items():
        yield {"on": dt.date.fromordinal(day).isoformat(), "party": tally.party, "count": count}


def _meetings(generation: int, clocks: Clocks, query: TallyQuery) -> Select[Any]:
    """The meetings that pass the filters and may have happened, in timeline order."""
    made = tables(generation)
    table = made["meetings"]
    columns = (table.c.party, table.c.earliest, table.c.latest, table.c.occurred_on)
    found = select(*columns).where(table.c.of == query.of, clocks.began(table))
    if query.modes:
        found = found.where(table.c.mode.in_(query.modes))
    if query.formal is not None:
        found = found.where(table.c.formal == query.formal)
    if query.level is not None:
        found = found.where(table.c.level == query.level)
    if query.parties:
        found = found.where(table.c.party.in_(query.parties))
    if query.person is not None:
        found = found.where(_with_person(made["people"], table, clocks, query.person))
    return found.order_by(table.c.earliest, table.c.latest, table.c.position)


def _with_person(people: Table, table: Table, clocks: Clocks, person: str) -> Any:
    same = (people.c.stream_id == table.c.stream_id) & (people.c.position == table.c.position)
    return exists(select(people.c.person).where(same, people.c.person == fold(person), clocks.knows(people)))
