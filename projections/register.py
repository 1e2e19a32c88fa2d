"""The parties and people the record names, with how many actions each has part in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select

from projections.browse import TimelineQuery, held, matches
from projections.clocks import Clocks
from projections.counts import count
from projections.timeline import tables


def party_counts(connection: Connection, generation: int, clocks: Clocks, *only: str) -> dict[str, int]:
    """Number of actions by party involved; of all parties, or of these."""
    found = count(connection, generation, clocks, TimelineQuery(parties=only), ["party"]).by["party"]
    return {code: n for (code, _), n in found.items() if n and (not only or code in only)}


def people(connection: Connection, generation: int, clocks: Clocks, party: str | None = None) -> list[dict[str, Any]]:
    """The people named, by number of actions, then name: each `{name, party, roles, actions}`.

    With `party`, those met in the actions it is involved in, but for its own.
    """
    found: dict[tuple[str, str | None], tuple[set[str], set[int]]] = {}
    for row in _named(connection, generation, clocks, party):
        if not party or row.party != party:
            roles, positions = found.setdefault((row.name, row.party), (set(), set()))
            positions.add(row.position)
            roles.update([row.role] if row.role else [])
    ranked = sorted(found.items(), key=lambda one: (-len(one[1][1]), one[0][0], one[0][1] or ""))
    return [
        {"name": name, "party": code, "roles": sorted(roles), "actions": len(positions)}
        for (name, code), (roles, positions) in ranked
    ]


def persons(connection: Connection, generation: int, clocks: Clocks, party: str | None = None) -> list[dict[str, Any]]:
    """As `people`, with one row for each name however it is spelled: `{name, parties, roles, actions}`.

    So `actions` counts what the timeline lists for the name, with or without `party`.
    """
    found: dict[str, dict[str, set[Any]]] = {}
    for row in _named(connection, generation, clocks, party):
        one = found.setdefault(row.folded, {"names": set(), "parties": set(), "roles": set(), "positions": set()})
        values = {"names": row.name, "parties": row.party, "roles": row.role, "positions": row.position}
        for name, value in values.items():
            one[name].add(value)
    rows = [
        {
            "name": min(one["names"]),
            "parties": sorted(code for code in one["parties"] if code),
            "roles": sorted(role for role in one["roles"] if role),
            "actions": len(one["positions"]),
        }
        for one in found.values()
        if not party or one["parties"] != {party}
    ]
    return sorted(rows, key=lambda row: (-row["actions"], row["name"]))


def _named(connection: Connection, generation: int, clocks: Clocks, party: str | None) -> Iterator[Any]:
    """Each naming of a person in the actions as of the day."""
    made = tables(generation)
    actions, beside = made["actions"], made["people"]
    wanted = TimelineQuery(parties=(party,) if party else ())
    hit = select(actions.c.position).where(matches(connection, generation, clocks, wanted))
    query = select(beside.c.name, beside.c.folded, beside.c.party, beside.c.role, beside.c.position)
    yield from connection.execute(query.where(held(beside, clocks), beside.c.position.in_(hit)))
