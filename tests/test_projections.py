"""The engine's laws: rebuilt is caught up, one poisoned view stops alone, one who was fenced writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Table, inspect, select

from events import store
from events.clock import now
from events.database import Database
from events.streams import Stream, fold
from events.types import Event
from projections import checkpoints, engine, generations, lease, tables
from projections.checkpoints import Checkpoint, Fenced, Unreadable
from projections.engine import Runner
from projections.generations import begin_generation
from projections.registry import BY_NAME, VIEWS
from projections.view import BLOCKS, POINTS, SETS, Rows, View, known
from tests import builders

ID = "01968f0e-0000-7000-8000-{:012}"
TALLIES = BY_NAME["tallies"]
BAD = "meeting:bad"


def history(first: int = 0) -> list[dict[str, Any]]:
    """Twelve events of meetings, a partnership and an agreement, with all kinds of record events and late news."""
    ids = [ID.format(first + n) for n in range(12)]
    bond, text = f"partnership:{first}", f"agreement:{first}"
    someone = {"people": [{"name": "Mark Carney", "party": "CA"}], "topics": ["trade"]}
    events = [
        builders.meeting("CA", "KR", data=someone),
        builders.act("partnership.established", bond, "2024", data={"scope": ["trade"]}),
        builders.meeting("CA", "GB", on="2025-03"),
        builders.corrected(ids[0], {"data": {"parties": ["CA", "JP"]}}),
        builders.act("agreement.in_force", text, "2025", data={"parties": ["CA", "EU"]}),
        builders.act("partnership.suspended", bond, "2025-05-05"),
        builders.retracted(ids[2]),
        builders.act("partnership.upgraded", bond, "2024-12-31", data={"scope": None}),
        builders.reinstated(ids[2]),
        builders.corrected(ids[1], {"occurred_on": "2023", "data": {"parties": ["CA", "FR", "DE"]}}),
        builders.act("agreement.signed", text, "2023-02", data={"parties": ["CA", "EU"]}),
        builders.meeting("CA", "FR", "DE"),
    ]
    return [{**event, "id": id} for event, id in zip(events, ids, strict=True)]


def dump(database: Database, view: View, generation: int) -> dict[str, list[Any]]:
    """Every row of every table of one generation, by the table's short name."""
    with database.read() as connection:
        return {
            name: sorted(map(tuple, connection.execute(select(table))), key=repr)
            for name, table in view.tables(generation).items()
        }


def standing(database: Database, view: View) -> Checkpoint:
    """The checkpoint of the generation that readers use."""
    with database.read() as connection:
        return checkpoints.live(connection, view)


def every(database: Database) -> dict[tuple[str, int], Checkpoint]:
    with database.read() as connection:
        return {(one.projection, one.generation): one for one in checkpoints.every(connection)}


def everything(database: Database) -> Any:
    """All rows of all views, and all checkpoints."""
    found = every(database)
    return found, [dump(database, BY_NAME[name], generation) for name, generation in found]


def tables_of(database: Database, view: View) -> set[str]:
    with database.read() as connection:
        return {name for name in inspect(connection).get_table_names() if name.startswith(f"{view.name}_")}


def rebuild(database: Database, views: Sequence[View], batch: int) -> None:
    """Build a new generation of each view in batches of so many events."""
    for view in views:
        begin_generation(database, view, now())
    made = builders.runner(database, views, batch)
    made.catch_up()
    made.resign()


# Rebuilt is caught up.


def test_a_rebuilt_view_is_row_by_row_the_one_that_was_caught_up(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    builders.size_blocks(monkeypatch, 5, 2)
    made = builders.runner(database)
    for n, event in enumerate([*history(), *history(100)]):
        builders.append(database, event)
        if n % 3 == 0:
            made.catch_up()
    made.catch_up()
    made.resign()
    before = {view.name: (standing(database, view), dump(database, view, 1)) for view in VIEWS}
    rebuild(database, VIEWS, 500)
    for view in VIEWS:
        at, rows = before[view.name]
        assert standing(database, view).generation == at.generation + 1 == 2
        assert standing(database, view).position == at.position == 24
        assert dump(database, view, 2) == rows
        assert all(rows.values())


def test_the_size_of_a_batch_does_not_matter(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    builders.size_blocks(monkeypatch, 4, 2)
    builders.append(database, *history(), *history(100))
    builders.catch_up(database)
    for generation, batch in enumerate((1, 7, 1_000), 2):
        before = {view.name: dump(database, view, generation - 1) for view in VIEWS}
        rebuild(database, VIEWS, batch)
        assert {view.name: dump(database, view, generation) for view in VIEWS} == before


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_the_rows_known_at_a_position_are_those_of_the_streams_folded_to_it(database: Database, view: View) -> None:
    builders.append(database, *history())
    rebuild(database, [view], 5)
    tables = view.tables(standing(database, view).generation)
    with database.read() as connection:
        events = store.read(connection)
        for position in range(len(events) + 1):
            for name, table in tables.items():
                if name in (POINTS, BLOCKS, SETS):
                    continue
                found = connection.execute(select(table).where(known(table, position))).mappings()
                rows = [{c: row[c] for c in row if c not in ("known_from", "known_until")} for row in found]
                assert sorted(rows, key=repr) == sorted(folded(view, table, name, events[:position]), key=repr)


def folded(view: View, table: Table, name: str, events: Sequence[Event]) -> list[dict[str, Any]]:
    """The rows of one table that these events leave, made without the engine."""
    streams = {event.stream: [one for one in events if one.stream == event.stream] for event in events}
    columns = [each.name for each in table.columns if each.name not in ("known_from", "known_until")]
    found = []
    for each, its_events in streams.items():
        stream = fold(each, its_events)
        for key, values in view.rows(stream).get(name, {}).items():
            row = dict(zip((*table.info["keys"], *table.info["values"]), (stream.first, *key, *values), strict=True))
            found.append({column: row[column] for column in columns})
    return found


def test_a_view_that_is_caught_up_again_stays_as_it_is(database: Database) -> None:
    builders.append(database, *history())
    builders.catch_up(database)
    before = everything(database)
    builders.catch_up(database)
    assert everything(database) == before


# Poison.


def poisoned(view: View) -> View:
    """The view, unable to digest one stream."""

    def rows(stream: Stream) -> Rows:
        if stream.name == BAD and stream.version:
            raise ZeroDivisionError("poison")
        return view.rows(stream)

    return replace(view, rows=rows, last=None)


POISONED = tuple(poisoned(view) if view is TALLIES else view for view in VIEWS)
POISON = {**builders.meeting("CA", "US"), "stream": BAD, "id": ID.format(50)}


@pytest.mark.parametrize("batch", [1, 5, 500])
def test_an_event_that_a_view_cannot_digest_stops_that_view_right_before_it(database: Database, batch: int) -> None:
    builders.append(database, *history(), POISON, *history(100))
    made = builders.runner(database, POISONED, batch)
    made.catch_up()
    found = every(database)
    stopped = found.pop(("tallies", 1))
    assert (stopped.status, stopped.position) == ("stopped", 12)
    assert ID.format(50) in str(stopped.error)
    assert "poison" in str(stopped.error)
    assert {(one.status, one.error, one.position) for one in found.values()} == {("live", None, 25)}


def test_a_stopped_view_is_not_read_and_holds_what_came_before_the_event(database: Database) -> None:
    builders.append(database, *history())
    builders.catch_up(database)
    before = dump(database, TALLIES, 1)
    builders.append(database, *history(100)[:2], POISON)
    made = builders.runner(database, POISONED)
    made.catch_up()
    with pytest.raises(Unreadable, match="poison") as caught:
        standing(database, TALLIES)
    assert caught.value.stopped
    assert len(dump(database, TALLIES, 1)["meetings"]) == len(before["meetings"]) + 2


def test_a_stopped_view_stays_stopped_until_a_new_runner_tries_again(database: Database) -> None:
    builders.append(database, POISON)
    made = builders.runner(database, POISONED)
    made.catch_up()
    before = everything(database)
    builders.append(database, builders.meeting())
    made.catch_up()
    assert every(database)["tallies", 1] == before[0]["tallies", 1]
    made.resign()
    again = builders.runner(database, POISONED)
    again.catch_up()
    assert (every(database)["tallies", 1].status, every(database)["tallies", 1].position) == ("stopped", 0)


def test_a_new_runner_with_the_sound_view_finishes_what_stopped(database: Database) -> None:
    builders.append(database, *history(), POISON, *history(100))
    made = builders.runner(database, POISONED)
    made.catch_up()
    made.resign()
    builders.catch_up(database)
    at = standing(database, TALLIES)
    assert (at.status, at.error, at.position, at.generation) == ("live", None, 25, 1)
    rows = dump(database, TALLIES, 1)
    rebuild(database, VIEWS, 500)
    assert dump(database, TALLIES, 2) == rows


def test_a_rebuild_that_stops_leaves_readers_the_old_generation(database: Database) -> None:
    builders.append(database, *history(), POISON)
    builders.catch_up(database)
    before = dump(database, TALLIES, 1)
    rebuild(database, POISONED, 500)
    assert standing(database, TALLIES).generation == 1
    assert dump(database, TALLIES, 1) == before
    assert every(database)["tallies", 2].status == "stopped"
    builders.catch_up(database)
    assert (standing(database, TALLIES).generation, dump(database, TALLIES, 2)) == (2, before)


# Fences.


def overtaken(database: Database, views: Sequence[View] = VIEWS) -> Runner:
    """A runner that slept while another took the lease."""
    slow = builders.runner(database, views)
    taken = lease.acquire(database, "test")
    assert taken
    assert slow.lease
    assert taken.token > slow.lease.token
    return slow


def test_a_runner_that_was_overtaken_writes_nothing(database: Database) -> None:
    builders.append(database, *history())
    slow = overtaken(database)
    before = everything(database)
    with pytest.raises(Fenced):
        slow.step()
    assert everything(database) == before
    assert slow.lease is None
    assert slow.step() is False


def test_a_runner_that_was_overtaken_stops_no_view(database: Database) -> None:
    builders.append(database, POISON)
    slow = overtaken(database, POISONED[1:2])
    before = everything(database)
    with pytest.raises(Fenced):
        slow.step()
    assert everything(database) == before


def test_a_runner_that_was_overtaken_swaps_nothing(database: Database) -> None:
    builders.append(database, *history())
    builders.catch_up(database)
    begin_generation(database, TALLIES, now())
    made = builders.runner(database)
    made.step()
    before = everything(database)
    assert before[0]["tallies", 2].position == 12
    lease.acquire(database, "test")
    with pytest.raises(Fenced):
        made.step()
    assert everything(database) == before


def test_the_lease_of_one_who_was_overtaken_is_not_renewed(database: Database) -> None:
    slow = overtaken(database)
    assert slow.lease
    assert lease.renew(database, slow.lease) is None
    lease.release(database, slow.lease)
    with database.read() as connection:
        assert lease.holder(connection) == "test"
    assert lease.acquire(database, "another") is None


def test_a_checkpoint_moves_only_from_where_it_was_read(database: Database) -> None:
    builders.append(database, *history())
    made = builders.runner(database)
    assert made.lease
    at = standing(database, TALLIES)
    with database.write() as connection:
        checkpoints.advance(connection, at, 5, made.lease, now())
    for position in (5, 6, 12):
        with pytest.raises(Fenced), database.write() as connection:
            checkpoints.advance(connection, at, position, made.lease, now())
    assert standing(database, TALLIES).position == 5


def test_rows_and_checkpoint_are_written_together_or_not_at_all(database: Database) -> None:
    def fails(*given: Any) -> None:
        raise ZeroDivisionError("after the rows, before the commit")

    builders.append(database, *history())
    made = builders.runner(database, [replace(TALLIES, inserted=fails)])
    made.catch_up()
    assert every(database)["tallies", 1].position == 0
    assert not any(dump(database, TALLIES, 1).values())


# Generations.


def test_readers_keep_the_old_generation_until_the_new_one_is_whole(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "ANEW", 1)
    builders.append(database, *history())
    builders.catch_up(database)
    old = tables_of(database, TALLIES)
    assert begin_generation(database, TALLIES, now()) == begin_generation(database, TALLIES, now()) == 2
    made = builders.runner(database, batch=5)
    seen = []
    while made.step():
        seen.append(standing(database, TALLIES).generation)
        assert old < tables_of(database, TALLIES) or seen[-1] == 2
    assert seen[:3] == [1, 1, 1]
    assert seen.index(2) == len(seen) - 1
    assert standing(database, TALLIES).generation == 2
    assert not old & tables_of(database, TALLIES)
    assert ("tallies", 1) not in every(database)


@pytest.mark.parametrize("longest", [0, generations.INDEXED_LATER])
def test_a_rebuilt_view_has_every_index(database: Database, monkeypatch: pytest.MonkeyPatch, longest: int) -> None:
    def present(generation: int) -> set[str]:
        """The indexes of all tables of a generation, but for its number."""
        with database.read() as connection:
            connection.execute(select(tables.checkpoints)).all()  # a SQLite connection hears of new tables with a query
            found = inspect(connection)
            names = [table.name for view in VIEWS for table in view.tables(generation).values()]
            every = [(name, index) for name in names for index in found.get_indexes(name)]
            said = [f"{name}: {each['name']}, {each['column_names']}, {each['unique']}" for name, each in every]
            return {one.replace(f"_{generation}", "") for one in said}

    monkeypatch.setattr(generations, "INDEXED_LATER", longest)
    builders.append(database, *history())
    builders.catch_up(database)
    first = present(1)
    for view in VIEWS:
        begin_generation(database, view, now())
    assert (present(2) == first) == (database.is_sqlite and longest == 0)
    builders.catch_up(database)
    assert present(2) == first
    assert len(first) > 10


@pytest.mark.parametrize(("length", "status"), [(12, "building"), (13, "live")])
def test_the_first_generation_of_a_long_log_is_read_when_it_is_whole(
    database: Database, monkeypatch: pytest.MonkeyPatch, length: int, status: str
) -> None:
    monkeypatch.setattr(generations, "LONG", length)
    monkeypatch.setattr(engine, "ANEW", 1)
    builders.append(database, *history())
    made = builders.runner(database, batch=5)
    assert made.step()
    assert {(at.position, at.status) for at in every(database).values()} == {(5, status)}
    made.catch_up()
    assert {(at.generation, at.position, at.status) for at in every(database).values()} == {(1, 12, "live")}
    with database.read() as connection:
        assert all(generations.missing_index(connection, view.tables(1)) is None for view in VIEWS)


def test_a_generation_that_is_building_follows_the_log_to_its_end_before_it_is_swapped(database: Database) -> None:
    builders.append(database, *history())
    builders.catch_up(database)
    begin_generation(database, TALLIES, now())
    made = builders.runner(database)
    made.step()
    builders.append(database, *history(100))
    made.catch_up()
    at = standing(database, TALLIES)
    assert (at.generation, at.position, at.status) == (2, 24, "live")


def test_a_higher_version_makes_a_new_generation_that_the_old_program_cannot_read(database: Database) -> None:
    builders.append(database, *history())
    builders.catch_up(database)
    newer = replace(TALLIES, version=TALLIES.version + 1)
    made = builders.runner(database, [newer])
    assert standing(database, TALLIES).generation == 1
    with pytest.raises(Unreadable):
        standing(database, newer)
    before = dump(database, TALLIES, 1)
    made.catch_up()
    at = standing(database, newer)
    assert (at.generation, at.version, at.position) == (2, newer.version, 12)
    assert dump(database, newer, 2) == before
    with pytest.raises(Unreadable) as caught:
        standing(database, TALLIES)
    assert not caught.value.stopped


def test_an_old_runner_leaves_the_generation_of_a_newer_program_alone(database: Database) -> None:
    newer = replace(TALLIES, version=TALLIES.version + 1)
    old = builders.runner(database, [TALLIES])
    begin_generation(database, newer, now())
    builders.append(database, *history())
    old.catch_up()
    found = every(database)
    assert (found["tallies", 1].position, found["tallies", 2].position) == (12, 0)
    assert found["tallies", 2].status == "building"


def test_a_view_of_an_empty_log_is_whole(database: Database) -> None:
    builders.catch_up(database)
    with database.read() as connection:
        assert store.head(connection).position == 0
    assert {(one.position, one.status) for one in every(database).values()} == {(0, "live")}
    rebuild(database, VIEWS, 500)
    assert {generation for _, generation in every(database)} == {2}
