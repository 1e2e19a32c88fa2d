"""How many actions of the timeline there are by party, kind, person, topic, month, and sourced or not.

The whole timeline is counted from blocks, at any state of the record. Anything else is counted action by action, the
plain way that the other equals.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Select,
    Table,
    cast,
    distinct,
    func,
    literal_column,
    select,
)

from projections.blocks import Ask, counted
from projections.browse import TimelineQuery, held, matches
from projections.clocks import Clocks
from projections.timeline import APART, month, tables
from projections.view import Tables

FACETS = ("kind", "sourced", "party", "person", "topic", "months")
Value = tuple[str, str]
"""What is counted, and how it is shown: a folded name and its first spelling, or a code or number and nothing."""


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Numbers of actions by facet and value; `months` has the months of `earliest` and `latest`, as `month` numbers."""

    by: Mapping[str, Counter[Value]] = field(default_factory=lambda: {facet: Counter() for facet in FACETS})

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


def count(
    connection: Connection, generation: int, clocks: Clocks, query: TimelineQuery, facets: Sequence[str] = FACETS
) -> Counts:
    """The matching actions by facet; of the whole timeline only by these."""
    made = tables(generation)
    if replace(query, descending=True) != TimelineQuery():
        return one_by_one(connection, made, clocks, matches(connection, generation, clocks, query))
    found = Counts()
    asks = [Ask(facet, clocks.day) for facet in facets]
    for facet, those in zip(facets, counted(connection, made, clocks.position, asks), strict=True):
        for value, n in those.numbers.items():
            one, _, shown = value.partition(APART)
            found.by[facet][one, shown] = n
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
