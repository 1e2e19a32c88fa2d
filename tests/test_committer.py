"""Many who append at once are written together, and each keeps its own fate."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from events import committer as module
from events import store
from events.clock import now
from events.committer import Answers, Committer
from events.database import Database, connect
from events.errors import Busy, Refused
from service.envelope import draft
from tests import builders

ID = "01968f0e-0000-7000-8000-0000000000{:02d}"
SOON = 20  # seconds no test should need


@pytest.fixture
def other(url: str) -> Iterator[Database]:
    """The same database, as another process sees it."""
    opened = connect(url)
    yield opened
    opened.close()


@pytest.fixture
def committer(database: Database) -> Iterator[Committer]:
    made = Committer(database, now)
    yield made
    made.close()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(24) as made:
        yield made


@contextmanager
def locked(database: Database) -> Iterator[None]:
    """Nobody else can append meanwhile."""
    with database.write() as connection:
        store.lock_head(connection)
        yield


def send(committer: Committer, *events: dict[str, Any], **options: Any) -> Answers:
    drafts = [draft(one, index) for index, one in enumerate(events)]
    return committer.append(drafts, **{"author": "test", "timeout": SOON, **options})


def until(holds: Callable[[], bool]) -> None:
    """Wait for something that another thread does."""
    end = time.monotonic() + SOON
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.002)


def queued(committer: Committer, sent: int) -> None:
    """Wait until so many requests have come in, of which the first is being written and the rest waits."""
    queue = committer._queue
    until(lambda: queue.unfinished_tasks == sent and queue.qsize() == sent - 1)


def together(
    committer: Committer, pool: ThreadPoolExecutor, other: Database, *requests: dict[str, Any]
) -> list[Future[Answers]]:
    """Send requests, each with its options, so that all but a meeting before them are decided as one group."""
    with locked(other):
        futures = []
        for number, options in enumerate(({"event": builders.meeting(id=ID.format(99))}, *requests), 1):
            futures.append(pool.submit(send, committer, options.pop("event"), **options))
            queued(committer, number)
    return futures[1:]


def ids(database: Database) -> list[str]:
    """The ids of the log, after a look that its positions and versions have no gap."""
    with database.read() as connection:
        found = store.read(connection, 0, 10_000)
        assert [one.position for one in found] == list(range(1, store.head(connection).position + 1))
        for name in {one.stream for one in found}:
            versions = [one.version for one in found if one.stream == name]
            assert versions == list(range(1, len(versions) + 1))
    return [one.id for one in found]


def test_all_that_is_sent_at_once_is_appended(committer: Committer, database: Database) -> None:
    begin = threading.Barrier(20)

    def write(number: int) -> list[str]:
        begin.wait()
        return [answer.id for _ in range(5) for answer in send(committer, builders.meeting(), builders.meeting())]

    with ThreadPoolExecutor(20) as pool:
        sent = [id for mine in pool.map(write, range(20)) for id in mine]
    assert sorted(sent) == sorted(ids(database))
    assert len(set(sent)) == 200


def test_what_waits_together_goes_to_disk_in_one_commit(
    committer: Committer, pool: ThreadPoolExecutor, database: Database, other: Database
) -> None:
    commits: list[object] = []
    event.listen(database.writing, "commit", commits.append)
    futures = together(committer, pool, other, *({"event": builders.meeting()} for _ in range(10)))
    assert [future.result()[0].position for future in futures] == list(range(2, 12))
    assert len(commits) == 2


def test_a_refusal_never_fails_its_neighbours(
    committer: Committer, pool: ThreadPoolExecutor, database: Database, other: Database
) -> None:
    first = builders.act("partnership.established", "partnership:a", "2025-01-01", id=ID.format(1))
    renewed = builders.act("partnership.renewed", "partnership:a", "2025-02-01")
    futures = together(
        committer,
        pool,
        other,
        {"event": first},
        {"event": builders.retracted(ID.format(77))},
        {"event": {**renewed, "id": ID.format(2)}, "if_match": [1]},
        {"event": {**renewed, "id": ID.format(3), "expected_version": 1}},
        {"event": {**renewed, "id": ID.format(4)}, "if_match": [1]},
        {"event": {**first, "note": "Another one."}},
        {"event": builders.meeting("CA", "XX", id=ID.format(5))},
        {"event": builders.act("partnership.resumed", "partnership:a", "2025-03-01", id=ID.format(6))},
        {"event": builders.meeting(id=ID.format(7))},
    )
    fates = [future.exception() for future in futures]
    codes = [fate and [fault.code for fault in fate.faults] for fate in fates if fate is None or type(fate) is Refused]
    assert codes == [
        None,
        ["invalid"],
        None,
        ["version-conflict"],
        ["version-conflict"],
        ["id-reused"],
        ["invalid"],
        ["impossible-sequence"],
        None,
    ]
    assert ids(database) == [ID.format(n) for n in (99, 1, 2, 7)]


def test_what_the_database_will_not_take_fails_alone(
    committer: Committer, pool: ThreadPoolExecutor, database: Database, other: Database
) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite takes texts of any length")
    meetings = [{"event": builders.meeting(id=ID.format(n))} for n in range(3)]
    futures = together(committer, pool, other, meetings[0], {**meetings[1], "author": "a" * 201}, meetings[2])
    assert [type(future.exception()) for future in futures] == [type(None), Busy, type(None)]
    assert ids(database) == [ID.format(n) for n in (99, 0, 2)]


def test_one_event_sent_by_twenty_at_once_is_appended_once(committer: Committer, database: Database) -> None:
    sent = builders.meeting(id=ID.format(1))
    begin = threading.Barrier(20)

    def write(_: int) -> Answers:
        begin.wait()
        return send(committer, sent)

    with ThreadPoolExecutor(20) as pool:
        answers = [answer for (answer,) in pool.map(write, range(20))]
    assert ids(database) == [ID.format(1)]
    assert {(a.id, a.stream, a.version, a.position, a.recorded_at) for a in answers} == {
        (ID.format(1), f"meeting:{ID.format(1)}", 1, 1, answers[0].recorded_at)
    }
    assert sorted(answer.repeated for answer in answers) == [False, *[True] * 19]


def test_what_was_answered_can_be_read_from_elsewhere(committer: Committer, other: Database) -> None:
    def write(_: int) -> None:
        for _ in range(5):
            (answer,) = send(committer, builders.meeting())
            with other.read() as connection:
                assert store.get(connection, answer.id).position == answer.position
                assert store.head(connection).position >= answer.position

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))


def test_a_full_queue_is_busy_and_appends_nothing_of_what_it_refused(
    database: Database, other: Database, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUEUE", 2)
    committer = Committer(database, now)
    futures = []
    with locked(other):
        for number in (1, 2, 3):
            futures.append(pool.submit(send, committer, builders.meeting(id=ID.format(number))))
            queued(committer, number)
        with pytest.raises(Busy):
            send(committer, builders.meeting(id=ID.format(4)))
    assert [future.exception() for future in futures] == [None] * 3
    committer.close()
    assert ids(database) == [ID.format(n) for n in (1, 2, 3)]


def test_when_the_time_is_over_it_is_busy_and_nothing_was_appended(
    committer: Committer, pool: ThreadPoolExecutor, database: Database, other: Database
) -> None:
    with locked(other):
        first = pool.submit(send, committer, builders.meeting(id=ID.format(1)), timeout=0.3)
        queued(committer, 1)
        second = pool.submit(send, committer, builders.meeting(id=ID.format(2)), timeout=0.1)
        third = pool.submit(send, committer, builders.meeting(id=ID.format(3)))
        assert type(second.exception(5)) is Busy
        assert type(first.exception(5)) is Busy
    assert third.result()[0].position == 1
    assert ids(database) == [ID.format(3)]


def test_who_was_told_busy_can_send_the_same_again(committer: Committer, database: Database, other: Database) -> None:
    sent = builders.meeting(id=ID.format(1))
    with locked(other), ThreadPoolExecutor() as pool:
        assert type(pool.submit(send, committer, sent, timeout=0.1).exception(5)) is Busy
    (answer,) = send(committer, sent)
    assert (answer.position, answer.repeated) == (1, False)
    assert ids(database) == [ID.format(1)]


def test_closing_finishes_what_waits(
    committer: Committer, pool: ThreadPoolExecutor, database: Database, other: Database
) -> None:
    with locked(other):
        futures = []
        for number in range(1, 7):
            futures.append(pool.submit(send, committer, builders.meeting()))
            queued(committer, number)
        closing = pool.submit(committer.close)
        queued(committer, 7)
        assert not closing.done()
    closing.result(SOON)
    assert sorted(future.result(SOON)[0].position for future in futures) == list(range(1, 7))
    assert not committer._thread.is_alive()


def test_closing_twice_or_before_the_first_append_does_no_harm(committer: Committer, database: Database) -> None:
    Committer(database, now).close()
    send(committer, builders.meeting())
    committer.close()
    committer.close()
    assert len(ids(database)) == 1
