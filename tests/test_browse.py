"""A page found through an index of its own is the page that looking at every action gives."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pytest
from sqlalchemy import Connection, select

from events import store
from events.database import Database
from projections import browse, checkpoints
from projections.browse import TimelineQuery
from projections.clocks import Clocks
from projections.registry import BY_NAME
from projections.timeline import SMALL, tables
from tests import builders
from tests.test_counts import DAYS, fill

MANY = ["CA", "FR", "GB", "US", "DE", "IT", "JP", "KR", "MX", "BR"]


def plainly(connection: Connection, generation: int, clocks: Clocks, query: TimelineQuery) -> list[str]:
    """The ids of all matching actions in order, found by looking at every one."""
    table = tables(generation)["actions"]
    order = (table.c.earliest, table.c.latest, table.c.position)
    found = select(table.c.id).where(browse.matches(connection, generation, clocks, query)).order_by(*order)
    ids = list(connection.scalars(found))
    return ids[::-1] if query.descending else ids


def paged(connection: Connection, generation: int, clocks: Clocks, query: TimelineQuery, limit: int) -> list[str]:
    """The ids of all pages, one after the other."""
    found, after = [], None
    while True:
        page = browse.browse(connection, generation, clocks, query, limit, after)
        found += [item["id"] for item in page.items]
        after = page.next
        if after is None:
            return found


def asked(chance: random.Random) -> TimelineQuery:
    """A query by one to three filters."""
    filters: dict[str, Any] = {
        "parties": tuple(chance.sample(["CA", "FR", "IT", "AQ"], chance.choice((1, 2)))),
        "between": ("CA", "FR"),
        "kinds": chance.choice([("meeting",), ("summit", "agreement")]),
        "persons": chance.choice([("Jose Diaz",), ("mark carney", "Łukasz")]),
        "topics": ("trade", "défense")[: chance.choice((1, 2))],
        "types": ("agreement.signed",),
        "since": dt.date(2002, 2, 3),
        "until": dt.date(2003, 5, 1),
        "sourced": True,
        "retracted": True,
        "q": "meet",
    }
    chosen = chance.sample(sorted(filters), chance.choice((1, 1, 2, 3)))
    return TimelineQuery(**{name: filters[name] for name in chosen}, descending=chance.random() < 0.5)


@pytest.fixture(autouse=True, params=[(512, 8), (1, 3)], ids=lambda sizes: f"blocks of {sizes[0]}")
def sized(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks as in use, by which these histories are recent, and small ones, by which most of their states are old."""
    builders.size_blocks(monkeypatch, *request.param)


@pytest.mark.parametrize("seed", range(3))
def test_every_way_leads_to_what_is_there(database: Database, seed: int) -> None:
    fill(database, seed)
    data = {"name": "Summit", "parties": MANY, "topics": ["trade"]}
    summit = {"type": "summit.held", "title": {"en": "They meet"}, "data": data}
    ids = [builders.append(database, {**summit, "occurred_on": f"200{n}"}).answers[0].id for n in range(1, 5)]
    builders.append(
        database, builders.corrected(ids[0], {"data": {"parties": ["CA", "IT"]}}), builders.retracted(ids[1])
    )
    builders.catch_up(database)
    chance, listed = random.Random(seed), 0
    assert len(MANY) > SMALL
    with database.read() as connection:
        generation = checkpoints.live(connection, BY_NAME["timeline"]).generation
        head = store.head(connection).position
        for _ in range(60):
            clocks = Clocks(position=chance.choice((head, head, head - 1, head // 2)), as_of=chance.choice(DAYS))
            query = asked(chance)
            plain = plainly(connection, generation, clocks, query)
            assert paged(connection, generation, clocks, query, chance.choice((1, 3, 50))) == plain
            listed += len(plain)
    assert listed > 100


def test_a_party_of_many_large_sets_is_found_one_action_at_a_time(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browse, "FEW", 0)
    test_every_way_leads_to_what_is_there(database, 7)
