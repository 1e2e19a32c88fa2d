"""How many actions of the timeline there are by party, kind, person, topic, month, and sourced or not.

The whole timeline is counted from sums by years that the projection keeps, with the year of `as_of` and what is said to
hold only between two days counted from the actions. A state of the record shortly before the head is the head's counts
but for the streams that changed since. Anything else is counted action by action, the plain way that the others equal.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    cast,
    distinct,
    func,
    literal_column,
    not_,
    or_,
    select,
)

from projections.browse import TimelineQuery, held, matches
from projections.clocks import Clocks
from projections.tables import checkpoints
from projections.timeline import SPANS, month, tables
from projections.view import Tables

RECENT = 2_000
"""How many positions before the head a state of the record may lie to be counted from the head's."""

FACETS = ("kind", "sourced", "party", "person", "topic", "months")
Value = tuple[str, str]
"""What is counted, and how it is shown: a folded name and its first spelling, or a code or number and nothing."""


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Numbers of actions by facet and value; `months` has the months of `earliest` and `latest`, as `month` numbers."""

    by: Mapping[str, Counter[Value]] = field(
        default_factory=lambda: {
            facet: Counter() for facet in ("kind", "sourced", "party", "person", "topic", "months")
        }
    )

    def __add__(self, other: Counts) -> Counts:
        return self._with(other, 1)

    def __sub__(self, other: Counts) -> Counts:
        return self._with(other, -1)

    def _with(self, other: Counts, sign: int) -> Counts:
        made = Counts()
        for facet, found in made.by.items():
            found.update(self.by[facet])
            found.update({value: sign * n for value, n in other.by[facet].items()})
        return made

    def total(self) -> int:
        """The number of actions."""
        return sum(self.by["kind"].values())

    def ranked(self, facet: str) -> list[tuple[str, int]]:
        """What is shown of each value and its number, the largest first, then by name."""
        numbers: Counter[str] = Counter()
        shown: dict[str, str] = {}
        for (value, name), n in self.by[facet].items():
            if n:
                numbers[value] += n
                shown[value] = min(shown.get(value, name), name)
        rows = [(shown[value] or value, n) for value, n in numbers.items()]
        return sorted(rows, key=lambda row: (-row[1], row[0]))

    def months(self) -> list[tuple[int, int, int]]:
        """(month of `earliest`, month of `latest`, number)."""
        return [(int(first), int(last), n) for (first, last), n in self.by["months"].items() if n]

    def years(self) -> list[tuple[int, int]]:
        """(year of `earliest`, number), in order."""
        numbers: Counter[int] = Counter()
        for first, _, n in self.months():
            numbers[first // 12] += n
        return sorted(numbers.items())


def count(connection: Connection, generation: int, clocks: Clocks, query: TimelineQuery) -> Counts:
    """The matching actions by facet."""
    made = tables(generation)
    plain = matches(connection, generation, clocks, query)
    if replace(query, descending=True) != TimelineQuery():
        return one_by_one(connection, made, clocks, plain)
    reached = _reached(connection, generation)
    if reached - clocks.position > RECENT:
        return one_by_one(connection, made, clocks, plain)
    now = replace(clocks, position=reached)
    found = _whole(connection, made, now)
    if reached > clocks.position:
        table = made["actions"]
        changed = table.c.stream_id.in_(select(table.c.stream_id).where(table.c.known_from > clocks.position))
        found -= one_by_one(connection, made, now, and_(matches(connection, generation, now, query), changed))
        found += one_by_one(connection, made, clocks, and_(plain, changed))
    return found


def one_by_one(connection: Connection, made: Tables, clocks: Clocks, where: ColumnElement[bool]) -> Counts:
    """The actions under a condition, counted one by one."""
    actions, people, topics = made["actions"], made["people"], made["topics"]
    found = Counts()
    day = dt.date.fromordinal
    columns = (actions.c.kind, actions.c.sourced, actions.c.earliest, actions.c.latest)
    for kind, sourced, earliest, latest, n in connection.execute(
        select(*columns, func.count()).where(where).group_by(*columns)
    ):
        months = (str(month(day(earliest))), str(month(day(latest))))
        values = {"kind": (kind, ""), "sourced": (str(int(sourced)), ""), "months": months}
        for facet, value in values.items():
            found.by[facet][value] += n
    hit = select(actions.c.position).where(where).cte("hit")
    beside = {
        "person": _names(connection, people, people.c.name, hit.c.position, held(people, clocks)),
        "topic": _names(connection, topics, topics.c.topic, hit.c.position, clocks.knows(topics)),
        "party": _parties(made, clocks, hit.c.position),
    }
    for facet, selection in beside.items():
        found.by[facet].update({(value, shown): n for value, shown, n in connection.execute(selection)})
    return found


def _names(
    connection: Connection, table: Table, name: Column[Any], positions: ColumnElement[Any], where: ColumnElement[bool]
) -> Select[Any]:
    """How many actions have each name, by the first of its spellings in an action, in the order of their letters."""
    first = func.min(name.collate("C") if connection.dialect.name == "postgresql" else name).label("first")
    once = select(table.c.folded, first).where(table.c.position == positions, where)
    each = once.group_by(table.c.position, table.c.folded).cte("each")
    return select(each.c.folded, each.c.first, func.count()).group_by(each.c.folded, each.c.first)


def _parties(made: Tables, clocks: Clocks, positions: ColumnElement[Any]) -> Select[Any, Any, Any]:
    """How many of these actions involve each party: counted by sets of parties first, which are few."""
    involved, sets = made["involved"], made["sets"]
    per_set = select(involved.c.party_set, func.count(distinct(involved.c.position)).label("n"))
    per_set = per_set.where(involved.c.position == positions, held(involved, clocks))
    found = per_set.group_by(involved.c.party_set).cte("per_set")
    number = cast(func.sum(found.c.n), BigInteger)
    counted: Select[Any, Any, Any] = select(sets.c.party, literal_column("''"), number)
    return counted.where(sets.c.party_set == found.c.party_set).group_by(sets.c.party)


def _reached(connection: Connection, generation: int) -> int:
    where = (checkpoints.c.projection == "timeline") & (checkpoints.c.generation == generation)
    return connection.scalar(select(checkpoints.c.position).where(where)) or 0


def _whole(connection: Connection, made: Tables, clocks: Clocks) -> Counts:
    """All that stands at the checkpoint: kept sums of whole years, and the rest from the actions."""
    actions = made["actions"]
    shown = and_(clocks.knows(actions), actions.c.retracted.is_(False))
    split = actions.c.position.in_(_split(made, clocks))
    apart = one_by_one(connection, made, clocks, and_(shown, split, actions.c.earliest <= clocks.day))
    if clocks.as_of is None:
        return _kept(connection, made) + apart
    year, always = clocks.as_of.year, replace(clocks, as_of=None)
    first, last = dt.date(year, 1, 1).toordinal(), dt.date(year, 12, 31).toordinal()
    begun = and_(shown, actions.c.earliest.between(first, clocks.day))
    ahead = and_(shown, actions.c.earliest.between(clocks.day + 1, last))
    if _size(connection, ahead) < _size(connection, begun):
        return _kept(connection, made, year) + apart - one_by_one(connection, made, always, and_(ahead, not_(split)))
    return _kept(connection, made, year - 1) + apart + one_by_one(connection, made, always, and_(begun, not_(split)))


def _size(connection: Connection, where: ColumnElement[bool]) -> int:
    return connection.scalar(select(func.count()).where(where)) or 0


def _split(made: Tables, clocks: Clocks) -> Select[Any]:
    """The actions with somebody involved only from or until a day; each has a row that begins at a day."""
    involved = made["involved"]
    return select(involved.c.position).where(involved.c.from_day > literal_column("0"), clocks.knows(involved))


def _kept(connection: Connection, made: Tables, until: int = dt.MAXYEAR) -> Counts:
    """The sums until the end of a year: of whole centuries, then of the decades and of the years that are left."""
    table, spans = made["counts"], []
    begin = 0
    for years in reversed(SPANS):
        end = (until + 1) // years * years
        spans.append(and_(table.c.years == years, table.c.first >= begin, table.c.first < end))
        begin = end
    columns = (table.c.facet, table.c.value, table.c.shown)
    query = select(*columns, cast(func.sum(table.c.n), BigInteger)).where(or_(*spans)).group_by(*columns)
    found = Counts()
    for facet, value, shown, n in connection.execute(query):
        found.by[facet][value, shown] = n
    return found
