"""The tally from blocks is the tally that looks at every meeting, for any window at any state of the record."""

from __future__ import annotations

import datetime as dt
import random

import pytest

from events import store
from events.database import Database
from events.errors import Refused
from projections import checkpoints
from projections.clocks import Clocks
from projections.registry import BY_NAME
from projections.tallies import Tally, TallyQuery, tallies
from projections.tallying import tallied
from tests import builders

DATES = [
    "2001-02-03",
    "2001-02-03",
    "2002-02-28",
    "2003-12-31",
    "2001",
    "200X",
    "2002-02",
    "[2001..2003]",
    "2004-06-07?",
]
DAYS = [dt.date(year, *rest) for year in (2000, 2001, 2002, 2003, 2010) for rest in ((1, 1), (2, 3), (2, 28), (12, 31))]
ENDS = [None, *DAYS, dt.date.min, dt.date.max]


def fill(database: Database, seed: int) -> None:
    """Meetings of a few parties, imprecise ones among them; corrected, retracted, reinstated."""
    chance = random.Random(seed)
    ids: list[str] = []
    for _ in range(90):
        try:
            if len(ids) < 10 or chance.random() < 0.7:
                parties = chance.sample(["CA", "FR", "GB", "US", "JP"], chance.choice((2, 2, 2, 3)))
                event = builders.meeting(*parties, on=chance.choice(DATES))
                ids.append(builders.append(database, event).answers[0].id)
                continue
            id = chance.choice(ids)
            other = {"data": {"parties": ["CA", chance.choice(["FR", "DE"])]}}
            corrected = builders.corrected(id, chance.choice([{"occurred_on": chance.choice(DATES)}, other]))
            builders.append(database, chance.choice([corrected, builders.retracted(id), builders.reinstated(id)]))
        except Refused:
            continue


def plainly(found: list[Tally]) -> list[tuple[object, ...]]:
    return [(t.party, t.count, t.possible, t.first, t.last, t.previous) for t in found]


@pytest.fixture(autouse=True, params=[(512, 8), (4, 2), (1, 3)], ids=lambda sizes: f"blocks of {sizes[0]}")
def sized(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks as in use, of which these histories fill none, and small ones of several levels and many slices."""
    builders.size_blocks(monkeypatch, *request.param)


@pytest.mark.parametrize("seed", range(4))
def test_blocks_tell_what_looking_at_every_meeting_tells(database: Database, seed: int) -> None:
    fill(database, seed)
    builders.catch_up(database)
    chance, told = random.Random(seed), 0
    with database.read() as connection:
        generation = checkpoints.live(connection, BY_NAME["tallies"]).generation
        head = store.head(connection).position
        assert head > 60
        for _ in range(80):
            clocks = Clocks(position=chance.choice((head, head, chance.randrange(head + 1))), as_of=chance.choice(ENDS))
            parties = chance.choice(((), (), ("FR", "US"), ("AQ",)))
            query = TallyQuery(of=chance.choice(["CA", "JP", "DE"]), since=chance.choice(ENDS), parties=parties)
            found = plainly(tallied(connection, generation, clocks, query))
            assert found == plainly(tallies(connection, generation, clocks, query))
            told += len(found)
        formal = TallyQuery(of="CA", formal=True, modes=("in_person",))
        clocks = Clocks(position=head)
        assert plainly(tallied(connection, generation, clocks, formal)) == plainly(
            tallies(connection, generation, clocks, formal)
        )
    assert told > 40
