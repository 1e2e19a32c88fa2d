"""The short way through a fold, for an act that comes last in its life cycle, gives what the plain way gives."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from events.database import Database
from events.errors import Refused
from events.store import read
from events.streams import Stream
from events.types import Event
from projections.folding import Changes, fold, set_rows, steps
from projections.registry import VIEWS
from projections.view import View
from tests import builders

SHORT = [view for view in VIEWS if view.last]
DATES = ["2001", "2001-02-03", "2001-02-03", "200X", "[2001..2003]", "2003-05", "2004-06-07", "2004-06-07?"]


def history(database: Database, seed: int) -> list[Event]:
    """Agreements and meetings whose acts arrive in any order, some corrected, retracted and reinstated."""
    chance = random.Random(seed)
    ids: list[str] = []
    for nth in range(60):
        event = _act(chance, nth) if len(ids) < 4 or chance.random() < 0.7 else _revision(chance, ids)
        try:
            answers = builders.append(database, event).answers
        except Refused:
            continue
        ids += [answer.id for answer in answers if not event["type"].startswith("record")]
    with database.read() as connection:
        return read(connection, 0, 1_000)


def _act(chance: random.Random, nth: int) -> dict[str, Any]:
    if nth % 3 == 2:
        met = builders.meeting("CA", chance.choice(["FR", "GB"]), occurred_on=chance.choice(DATES))
        return {**met, "stream": f"meeting:{chance.choice('ab')}"}
    data = {"parties": chance.sample(["CA", "FR", "GB", "US"], 2)} if nth < 3 or chance.random() < 0.2 else {}
    if chance.random() < 0.5:
        data["party"] = chance.choice(["CA", "FR", "JP", "KR"])
    act = chance.choice(["signed", "ratified", "in_force", "amended", "suspended", "resumed"])
    stream = f"agreement:{chance.choice('ab')}"
    return builders.act(f"agreement.{act}", stream, chance.choice(DATES), data=data)


def _revision(chance: random.Random, ids: list[str]) -> dict[str, Any]:
    id = chance.choice(ids)
    corrected = builders.corrected(id, {"occurred_on": chance.choice(DATES)})
    return chance.choice([corrected, builders.retracted(id), builders.reinstated(id)])


def plainly(changes: Changes) -> tuple[Any, ...]:
    """The changes in an order of their own."""
    inserts = {table: sorted(map(tuple, rows), key=repr) for table, rows in changes.inserts.items() if rows}
    closes = {table: sorted(keys) for table, keys in changes.closes.items() if keys}
    return inserts, closes, sorted(changes.points), set(set_rows(changes.sets))


@pytest.mark.parametrize("view", SHORT, ids=lambda view: view.name)
@pytest.mark.parametrize("seed", range(8))
def test_the_short_way_gives_what_the_plain_way_gives(database: Database, view: View, seed: int) -> None:
    events = history(database, seed)
    assert len(events) >= 15
    plain = replace(view, last=None)
    for size in (1, 7, 1_000):
        streams: dict[str, Stream] = {}
        sets: dict[str, set[Any]] = {"short": set(), "plain": set()}
        for start in range(0, len(events), size):
            part = events[start : start + size]
            taken, streams = steps(streams, part)
            short, full = plainly(fold(view, taken)), plainly(fold(plain, taken))
            assert short[:3] == full[:3]
            sets["short"] |= short[3]
            sets["plain"] |= full[3]
        assert sets["short"] == sets["plain"]


def test_there_is_a_short_way() -> None:
    assert [view.name for view in SHORT] == ["timeline", "tallies"]
