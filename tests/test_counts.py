"""Counts from blocks are those of the plain way, at every day and every state of the record."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pytest
from sqlalchemy import func, select

from events import store
from events.database import Database
from events.errors import Refused
from projections import checkpoints, counts
from projections.browse import TimelineQuery, matches
from projections.clocks import Clocks
from projections.registry import BY_NAME
from projections.timeline import tables
from projections.view import OPEN
from tests import builders

DATES = ["2001", "2001-02-03", "2002-02-03", "200X", "[2001..2003]", "2003-05", "2004-06-07", "2004-06-07?"]
NAMES = ["José Díaz", "Jose Diaz", "Mark Carney", "mark carney", "Łukasz", "lukasz"]
DAYS = [None, *(dt.date(year, *rest) for year in range(2000, 2005) for rest in ((1, 1), (2, 3), (6, 7), (12, 31)))]


def fill(database: Database, seed: int) -> None:
    """Acts of a few streams in any order, with names spelled in several ways; corrected, retracted, reinstated."""
    chance = random.Random(seed)
    ids: list[str] = []
    for nth in range(70):
        event = _act(chance, nth) if len(ids) < 4 or chance.random() < 0.7 else _revision(chance, ids)
        try:
            answers = builders.append(database, event).answers
        except Refused:
            continue
        ids += [answer.id for answer in answers if not event["type"].startswith("record")]


def _act(chance: random.Random, nth: int) -> dict[str, Any]:
    sources = [{"url": "https://example.org/"}] if chance.random() < 0.5 else []
    people = [{"name": name} for name in chance.sample(NAMES, 2)]
    if chance.random() < 0.4:
        data = {"people": people, "topics": chance.sample(["Trade", "trade", "Défense"], 2)}
        parties = chance.sample(["CA", "FR", "GB", "US"], 2)
        return builders.meeting(*parties, on=chance.choice(DATES), data=data, sources=sources)
    data = {"parties": chance.sample(["CA", "FR", "GB", "US"], 2)} if nth < 3 or chance.random() < 0.2 else {}
    act = chance.choice(["signed", "ratified", "in_force", "amended", "suspended", "resumed"])
    stream = f"agreement:{chance.choice('ab')}"
    return builders.act(f"agreement.{act}", stream, chance.choice(DATES), data=data, sources=sources)


def _revision(chance: random.Random, ids: list[str]) -> dict[str, Any]:
    id = chance.choice(ids)
    corrected = builders.corrected(id, {"occurred_on": chance.choice(DATES)})
    return chance.choice([corrected, builders.retracted(id), builders.reinstated(id)])


def plainly(found: counts.Counts) -> dict[str, Any]:
    """The counts with what does not count left out."""
    return {facet: {value: n for value, n in numbers.items() if n} for facet, numbers in found.by.items()}


@pytest.fixture(autouse=True, params=[(512, 8), (4, 2), (1, 3)], ids=lambda sizes: f"blocks of {sizes[0]}")
def sized(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks as in use, of which these histories fill none, and small ones of several levels and many slices."""
    builders.size_blocks(monkeypatch, *request.param)


@pytest.mark.parametrize("seed", range(4))
def test_blocks_give_what_counting_one_by_one_gives(database: Database, seed: int) -> None:
    fill(database, seed)
    builders.catch_up(database)
    chance = random.Random(seed)
    with database.read() as connection:
        generation = checkpoints.live(connection, BY_NAME["timeline"]).generation
        head = store.head(connection).position
        assert head >= 30
        for position in [head, head, head, *chance.sample(range(head), 6)]:
            for day in chance.sample(DAYS, 5):
                clocks = Clocks(position=position, as_of=day)
                where = matches(connection, generation, clocks, TimelineQuery())
                plain = counts.one_by_one(connection, tables(generation), clocks, where)
                assert plainly(counts.count(connection, generation, clocks, TimelineQuery())) == plainly(plain)


def test_the_histories_hold_what_is_so_only_between_two_days(database: Database) -> None:
    """So that the property above is about that as well."""
    fill(database, 0)
    builders.catch_up(database)
    with database.read() as connection:
        involved = tables(checkpoints.live(connection, BY_NAME["timeline"]).generation)["involved"]
        assert connection.scalar(select(func.count()).where(involved.c.from_day > 0, involved.c.known_until == OPEN))


def test_a_name_is_shown_as_the_first_of_its_spellings_that_count() -> None:
    found = counts.Counts()
    found.by["person"].update({("jose", "José"): 2, ("jose", "Jose"): 1, ("ann", "Ann"): 3, ("ann", "An̂n"): 0})
    assert found.ranked("person") == [("Ann", 3), ("Jose", 3)]
