"""Views folded by other processes are those that one process folds, whatever befalls the others."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from events import store
from events.clock import now
from events.database import Database
from events.streams import Stream
from projections import ahead, blocks, engine
from projections.ahead import Folded, Folder
from projections.engine import Runner
from projections.generations import begin_generation
from projections.registry import BY_NAME, VIEWS
from projections.view import Rows, View
from tests import builders
from tests.test_projections import dump, every, history

TALLIES = BY_NAME["tallies"]
BAD = "meeting:bad"
Made = Callable[[Sequence[View]], Runner]


def of_all_but_one(stream: Stream) -> Rows:
    """The rows of the tallies, which cannot digest one stream."""
    if stream.name == BAD and stream.version:
        raise ZeroDivisionError("poison")
    return TALLIES.rows(stream)


@pytest.fixture
def leading(database: Database, monkeypatch: pytest.MonkeyPatch) -> Made:
    """A maker of runners that lead, with two processes that have come up."""
    monkeypatch.setattr(ahead, "FAR", 0)
    monkeypatch.setattr(engine, "ANEW", 1)
    builders.append(database, *(event for nth in range(0, 200 * 12, 12) for event in history(nth)))

    def made(views: Sequence[View]) -> Runner:
        runner = Runner(database, views, "test", now, processes=2)
        assert runner.lead()
        runner.ahead.start()
        return runner

    return made


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The positions behind which this process folded a batch itself."""
    found: list[int] = []
    plain = Folder.fold

    def noted(folder: Folder, position: int, size: int, views: Sequence[View]) -> Folded:
        found.append(position)
        return plain(folder, position, size, views)

    monkeypatch.setattr(Folder, "fold", noted)
    return found


def test_views_folded_elsewhere_are_those_folded_here(database: Database, leading: Made, here: list[int]) -> None:
    builders.catch_up(database)
    plain = {view.name: dump(database, view, 1) for view in VIEWS}
    here.clear()
    for view in VIEWS:
        begin_generation(database, view, now())
    made = leading(VIEWS)
    made.catch_up()
    made.resign()
    assert here == [2_400 // blocks.BASE * blocks.BASE]
    assert {view.name: dump(database, view, 2) for view in VIEWS} == plain
    assert all(at.live and at.position == 2_400 for at in every(database).values())
    assert not multiprocessing.active_children()


def test_an_event_that_another_process_cannot_digest_stops_the_view_right_before_it(
    database: Database, leading: Made
) -> None:
    builders.append(database, {**builders.meeting("CA", "US"), "stream": BAD})
    builders.append(database, *(event for nth in range(2_400, 3_600, 12) for event in history(nth)))
    poisoned = replace(TALLIES, rows=of_all_but_one, last=None)
    made = leading([poisoned if view is TALLIES else view for view in VIEWS])
    made.catch_up()
    made.resign()
    found = every(database)
    stopped = found.pop(("tallies", 1))
    assert (stopped.status, stopped.position) == ("stopped", 2_400)
    assert "position 2401 cannot be folded: ZeroDivisionError('poison')" in str(stopped.error)
    assert {at.position for at in found.values()} == {3_601}


def test_where_the_others_are_killed_this_process_goes_on_alone(
    database: Database, leading: Made, here: list[int]
) -> None:
    made = leading(VIEWS)
    for process in multiprocessing.active_children():
        process.kill()
        process.join()
    made.catch_up()
    made.resign()
    assert here == list(range(0, 2_400, blocks.BASE))
    assert all(at.live and at.position == 2_400 for at in every(database).values())


ORPHANS = """
import multiprocessing, sys, time
from events.database import connect
from projections.ahead import Ahead
if __name__ == "__main__":
    others = Ahead(connect(sys.argv[1]).url, 2)
    others.start()
    print(*(process.pid for process in multiprocessing.active_children()), flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks the system for the end of processes that are not children")
def test_nobody_is_left_when_the_one_they_fold_for_is_killed(database: Database) -> None:
    with database.read() as connection:
        assert store.head(connection).position == 0
    url = database.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", ORPHANS, url]
    with subprocess.Popen(command, cwd=builders.ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        others = [os.pidfd_open(int(pid)) for pid in parent.stdout.readline().split()]
        parent.send_signal(signal.SIGKILL)
    assert len(others) == 2
    for other in others:
        assert multiprocessing.connection.wait([other], timeout=30)
        os.close(other)
