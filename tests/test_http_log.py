"""The log over HTTP: its pages, its lines, its streams, and live events with nothing missed and nothing twice."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

import pytest
from werkzeug.test import TestResponse

from service.api import live
from tests import builders
from tests.conftest import Databases
from tests.test_bad_input import problem
from tests.test_http_append import Writer

PATIENCE = 30


@pytest.fixture
def writer(databases: Databases) -> Iterator[Writer]:
    made = Writer(databases.new())
    yield made
    made.app.extensions["depositary"].close()


@pytest.fixture(scope="module")
def library(databases: Databases) -> Iterator[Writer]:
    """A log of seven events that the tests of this file read."""
    made = Writer(databases.new())
    made.appended({"events": [builders.meeting(stream=f"meeting:m{n}") for n in range(4)]})
    established = builders.act("partnership.established", "partnership:p", "2025-01-01")
    made.appended({"events": [established, builders.act("partnership.ended", "partnership:p", "2025-02-01")]})
    made.appended(builders.meeting(stream="meeting:last"))
    yield made
    made.app.extensions["depositary"].close()


def pages(writer: Writer, path: str) -> Iterator[dict[str, Any]]:
    """Each page from a path on, as `next` leads."""
    link: str | None = path
    while link:
        response = writer.app.test_client().get(link)
        assert response.status_code == 200, response.text
        page = json.loads(response.data)
        yield page
        link = page["next"]


def test_the_log_is_paged_in_position_order(library: Writer) -> None:
    found = list(pages(library, "/api/v1/events?limit=3"))
    assert [[event["position"] for event in page["events"]] for page in found] == [[1, 2, 3], [4, 5, 6], [7]]
    assert {page["head"] for page in found} == {7}
    assert all("at_position=7" in page["next"] for page in found[:-1])


@pytest.mark.parametrize(
    ("query", "positions"),
    [
        ("after=5", [6, 7]),
        ("after=7", []),
        ("after=9007199254740991", []),
        ("type=partnership.ended", [6]),
        ("stream=partnership:p", [5, 6]),
        ("stream=partnership:p&after=5&type=partnership.ended", [6]),
        ("stream=meeting:none", []),
        ("at_position=2", [1, 2]),
        ("at_position=0", []),
        ("at_position=6&after=4&limit=1", [5, 6]),
        ("type=meeting.held&limit=2", [1, 2, 3, 4, 7]),
        ("after=2&limit=2", [3, 4, 5, 6, 7]),
    ],
)
def test_a_part_of_the_log_is_asked_for(library: Writer, query: str, positions: list[int]) -> None:
    found = list(pages(library, f"/api/v1/events?{query}"))
    assert [event["position"] for page in found for event in page["events"]] == positions


def test_a_cursor_belongs_to_its_filters(library: Writer) -> None:
    link = library.get("events", limit=1, type="meeting.held")["next"]
    client = library.app.test_client()
    problem(client.get(link.replace("meeting.held", "visit.made")), 422, "/cursor", "invalid")
    assert client.get(link.replace("limit=1", "limit=2")).status_code == 200


def test_pages_are_pinned_while_events_are_appended(writer: Writer) -> None:
    writer.appended({"events": [builders.meeting() for _ in range(5)]})
    seen: list[int] = []
    for page in pages(writer, "/api/v1/events?limit=2"):
        writer.appended(builders.meeting())
        seen += [event["position"] for event in page["events"]]
    assert seen == [1, 2, 3, 4, 5]


def lines(response: TestResponse) -> list[int]:
    return [json.loads(line)["position"] for line in response.data.splitlines()]


def test_the_log_is_streamed_as_lines_to_the_head(library: Writer) -> None:
    client = library.app.test_client()
    response = client.get("/api/v1/events", headers={"Accept": "application/x-ndjson"})
    assert (response.status_code, response.mimetype) == (200, "application/x-ndjson")
    assert lines(response) == [1, 2, 3, 4, 5, 6, 7]
    some = client.get("/api/v1/events?after=1&stream=partnership:p", headers={"Accept": "application/x-ndjson"})
    assert lines(some) == [5, 6]


def test_lines_go_on_past_one_batch_and_end_at_the_head_of_the_request(writer: Writer) -> None:
    writer.appended({"events": [builders.meeting() for _ in range(1_200)]})
    response = writer.app.test_client().get("/api/v1/events", headers={"Accept": "application/x-ndjson"})
    writer.appended(builders.meeting())
    assert lines(response) == list(range(1, 1_201))


def test_a_line_can_be_sent_again_elsewhere(writer: Writer, library: Writer) -> None:
    response = library.app.test_client().get("/api/v1/events", headers={"Accept": "application/x-ndjson"})
    server = {"version", "position", "recorded_at", "recorded_by", "schema_version", "earliest", "latest"}
    events = [{k: v for k, v in json.loads(line).items() if k not in server} for line in response.data.splitlines()]
    writer.appended({"events": events})
    assert library.appended({"events": events}, 200)


def test_an_event_is_found_by_its_id_in_any_case(library: Writer) -> None:
    event = library.get("events")["events"][0]
    assert library.get(f"events/{event['id'].upper()}") == event


def test_a_stream_is_read_in_version_order_with_its_version_as_etag(library: Writer) -> None:
    client = library.app.test_client()
    response = client.get("/api/v1/streams/partnership:p")
    body = json.loads(response.data)
    assert (body["stream"], body["version"], response.headers["ETag"]) == ("partnership:p", 2, '"2"')
    assert [event["version"] for event in body["events"]] == [1, 2]
    again = client.get("/api/v1/streams/partnership:p", headers={"If-None-Match": '"2"'})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get("/api/v1/streams/partnership:p", headers={"If-None-Match": '"1"'}).status_code == 200


def test_a_page_of_the_log_is_not_sent_twice(library: Writer) -> None:
    client = library.app.test_client()
    etag = client.get("/api/v1/events").headers["ETag"]
    assert client.get("/api/v1/events", headers={"If-None-Match": etag}).status_code == 304
    assert client.get("/api/v1/events?after=1", headers={"If-None-Match": etag}).status_code == 200


def test_who_waits_for_a_position_of_the_log_is_answered_when_it_comes(writer: Writer) -> None:
    client = writer.app.test_client()
    response = client.get("/api/v1/events?min_position=1&wait=0")
    problem(response, 503, None, "projection-behind")
    assert int(response.headers["Retry-After"]) > 0
    timer = threading.Timer(0.2, lambda: writer.appended(builders.meeting()))
    timer.start()
    assert len(writer.get("events", min_position=1, wait=PATIENCE)["events"]) == 1
    timer.join()


class Follower:
    """Reads server-sent events; every wait has an end."""

    def __init__(self, writer: Writer, query: str = "", **headers: str) -> None:
        self.response = writer.app.test_client().get(f"/api/v1/events/live{query}", headers=headers)
        assert (self.response.status_code, self.response.mimetype) == (200, "text/event-stream")
        self.chunks = iter(self.response.response)

    def frames(self) -> Iterator[dict[str, str]]:
        for chunk in self.chunks:
            text = chunk.decode() if isinstance(chunk, bytes) else chunk
            for frame in text.split("\n\n"):
                if frame:
                    yield dict(line.split(": ", 1) for line in frame.split("\n"))

    def events(self, count: int) -> list[int]:
        """The positions of the next events."""
        return list(islice(self._positions(), count))

    def _positions(self) -> Iterator[int]:
        for frame in self.frames():
            if "id" in frame:
                assert json.loads(frame["data"])["position"] == int(frame["id"])
                yield int(frame["id"])

    def close(self) -> None:
        self.response.close()


def test_live_events_begin_behind_the_position_asked_for(library: Writer) -> None:
    follower = Follower(library, "?after=4")
    assert follower.events(3) == [5, 6, 7]
    follower.close()


def test_last_event_id_wins_over_after(library: Writer) -> None:
    follower = Follower(library, "?after=1", **{"Last-Event-ID": "5"})
    assert follower.events(2) == [6, 7]
    follower.close()


def test_live_events_begin_at_the_head_when_nothing_is_asked_for(writer: Writer) -> None:
    writer.appended(builders.meeting())
    follower = Follower(writer)
    writer.appended({"events": [builders.meeting(), builders.meeting()]})
    assert follower.events(2) == [2, 3]
    follower.close()


def test_a_live_event_is_the_event_as_stored(library: Writer) -> None:
    follower = Follower(library, "?after=6")
    frame = next(frame for frame in follower.frames() if "id" in frame)
    follower.close()
    assert json.loads(frame["data"]) == library.get("events", after=6)["events"][0]


def test_nothing_is_missed_or_doubled_while_many_append_and_readers_come_and_go(writer: Writer) -> None:
    total = 120

    def append(_: int) -> None:
        for n in range(15):
            writer.appended({"events": [builders.meeting() for _ in range(1 + n % 3)]})

    def read(_: int) -> list[int]:
        seen: list[int] = []
        while len(seen) < total:
            follower = Follower(writer, **{"Last-Event-ID": str(seen[-1] if seen else 0)})
            seen += follower.events(min(7, total - len(seen)))
            follower.close()
        return seen

    with ThreadPoolExecutor(7) as pool:
        readers = [pool.submit(read, n) for n in range(3)]
        list(pool.map(append, range(4)))
        for reader in readers:
            assert reader.result(PATIENCE) == list(range(1, total + 1))


def test_an_idle_stream_shows_that_it_lives(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.02)
    follower = Follower(writer)
    chunks = list(islice(follower.chunks, 4))
    assert chunks[0] == b"retry: 2000\n\n"
    assert all(chunk.startswith(b":") and chunk.endswith(b"\n\n") for chunk in chunks[1:])
    follower.close()


def test_a_stream_ends_when_the_program_does(databases: Databases) -> None:
    writer = Writer(databases.new())
    follower = Follower(writer)
    with ThreadPoolExecutor(1) as pool:
        rest = pool.submit(list, follower.chunks)
        time.sleep(0.1)
        writer.app.extensions["depositary"].close()
        assert rest.result(5)[0] == b"retry: 2000\n\n"
    follower.close()


def test_only_so_many_streams_are_open_at_once(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_open", threading.BoundedSemaphore(2))
    client = writer.app.test_client()
    client.head("/api/v1/events/live").close()
    first, second = Follower(writer), Follower(writer)
    response = client.get("/api/v1/events/live")
    problem(response, 503, None, "busy")
    assert response.headers["Retry-After"] == "10"
    first.close()
    third = Follower(writer)
    second.close()
    third.close()
    third.close()
