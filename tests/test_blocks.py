"""Blocks hold what was put in, whoever makes them and however often; and the audit tells when they do not."""

from __future__ import annotations

import random
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update

from events import store
from events.database import Database
from projections import blocks, checkpoints, packing
from projections.blocks import LEVELS, Ask, Slice, built, counted, decode, encode, mark, plan
from projections.packing import Packer, Point, slices
from projections.registry import BY_NAME
from projections.view import BLOCKS, POINTS, Tables
from service.audit import audit
from tests import builders, test_counts

NUMBERS = st.integers(-(2**40), 2**40)
POINTS_OF_A_BLOCK = st.lists(st.tuples(st.integers(0, 40), st.sampled_from("abcé"), st.sampled_from((-1, 1, 2))))


@given(st.integers(0, 4_000_000), st.lists(st.text(min_size=1)), st.lists(NUMBERS), st.lists(st.integers(0, 70_000)))
def test_a_slice_is_read_as_it_was_written(first: int, values: list[str], before: list[int], days: list[int]) -> None:
    part = Slice(first, values, before, days, days[::-1], [-n for n in days], [])
    found = decode(encode(part))
    assert (found.first, found.values) == (first, values)
    assert [list(one) for one in (found.before, found.days, found.nths, found.ns, found.offsets)] == [
        before,
        days,
        days[::-1],
        [-n for n in days],
        [],
    ]


@given(POINTS_OF_A_BLOCK, st.integers(1, 8), st.integers(0, 45))
def test_one_slice_tells_all_that_counts_until_a_day(points: list[Point], least: int, day: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packing, "LEAST", least)
        patch.setattr(packing, "SHARE", 1)
        parts = list(slices(sorted(points)))
    assert all(one.first < other.first for one, other in pairwise(parts))
    wanted: Counter[str] = Counter()
    for begin, value, n in points:
        wanted[value] += n if begin <= day else 0
    last = [part for part in parts if part.first <= day][-1:]
    found = dict(zip(last[0].values, last[0].numbers(day), strict=True)) if last else {}
    assert {value: n for value, n in found.items() if n} == {value: n for value, n in wanted.items() if n}


@given(st.integers(0, 3_000), st.integers(0, 200), st.integers(0, 3))
def test_the_blocks_of_a_plan_follow_each_other_from_the_first_position(position: int, bases: int, lag: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BASE", 10)
        patch.setattr(blocks, "FAN", 3)
        complete = [bases]
        while len(complete) < LEVELS:
            complete.append(max(complete[-1] // 3 - lag, 0))
        found, until = plan(complete, position)
        at = 0
        for level, number in found:
            assert number < complete[level]
            assert number * 10 * 3**level == at
            at += 10 * 3**level
        assert at == until <= position
        assert position - until < 10 or until == bases * 10


@pytest.fixture
def filled(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A record whose views have blocks of several levels."""
    builders.size_blocks(monkeypatch, 4, 2)
    test_counts.fill(database, 1)
    builders.catch_up(database)
    return database


def made(database: Database, view: str = "timeline") -> Tables:
    with database.read() as connection:
        return BY_NAME[view].tables(checkpoints.live(connection, BY_NAME[view]).generation)


def levels(database: Database, tables: Tables) -> list[int]:
    with database.read() as connection:
        return built(connection, tables)


def numbers(database: Database, tables: Tables) -> list[Counter[str]]:
    with database.read() as connection:
        head = store.head(connection).position
        return [
            +one.numbers
            for at in range(head + 1)
            for one in counted(connection, tables, at, [Ask("kind", 731_000), Ask("party", 10**7)])
        ]


def test_there_are_blocks_of_several_levels_and_rows_behind_them(filled: Database) -> None:
    tables = made(filled)
    bases, *larger = levels(filled, tables)
    assert bases >= 8
    assert larger == [bases // 2**level for level in range(1, LEVELS)]
    with filled.read() as connection:
        head = store.head(connection).position
        positions = connection.scalars(select(tables[POINTS].c.position).distinct()).all()
    assert set(positions) <= set(range(bases * 4 + 1, head + 1))


def test_a_block_that_was_begun_and_left_counts_only_when_it_is_whole(filled: Database) -> None:
    tables = made(filled)
    table, wanted = tables[BLOCKS], numbers(filled, tables)
    before = levels(filled, tables)
    with filled.write() as connection:
        connection.execute(delete(table).where(table.c.level == mark(1), table.c.number >= before[1] - 2))
        connection.execute(delete(table).where(table.c.level == 1, table.c.number == before[1] - 1))
        connection.execute(
            delete(table).where(table.c.level == 1, table.c.series > "p", table.c.number == before[1] - 2)
        )
        connection.execute(delete(table).where(table.c.level.in_([2, 3, mark(2), mark(3)])))
    assert numbers(filled, tables) == wanted
    packer = Packer(filled, tables)
    while packer.step(0):
        assert numbers(filled, tables) == wanted
    assert levels(filled, tables) == before
    assert audit(filled).lines == []


def test_nothing_is_marked_on_what_a_crash_took_back(filled: Database) -> None:
    tables = made(filled)
    table, wanted, before = tables[BLOCKS], numbers(filled, tables), levels(filled, tables)
    with filled.write() as connection:
        connection.execute(delete(table).where(table.c.level.in_([1, 2, 3, mark(1), mark(2), mark(3)])))
    packer = Packer(filled, tables)
    assert packer.step(0)
    while levels(filled, tables)[1] < 2:
        assert packer.step(0)
    assert packer.step(0), "another block of level 1 is begun"
    with filled.write() as connection:
        connection.execute(delete(table).where(table.c.level.in_([1, mark(1)]), table.c.number >= 1))
    while packer.step(0):
        assert numbers(filled, tables) == wanted
    assert levels(filled, tables) == before
    assert audit(filled).lines == []


def test_two_that_make_the_same_blocks_do_not_disturb_each_other(filled: Database) -> None:
    tables = made(filled)
    table, wanted, before = tables[BLOCKS], numbers(filled, tables), levels(filled, tables)
    with filled.write() as connection:
        connection.execute(delete(table).where(table.c.level != 0, table.c.level != mark(0)))
    both = [Packer(filled, tables), Packer(filled, tables)]
    chance = random.Random(1)
    while sum(packer.step(0) for packer in chance.sample(both, 2)):
        pass
    assert levels(filled, tables) == before
    assert numbers(filled, tables) == wanted
    assert audit(filled).lines == []


def test_rows_become_a_block_once_they_fill_it(filled: Database) -> None:
    tables = made(filled)
    bases = levels(filled, tables)[0]
    runner = builders.runner(filled)
    for _ in range(4):
        builders.append(filled, builders.meeting("CA", "FR"))
        runner.catch_up()
    assert levels(filled, tables)[0] == bases + 1
    with filled.read() as connection:
        assert connection.scalar(select(func.count()).select_from(tables[POINTS])) < 4 * 7
    assert audit(filled).lines == []


@pytest.mark.parametrize("level", [0, 1, 2])
def test_the_audit_finds_a_block_that_was_changed(filled: Database, level: int) -> None:
    tables = made(filled, "tallies")
    table = tables[BLOCKS]
    with filled.write() as connection:
        row = connection.execute(select(table).where(table.c.level == level).order_by(table.c.body.desc())).first()
        assert row is not None
        part = decode(bytes(row.body))
        ns = [part.ns[0] + 1, *part.ns[1:]]
        other = Slice(part.first, part.values, part.before, part.days, part.nths, ns, part.offsets)
        same = [table.c[name] == row._mapping[name] for name in table.info["keys"]]
        connection.execute(update(table).where(*same).values(body=encode(other)))
    lines = audit(filled).lines
    assert lines
    assert all(line.startswith("tallies: ") and repr(row.series) in line for line in lines)


def test_the_audit_finds_a_slice_that_begins_with_another_sum(filled: Database) -> None:
    tables = made(filled)
    table = tables[BLOCKS]
    with filled.write() as connection:
        bodies = connection.execute(select(table).where(table.c.level == 2)).all()
        row = next(row for row in bodies if decode(bytes(row.body)).before)
        part = decode(bytes(row.body))
        before = [part.before[0] + 1, *part.before[1:]]
        other = Slice(part.first, part.values, before, part.days, part.nths, part.ns)
        same = [table.c[name] == row._mapping[name] for name in table.info["keys"]]
        connection.execute(update(table).where(*same).values(body=encode(other)))
    assert [line.split(" in ")[0] for line in audit(filled).lines] == ["timeline: a slice begins with other sums"]


def test_the_audit_finds_a_point_that_is_missing(filled: Database) -> None:
    position = 0
    while position % blocks.BASE == 0:
        position = builders.append(filled, builders.meeting("CA", "FR")).answers[0].position
    builders.catch_up(filled)
    assert audit(filled).lines == []
    points = made(filled)[POINTS]
    with filled.write() as connection:
        assert connection.execute(delete(points).where(points.c.series == "party", points.c.value == "CA")).rowcount
    assert len(audit(filled).lines) == 1
