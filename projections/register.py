"""The parties and people the record names, with how many actions each has part in."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, distinct, func, select

from projections.browse import TimelineQuery, held, matches
from projections.clocks import Clocks
from projections.timeline import tables


def party_counts(connection: Connection, generation: int, clocks: Clocks) -> dict[str, int]:
    """Number of actions by party involved."""
    made = tables(generation)
    actions, beside = made["actions"], made["parties"]
    hit = select(actions.c.position).where(matches(connection, generation, clocks, TimelineQuery()))
    query = select(beside.c.party, func.count(distinct(beside.c.position)).label("actions"))
    query = query.where(held(beside, clocks), beside.c.position.in_(hit)).group_by(beside.c.party)
    return {row.party: row.actions for row in connection.execute(query)}


def people(connection: Connection, generation: int, clocks: Clocks, party: str | None = None) -> list[dict[str, Any]]:
    """The people named, by number of actions, then name: each `{name, party, roles, actions}`.

    With `party`, those met in the actions it is involved in, but for its own.
    """
    made = tables(generation)
    actions, beside = made["actions"], made["people"]
    wanted = TimelineQuery(parties=(party,) if party else ())
    hit = select(actions.c.position).where(matches(connection, generation, clocks, wanted))
    query = select(beside.c.name, beside.c.party, beside.c.role, beside.c.position)
    query = query.where(held(beside, clocks), beside.c.position.in_(hit))
    found: dict[tuple[str, str | None], tuple[set[str], set[int]]] = {}
    for row in connection.execute(query):
        if not party or row.party != party:
            roles, positions = found.setdefault((row.name, row.party), (set(), set()))
            positions.add(row.position)
            roles.update([row.role] if row.role else [])
    ranked = sorted(found.items(), key=lambda one: (-len(one[1][1]), one[0][0], one[0][1] or ""))
    return [
        {"name": name, "party": code, "roles": sorted(roles), "actions": len(positions)}
        for (name, code), (roles, positions) in ranked
    ]
