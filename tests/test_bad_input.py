"""Bad input of every sort is refused with its status, its place and what to do, and the log stays as it was."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from events import store
from service.app import create_app
from service.settings import Settings
from tests import builders
from tests.conftest import Databases, token

GONE = object()
"""Put at a place, it takes the field away."""

HELD = "01968f0e-0000-7000-8000-000000000001"
RETRACTED = "01968f0e-0000-7000-8000-000000000002"
RETRACTION = "01968f0e-0000-7000-8000-000000000003"
EDITION = "01968f0e-0000-7000-8000-000000000004"
OTHER = "01968f0e-0000-7000-8000-000000000005"
UNKNOWN = "01968f0e-0000-7000-8000-00000000ffff"
PAGE = "/en/tallies?as_of=2025-11-05&at_position=3"

PERSON = {"name": "Mark Carney", "party": "CA", "role": "Prime Minister"}
SOURCE = {"url": "https://example.org/a", "title": "A page", "publisher": "Someone", "published_on": "2025-10"}

SEED: list[dict[str, Any]] = [
    builders.meeting("CA", "KR", id=HELD, stream="meeting:held", data={"place": {"name": "Gyeongju"}}),
    builders.meeting("CA", "FR", id=RETRACTED, stream="meeting:retracted"),
    {**builders.retracted(RETRACTED), "id": RETRACTION},
    {
        "id": EDITION,
        "type": "edition.published",
        "stream": "edition:one",
        "data": {"name": "The first", "url": PAGE},
    },
    builders.act("partnership.established", "partnership:ca-fr", "2025-05-01", id=OTHER),
]

EVENTS: dict[str, dict[str, Any]] = {
    "meeting": {
        "type": "meeting.held",
        "occurred_on": "2025-10-30",
        "title": {"en": "They meet", "fr": "Ils se rencontrent"},
        "data": {
            "parties": ["CA", "KR"],
            "people": [PERSON],
            "mode": "in_person",
            "formal": True,
            "level": "leader",
            "place": {"name": "Gyeongju", "party": "KR"},
            "occasion": "APEC",
            "topics": ["trade"],
        },
        "sources": [SOURCE],
        "note": "A note.",
    },
    "visit": builders.act("visit.made", "visit:new", "2025", data={"visitor": "CA", "host": "FR"}),
    "pledge": builders.act(
        "pledge.made",
        "pledge:new",
        "2025-06",
        data={"by": "CA", "purpose": "Relief", "amount": "1.5", "currency": "CAD", "from_year": 2025, "to_year": 2026},
    ),
    "partnership": builders.act("partnership.established", "partnership:new", "2025", data={"scope": ["trade"]}),
    "agreement": builders.act("agreement.signed", "agreement:new", "2025"),
    "measure": builders.act(
        "measure.imposed", "measure:new", "2025", data={"by": "US", "category": "tariff", "targets": ["CA"]}
    ),
    "edition": {"type": "edition.published", "stream": "edition:two", "data": {"name": "The second", "url": PAGE}},
    "corrected": builders.corrected(HELD, {"title": {"en": "They met"}}),
    "retracted": builders.retracted(HELD),
    "reinstated": builders.reinstated(RETRACTED),
}

DATES = ["2025-02-30", "0000", "0000-01-01", "2025-13", "2025-00", "2025-10-32", "10000-01-01", "-0001", "2025-1-1"]
DATES += ["2025-10-30/2025-10-29", "[2025..2024]", "2025-10-30/..", "../2025", "2025/", "[..2025]", "[2025..]", "/"]
DATES += ["000X", "00XX", "202x", "2025-10-xx", "2025-XX?", "2025-10-30T12:00", "2025-10-30 ", "2025-10-30\n", "", " "]
DATES += ["٢٠٢٥-10-30", "yesterday", "2" * 20_000, "2025-10-30/2025-10-31/2025-11-01", "\x00", "2025-10-30Z"]  # type: ignore[list-item]

URLS = [
    "",
    "page",
    "/page",
    "//example.org/a",
    "example.org",
    "https://",
    "https:///a",
    "http://?a",
    "ftp://example.org/a",
]
URLS += ["javascript:alert(1)", "mailto:a@example.org", "file:///etc/passwd", "https://user:secret@example.org/"]
URLS += ["https://user@example.org", "https://@example.org", "https://example.org/a b", "https://example.org/\x00"]
URLS += ["https://[::1", "https://example.org:99999/", "https://example.org/" + "a" * 10_000, "\nhttps://example.org"]
URLS += ["https://.", "https://..", "https://%00/", "https://-", "https://a<b>/"]

AMOUNTS = [
    "1e6",
    "1,000",
    "1 000",
    "1_000",
    "+5",
    "-5",
    "5.",
    ".5",
    "",
    "٣",
    "１００",
    "0x10",
    "NaN",
    "Infinity",
    "1.2.3",
    "5\n",
]

TEXTS = [
    None,
    "",
    "  ",
    "\u200b",
    "\u3164",
    "\u2800",
    "\u0301 \u0301",
    5,
    True,
    ["a"],
    {"a": "b"},
    "a\x00b",
    "a\x1bb",
    "a\x85b",
    "a\x7f",
]

WHOLES = [-1, "5", 0.5, 5.0, True, None, [], 2**53, 10**30, -(10**30), 1e300]

VALUES: list[tuple[str, str, list[Any]]] = [
    ("meeting", "/type", ["meeting.cancelled", "gathering.held", "meeting", "", "meeting.", ".held", "Meeting.held"]),
    ("meeting", "/type", ["meeting.held\n", 5, None, True, ["meeting.held"], {"a": 1}, GONE, "x" * 60_000]),
    *[
        ("meeting", f"{at}/colour", ["red", None])
        for at in ("", "/data", "/data/people/0", "/data/place", "/sources/0")
    ],
    *[("meeting", f"/{name}", [1]) for name in ("version", "position", "recorded_at", "recorded_by", "schema_version")],
    ("meeting", "/title/de", ["Sie treffen sich"]),
    ("meeting", "/a~0b~1c", ["red"]),
    ("meeting", "/data/a~0b~1c", ["red"]),
    ("meeting", "/id", ["one", "", None, 5, "{" + HELD + "}", HELD.replace("-", ""), HELD + "\n"]),
    ("meeting", "/stream", [None, 5, "", "meeting", "visit:a", "meeting:", "meeting:A", "meeting:a\n", "Meeting:a"]),
    (
        "meeting",
        "/stream",
        ["meeting:" + "a" * 121, "meeting:-a", "meeting:é", "meeting:a b", "record:a", "meeting:a\x00"],
    ),
    ("meeting", "/expected_version", WHOLES),
    ("meeting", "/occurred_on", [*DATES, GONE, None, 20251030, ["2025"], {}, True]),
    ("meeting", "/title", [GONE, None, "They meet", [], 5]),
    ("meeting", "/title/en", [*TEXTS, GONE, "x" * 301]),
    ("meeting", "/title/fr", [*TEXTS, "x" * 301]),
    ("meeting", "/note", [*TEXTS, "x" * 10_001]),
    ("meeting", "/data", [GONE, None, [], "data", 5]),
    ("meeting", "/data/parties", [GONE, None, [], ["CA"], "CA", {}, 5, ["CA"] * 251]),
    ("meeting", "/data/parties/1", ["ZZ", "kr", "KOR", "", None, 5, True, "CA", "KR ", "UK", "x" * 50_000, "\x00"]),
    ("meeting", "/data/mode", [GONE, None, "", "by boat", 5, "In_person", ["phone"]]),
    ("meeting", "/data/formal", ["true", 1, 0, None, "", []]),
    ("meeting", "/data/level", ["king", None, 1]),
    ("meeting", "/data/people", [None, {}, "Mark Carney", [PERSON] * 501]),
    ("meeting", "/data/people/0", [None, "Mark Carney", [], 5]),
    ("meeting", "/data/people/0/name", [*TEXTS, GONE, "x" * 10_001]),
    ("meeting", "/data/people/0/party", ["ZZ", "ca", None]),
    ("meeting", "/data/people/0/role", TEXTS),
    ("meeting", "/data/place", [None, "Gyeongju", [], 5]),
    ("meeting", "/data/place/name", TEXTS),
    ("meeting", "/data/place/party", ["ZZ", None, 5]),
    ("meeting", "/data/occasion", [*TEXTS, "x" * 10_001]),
    ("meeting", "/data/topics", [None, "trade", {}]),
    ("meeting", "/data/topics/0", TEXTS),
    ("meeting", "/sources", [None, {}, "https://example.org", [SOURCE] * 51]),
    ("meeting", "/sources/0", [None, "https://example.org", [], 5]),
    ("meeting", "/sources/0/url", [*URLS, GONE, None, 5, ["https://example.org"]]),
    ("meeting", "/sources/0/title", TEXTS),
    ("meeting", "/sources/0/publisher", TEXTS),
    ("meeting", "/sources/0/published_on", [*DATES, None, 2025]),
    ("visit", "/data/visitor", [GONE, None, "ZZ", "ca", ["CA"]]),
    ("visit", "/data/category", ["secret", None, 5]),
    ("visit", "/stream", ["meeting:a"]),
    ("pledge", "/stream", [GONE]),
    ("pledge", "/data/amount", [*AMOUNTS, 5, 1.5, None, True, "1" * 10_001]),
    ("pledge", "/data/currency", [GONE, "ZZZ", "cad", "CA$", "", None, 5, "CAD\n"]),
    ("pledge", "/data/from_year", [0, 10_000, *WHOLES]),
    ("pledge", "/data/to_year", [2024, *WHOLES]),
    ("pledge", "/data/items", WHOLES),
    ("pledge", "/data/by", [GONE, None, "ZZ"]),
    ("pledge", "/data/purpose", [GONE, *TEXTS]),
    ("partnership", "/stream", [GONE]),
    ("partnership", "/data/name", [GONE, *TEXTS]),
    ("partnership", "/data/parties", [GONE, None, ["CA"]]),
    ("partnership", "/data/scope", ["trade", None, {}]),
    ("partnership", "/data/scope/0", TEXTS),
    ("partnership", "/data/expires_on", ["2025", "2025-02-30", "2025-XX", None, 2025, "2025-01-01/2025-02-01"]),
    ("partnership", "/data/reason", [None]),
    ("agreement", "/data/parties", [GONE, None, []]),
    ("agreement", "/data/party", ["ZZ", None]),
    ("agreement", "/data/text_url", ["ftp://example.org", "/a", None]),
    ("agreement", "/data/form", ["treatise"]),
    ("measure", "/data/targets", [GONE, None, "CA"]),
    ("measure", "/data/targets/0", ["ZZ", None, "CAN"]),
    ("measure", "/data/category", [GONE, None, "wall"]),
    ("measure", "/data/effective_on", ["2025-02-30", "soon"]),
    ("measure", "/data/rate", [None, 25, 0.25]),
    ("edition", "/stream", [GONE, "meeting:a", "edition:"]),
    ("edition", "/occurred_on", ["2025-10-30"]),
    ("edition", "/data/name", [GONE, *TEXTS]),
    ("edition", "/data/url", [GONE, None, 5, "", "/", "/en/tallies", "/en/tallies?as_of=2025-11-05"]),
    ("edition", "/data/url", ["/en/tallies?at_position=3", f"https://example.org{PAGE}", f"//example.org{PAGE}"]),
    ("edition", "/data/url", [f"{PAGE}#top", f"{PAGE}&at_position=4", f"{PAGE}&as_of=2024-01-01", PAGE[1:]]),
    ("edition", "/data/url", ["/a?as_of=2025&at_position=3", "/a?as_of=2025-02-30&at_position=3", "//[" + PAGE]),
    ("edition", "/data/url", ["/a?as_of=2025-01-01&at_position=-3", "/a b" + PAGE, "/\\example.org" + PAGE]),
    ("corrected", "/occurred_on", ["2025-10-30"]),
    ("corrected", "/stream", ["BAD", "", None, 5]),
    ("corrected", "/data/event", [GONE, None, 5, "one", UNKNOWN, RETRACTION, EDITION]),
    ("corrected", "/data/reason", [GONE, *TEXTS]),
    ("corrected", "/data/cosmetic", ["true", 1, None]),
    ("corrected", "/data/changes", [GONE, None, [], "title", 5]),
    ("corrected", "/data/changes/position", [5, None]),
    ("corrected", "/data/changes/type", ["visit.made"]),
    ("corrected", "/data/changes/stream", ["meeting:other"]),
    ("corrected", "/data/changes/a~0b~1c", [5]),
    ("corrected", "/data/changes/occurred_on", [*DATES, None, 2025]),
    ("corrected", "/data/changes/title", [None, "They met", []]),
    ("corrected", "/data/changes/title/en", [*TEXTS, "x" * 301]),
    ("corrected", "/data/changes/data", [None, [], "data"]),
    ("corrected", "/data/changes/data/parties", [None, ["CA"], "CA"]),
    ("corrected", "/data/changes/data/colour", ["red"]),
    ("corrected", "/data/changes/data/place/colour", ["red"]),
    ("corrected", "/data/changes/sources", [{}, "x"]),
    ("corrected", "/data/changes/note", ["", 5]),
    ("retracted", "/data/duplicate_of", [HELD, UNKNOWN, RETRACTION, EDITION, "one", 5]),
    ("retracted", "/data/changes", [{}]),
    ("reinstated", "/data/event", [UNKNOWN, RETRACTION, EDITION]),
    ("reinstated", "/occurred_on", ["2025"]),
]

ELSEWHERE: list[tuple[str, str, Any, str]] = [
    ("meeting", "/title", {}, "/title/en"),
    ("meeting", "/title", {"fr": "Ils"}, "/title/en"),
    ("meeting", "/data/place", {}, "/data/place/name"),
    ("meeting", "/data/parties", ["CA", "FR", "DE", "FR"], "/data/parties/3"),
    ("corrected", "/stream", "meeting:other", "/data/event"),
    ("corrected", "/stream", "partnership:ca-fr", "/data/event"),
    ("corrected", "/data/changes/data", {"parties": ["CA", "CA"]}, "/data/changes/data/parties/1"),
    ("corrected", "/data/changes/data", {"parties": ["CA", "ZZ"]}, "/data/changes/data/parties/1"),
    ("corrected", "/data/changes/sources", [{"url": "ftp://a"}], "/data/changes/sources/0/url"),
    ("corrected", "/data/changes/data/place", {"name": None}, "/data/changes/data/place/name"),
    ("corrected", "/data/changes/data", {"\ue000é": None}, "/data/changes/data/\ue000é"),
]


def put(event: Any, pointer: str, value: Any) -> Any:
    """A copy of a JSON value with another value at a pointer."""
    made = copy.deepcopy(event)
    *path, last = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    at = made
    for step in path:
        at = at[int(step)] if isinstance(at, list) else at.setdefault(step, {})
    if isinstance(at, list):
        at[int(last) : int(last) + 1] = [value]
    elif value is GONE:
        at.pop(last, None)
    else:
        at[last] = value
    return made


def spoilt() -> list[Any]:
    """One parameter set for every bad value."""
    rows = [(name, pointer, value, pointer) for name, pointer, values in VALUES for value in values]
    return [
        pytest.param(put(EVENTS[name], where, value), pointer, id=f"{name}{where}={shown(value)}")
        for name, where, value, pointer in [*rows, *ELSEWHERE]
    ]


def shown(value: Any) -> str:
    return "gone" if value is GONE else ascii(value)[:30]


class Record:
    """An application on a record that no bad input may change, shared by all tests of this file."""

    def __init__(self, app: Flask) -> None:
        self.app, self.database = app, app.extensions["depositary"].database
        self.editor = token(app)

    def head(self) -> store.Head:
        with self.database.read() as connection:
            return store.head(connection)

    def post(self, body: Any, content_type: str = "application/json", **headers: str) -> TestResponse:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        client: FlaskClient = self.app.test_client()
        sent = {**self.editor, "Content-Type": content_type, **headers}
        return client.post("/api/v1/events", data=data, headers=sent)

    def refuses(
        self, body: Any, status: int, pointer: str | None, name: str | None = None, **more: str
    ) -> dict[str, Any]:
        before = self.head()
        response = self.post(body, **more)
        assert self.head() == before
        return problem(response, status, pointer, name)


def problem(response: TestResponse, status: int, pointer: str | None, name: str | None = None) -> dict[str, Any]:
    """Check that an answer is a problem with this status, at this place, that says what to do."""
    assert (response.status_code, response.mimetype) == (status, "application/problem+json"), response.response
    body: dict[str, Any] = json.loads(response.data)
    assert body["status"] == status
    assert body["title"]
    assert body["type"] == f"/problems/{name}" if name else body["type"].startswith("/problems/")
    sentences = [body["detail"], *(error["detail"] for error in body.get("errors", []))]
    for sentence in sentences:
        assert sentence.strip()
        assert sentence.endswith((".", ".)"))
    if pointer is not None:
        assert pointer in [error["pointer"] for error in body["errors"]]
    return body


@pytest.fixture(scope="module")
def record(databases: Databases) -> Iterator[Record]:
    app = create_app(Settings(database_url=databases.new(), home="CA"))
    database = app.extensions["depositary"].database
    builders.append(database, *SEED)
    builders.catch_up(database)
    yield Record(app)
    app.extensions["depositary"].close()


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_the_events_that_are_spoilt_below_are_good(record: Record, event: dict[str, Any]) -> None:
    drafts = [builders.draft(event, 0)]
    assert drafts[0].faults == ()
    assert store.judge(record.database, drafts, now=record.app.extensions["depositary"].clock(), author="test").events


@pytest.mark.parametrize(("event", "pointer"), spoilt())
def test_a_bad_value_is_refused_at_its_place(record: Record, event: dict[str, Any], pointer: str) -> None:
    body = record.refuses(event, 422, pointer, "invalid")
    assert [error["pointer"] for error in body["errors"]] == [pointer]


@pytest.mark.parametrize("value", [[], "event", 5, None, True, [EVENTS["meeting"]]])
def test_what_is_no_event_is_refused(record: Record, value: Any) -> None:
    record.refuses(value, 422, "", "invalid")


@pytest.mark.parametrize(
    ("event", "what"),
    [
        (builders.corrected(RETRACTED, {"note": "It was."}), "Reinstate it"),
        (builders.retracted(RETRACTED), "retracted already"),
        (builders.reinstated(HELD), "stands"),
    ],
)
def test_an_act_in_the_wrong_state_is_named(record: Record, event: dict[str, Any], what: str) -> None:
    body = record.refuses(event, 422, "/data/event", "wrong-state")
    assert what in body["detail"]


NEXT = "partnership:ca-fr"
SEQUENCES = {
    "resumed, not suspended": [builders.act("partnership.resumed", NEXT, "2025-06-01")],
    "established twice": [builders.act("partnership.established", NEXT, "2025-06-01")],
    "before the first": [builders.act("partnership.upgraded", NEXT, "2025-04-01")],
    "after the end": [
        builders.act("partnership.ended", NEXT, "2025-07-01"),
        builders.act("partnership.renewed", NEXT, "2025-08-01"),
    ],
    "suspended twice": [builders.act("partnership.suspended", NEXT, on) for on in ("2025-07-01", "2025-08-01")],
    "two meetings": [builders.meeting(stream="meeting:held")],
    "first act retracted": [builders.act("partnership.renewed", NEXT, "2025-06-01"), builders.retracted(OTHER)],
}


@pytest.mark.parametrize("events", SEQUENCES.values(), ids=SEQUENCES)
def test_an_impossible_sequence_names_the_acts_in_conflict(record: Record, events: list[dict[str, Any]]) -> None:
    body = record.refuses({"events": events}, 422, None, "impossible-sequence")
    assert body["acts"]
    assert body["stream"] in (NEXT, "meeting:held")


GOOD = json.dumps(EVENTS["meeting"]).encode()
DEEP = b'{"type": "meeting.held", "data": '
BODIES: dict[str, tuple[bytes, int, str | None]] = {
    "empty": (b"", 400, ""),
    "cut off": (GOOD[:-1], 400, ""),
    "two values": (GOOD + GOOD, 400, ""),
    "single quotes": (b"{'type': 'meeting.held'}", 400, ""),
    "trailing comma": (b'{"type": "meeting.held",}', 400, ""),
    "comment": (b'{"type": "meeting.held" /* a */}', 400, ""),
    "NaN": (b'{"type": NaN}', 400, ""),
    "Infinity": (b'{"expected_version": Infinity}', 400, ""),
    "minus Infinity": (b'{"data": {"items": -Infinity}}', 400, ""),
    "not UTF-8": (GOOD.replace(b"They", b"Th\xe9y"), 400, ""),
    "overlong UTF-8": (GOOD.replace(b"They", b"\xc0\xaf"), 400, ""),
    "surrogate in UTF-8": (GOOD.replace(b"They", b"\xed\xa0\x80"), 400, ""),
    "UTF-16": (GOOD.decode().encode("utf-16"), 400, ""),
    "UTF-16 without BOM": (GOOD.decode().encode("utf-16-le"), 400, ""),
    "UTF-32": (GOOD.decode().encode("utf-32"), 400, ""),
    "BOM": (b"\xef\xbb\xbf" + GOOD, 400, ""),
    "lone surrogate": (GOOD.replace(b"They", rb"\ud800"), 400, ""),
    "lone low surrogate": (GOOD.replace(b"They", rb"\udc00 a"), 400, ""),
    "lone surrogate as a name": (b'{"\\ud800": 1}', 400, ""),
    "doubled name": (GOOD[:-1] + b', "note": "Another."}', 400, ""),
    "doubled name within": (GOOD.replace(b'"mode"', b'"mode": "phone", "mode"'), 400, ""),
    "doubled name, escaped": (GOOD.replace(b'"mode"', rb'"\u006dode": "phone", "mode"'), 400, ""),
    "NUL byte": (GOOD.replace(b"They", b"\x00"), 400, ""),
    "bare control character": (GOOD.replace(b"They", b"\x01"), 400, ""),
    "escaped NUL": (GOOD.replace(b"They", rb"\u0000"), 422, "/title/en"),
    "200 levels": (DEEP + b"[" * 200 + b"]" * 200 + b"}", 400, ""),
    "200 levels of objects": (DEEP + b'{"a":' * 200 + b"1" + b"}" * 201, 400, ""),
    "100,000 levels": (DEEP + b"[" * 100_000 + b"]" * 100_000 + b"}", 400, ""),
    "100,000 levels, not closed": (b"[" * 100_000, 400, ""),
    "100,000 levels of objects": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 400, ""),
    "5,000 digits": (b'{"type": "meeting.held", "expected_version": ' + b"9" * 5_000 + b"}", 400, ""),
    "400 digits": (b'{"type": "meeting.held", "expected_version": ' + b"9" * 400 + b"}", 400, ""),
    "1e400": (b'{"type": "meeting.held", "expected_version": 1e400}', 400, ""),
    "1e2": (GOOD[:-1] + b', "expected_version": 1e2}', 422, "/expected_version"),
    "-0": (GOOD[:-1] + b', "expected_version": -0.0}', 422, "/expected_version"),
    "no events": (b'{"events": []}', 422, "/events"),
    "events null": (b'{"events": null}', 422, "/events"),
    "events an object": (b'{"events": {}}', 422, "/events"),
    "a field beside events": (b'{"events": [{}], "a/b": 1}', 422, "/a~1b"),
    "65 KiB": (GOOD.replace(b'"A note."', json.dumps("x" * 65 * 1024).encode()), 413, ""),
    "65 KiB in a batch": (
        b'{"events": [' + GOOD + b"," + GOOD.replace(b'"A note."', json.dumps("x" * 65 * 1024).encode()) + b"]}",
        413,
        "/events/1",
    ),
    "5,001 events": (b'{"events": [' + b",".join([b"{}"] * 5_001) + b"]}", 413, "/events"),
}


@pytest.mark.parametrize(("body", "status", "pointer"), BODIES.values(), ids=BODIES)
def test_a_bad_body_is_refused(record: Record, body: bytes, status: int, pointer: str | None) -> None:
    names = {400: "not-parseable", 413: "too-large", 422: "invalid"}
    record.refuses(body, status, pointer, names[status])


LINES: dict[str, tuple[bytes, int, str | None]] = {
    "nothing": (b"\n\n", 422, "/events"),
    "second line bad": (GOOD + b"\n\n{\n", 400, None),
    "second event bad": (GOOD + b"\n" + GOOD.replace(b"meeting.held", b"meeting.hold") + b"\n", 422, "/events/1/type"),
    "5,001 lines": (b"{}\n" * 5_001, 413, "/events"),
    "one array": (b"[" + GOOD + b"]", 422, "/events/0"),
    "BOM": (b"\xef\xbb\xbf" + GOOD, 400, None),
}


@pytest.mark.parametrize(("body", "status", "pointer"), LINES.values(), ids=LINES)
def test_bad_lines_are_refused(record: Record, body: bytes, status: int, pointer: str | None) -> None:
    found = record.refuses(body, status, pointer, content_type="application/x-ndjson")
    assert status != 400 or found["detail"].startswith(("Line 3: ", "Line 1: "))


def test_every_error_of_a_batch_is_named(record: Record) -> None:
    one = put(put(EVENTS["meeting"], "/data/mode", "by boat"), "/occurred_on", "2025-02-30")
    events = [one, EVENTS["visit"], put(EVENTS["visit"], "/colour", "red"), builders.reinstated(HELD)]
    body = record.refuses({"events": events}, 422, None)
    pointers = [error["pointer"] for error in body["errors"]]
    wanted = ["/events/0/data/mode", "/events/0/occurred_on", "/events/2/colour", "/events/3/data/event"]
    assert sorted(pointers) == wanted
    assert body["detail"].endswith("(4 errors in all; see errors.)")


def test_the_same_id_twice_in_a_batch_is_refused(record: Record) -> None:
    one = {**EVENTS["meeting"], "id": UNKNOWN}
    record.refuses({"events": [one, {**one, "id": UNKNOWN.upper()}]}, 422, "/events/1/id", "invalid")


@pytest.mark.parametrize("name", ["events", "", "\x00", "é", "x" * 5_000, "/", "~"])
def test_a_field_with_a_strange_name_is_refused_at_its_place(record: Record, name: str) -> None:
    step = "/" + name.replace("~", "~0").replace("/", "~1")
    record.refuses({**EVENTS["visit"], "data": {**EVENTS["visit"]["data"], name: "a"}}, 422, f"/data{step}")


VIEWS = ["timeline", "tallies", "tallies/series", "partnerships", "parties", "people", "editions"]
CLOCKS: list[tuple[str, list[str]]] = [
    (
        "as_of",
        ["", "2025", "2025-02-30", "0000-01-01", "today", "2025-1-1", "2025-10-30T00:00:00Z", "٢٠٢٥-10-30", "\x00"],
    ),
    ("known_at", ["", "2025-10-30", "yesterday", "2025-10-30T12:00:00", "2025-02-30T12:00:00Z", "9" * 30]),
    ("known_at", ["2025-10-30T25:00:00Z", "2025-10-30T12:00:00+99:00", "\x00"]),
    ("at_position", ["", "-1", "1.0", "abc", "6", "9" * 16, "9" * 400, "１", "1e1", "0x1"]),
    ("min_position", ["-1", "abc", "9" * 400, ""]),
    ("wait", ["31", "-1", "abc", "nan", "inf", "1e1", "", "9" * 400]),
    ("colour", ["red"]),
]
PAGES: list[tuple[str, list[str]]] = [
    ("limit", ["0", "501", "abc", "-1", "1.5", "", "9" * 400]),
    ("cursor", ["", "x", "abc", "!!!!", "é", "W10", "e30", "NQ", "WyJhIl0", "bnVsbA", "9" * 9_000]),
]
FILTERS: list[tuple[str, str, list[str]]] = [
    *[("timeline", name, ["ZZ", "ca", ""]) for name in ("party", "between")],
    ("timeline", "between", ["CA", "CA,CA", "CA,GB,FR", "CA,", "CA,ZZ"]),
    ("timeline", "kind", ["record", "edition", "war", ""]),
    ("timeline", "type", ["meeting", "meeting.cancelled"]),
    ("timeline", "mode", ["boat"]),
    *[("timeline", name, ["1", "yes", "True", ""]) for name in ("formal", "certain", "sourced")],
    ("timeline", "level", ["king"]),
    *[("timeline", name, ["2025", "2025-02-30"]) for name in ("since", "until")],
    *[("timeline", name, ["", " ", "\x00", "a" * 10_001]) for name in ("q", "person", "topic")],
    ("timeline", "retracted", ["only", "true"]),
    ("timeline", "order", ["up"]),
    ("timeline", "facets", ["yes"]),
    ("timeline", "of", ["CA"]),
    *[("tallies", name, ["ZZ", "", "ca"]) for name in ("of", "party")],
    ("tallies", "since", ["2025", ""]),
    ("tallies", "formal", ["1", "maybe"]),
    ("tallies", "mode", ["boat", ""]),
    ("tallies", "level", ["king"]),
    ("partnerships", "status", ["dead", ""]),
    ("partnerships", "form", ["marriage"]),
    ("partnerships", "kinds", ["meeting", "", "partnership,"]),
    ("partnerships", "party", ["ZZ"]),
    ("people", "party", ["ZZ"]),
    *[("diff", f"{side}_{name}", ["x", ""]) for side in ("from", "to") for name in ("as_of", "known_at", "position")],
    *[("diff", f"{side}_position", ["6", "-1", "9" * 16]) for side in ("from", "to")],
    ("diff", "of", ["ZZ"]),
    ("diff", "as_of", ["2025-10-30"]),
    ("diff", "wait", ["31"]),
    ("events", "after", ["-1", "abc", "9" * 400]),
    ("events", "type", ["meeting", "war.fought"]),
    ("events", "stream", ["meeting", "", "meeting:A", "\x00"]),
    ("events/live", "after", ["-1", "6", "abc", "9" * 16]),
    ("events/live", "limit", ["5"]),
]
QUERIES = [
    *[(view, name, value) for view in [*VIEWS, "events"] for name, values in [*CLOCKS, *PAGES] for value in values],
    *[(f"actions/{HELD}", name, value) for name, values in CLOCKS for value in values],
    *[("parties/CA", name, value) for name, values in CLOCKS for value in values],
    *[(view, name, value) for view, name, values in FILTERS for value in values],
    *[(path, "colour", "red") for path in (f"events/{HELD}", "streams/meeting:held", "projections")],
]


@pytest.mark.parametrize("path", sorted({path for path, _, _ in QUERIES}))
def test_bad_parameters_are_refused_by_name(record: Record, path: str) -> None:
    client = record.app.test_client()
    for _, name, value in (row for row in QUERIES if row[0] == path):
        response = client.get(f"/api/v1/{path}", query_string={name: value})
        response.close()
        assert response.status_code == 422, (name, value[:40])
        body = problem(response, 422, None, "invalid")
        assert {error["pointer"].split("/")[1] for error in body["errors"]} == {name}, (name, value[:40])


@pytest.mark.parametrize(
    "query", ["timeline?since=2025-01-01&since=2025-02-01", "tallies?of=CA&of=US", "events?limit=1&limit=2"]
)
def test_a_parameter_that_takes_one_value_is_given_once(record: Record, query: str) -> None:
    response = record.app.test_client().get(f"/api/v1/{query}")
    assert "more than once" in problem(response, 422, f"/{query.partition('?')[2].partition('=')[0]}")["detail"]
    if not query.startswith("events"):
        page = record.app.test_client().get(f"/en/{query}".replace("timeline", ""), headers={"Accept": "text/html"})
        assert page.status_code == 422


@pytest.mark.parametrize("query", ["q=%e9", "party=CA&person=%ff", "%ff=1", "topic=a%C3"])
def test_a_query_that_is_not_utf_8_is_refused(record: Record, query: str) -> None:
    response = record.app.test_client().get(f"/api/v1/timeline?{query}")
    assert "UTF-8" in problem(response, 422, None, "invalid")["detail"]


@pytest.mark.parametrize("path", [*VIEWS, "events", "parties/CA", f"actions/{HELD}"])
def test_known_at_and_at_position_are_not_given_together(record: Record, path: str) -> None:
    query = {"known_at": "2025-10-30T12:00:00Z", "at_position": "1"}
    problem(record.app.test_client().get(f"/api/v1/{path}", query_string=query), 422, "/at_position", "invalid")


def test_a_position_and_an_instant_are_not_given_together_for_one_end(record: Record) -> None:
    query = {"from_known_at": "2025-10-30T12:00:00Z", "from_position": "1"}
    problem(record.app.test_client().get("/api/v1/diff", query_string=query), 422, "/from_position", "invalid")


EMPTY = {
    "timeline": "items",
    "tallies": "tallies",
    "tallies/series": "steps",
    "partnerships": "items",
    "parties": "items",
    "people": "items",
    "editions": "items",
    "events": "events",
}


@pytest.mark.parametrize("path", EMPTY)
@pytest.mark.parametrize("known_at", ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "2001-01-01T00:00:00.5-05:00"])
def test_before_the_first_event_every_view_is_empty(record: Record, path: str, known_at: str) -> None:
    response = record.app.test_client().get(f"/api/v1/{path}", query_string={"known_at": known_at})
    body = json.loads(response.data)
    assert (response.status_code, body[EMPTY[path]], body["next"]) == (200, [], None)
    assert path == "events" or (body["position"], body["known_at"]) == (0, known_at)


def test_before_the_first_event_a_difference_is_from_nothing(record: Record) -> None:
    query = {"from_known_at": "2001-01-01T00:00:00Z", "of": "CA"}
    response = record.app.test_client().get("/api/v1/diff", query_string=query)
    assert response.status_code == 200
    body = json.loads(response.data)
    assert body["from"]["position"] == 0
    assert len(body["actions"]["added"]) == 2
    assert body["actions"]["removed"] == []


@pytest.mark.parametrize("path", ["events/{}", "streams/{}", "actions/{}", "parties/{}", "nothing/{}"])
@pytest.mark.parametrize(
    "name", ["%00", "a%00b", "%ff", "%ed%a0%80", "a" * 5_000, UNKNOWN, "ZZ", "meeting:none", "..%2f"]
)
def test_what_does_not_exist_is_not_found(record: Record, path: str, name: str) -> None:
    problem(record.app.test_client().get(f"/api/v1/{path.format(name)}"), 404, None, "not-found")


@pytest.mark.parametrize("value", ["9" * 5_000, "-1", "é", '"', "\\", "W/"])
def test_a_strange_if_match_matches_nothing(record: Record, value: str) -> None:
    record.refuses(EVENTS["visit"], 412, "", "version-conflict", **{"If-Match": value})


@pytest.mark.parametrize("value", ["6", "abc", "-1", "9" * 5_000, "1.5", "²"])
def test_a_strange_last_event_id_is_refused(record: Record, value: str) -> None:
    response = record.app.test_client().get("/api/v1/events/live", headers={"Last-Event-ID": value})
    response.close()
    assert problem(response, 422, None, "invalid")["errors"]


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
NUMBERS = st.integers(-(2**70), 2**70) | st.sampled_from(
    ["CA", "2025", "meeting.held", HELD, RETRACTED, "meeting:held", "5"]
)
KEYS = st.sampled_from(
    ["type", "id", "stream", "data", "title", "sources", "note", "occurred_on", "events", "en", "fr"]
)
ANYTHING = st.recursive(
    SCALARS | NUMBERS, lambda inner: st.lists(inner) | st.dictionaries(KEYS | st.text(), inner), max_leaves=12
)
PLACES = sorted({(name, pointer) for name, pointer, _ in VALUES})
FIELD = st.builds(lambda place, value: put(EVENTS[place[0]], place[1], value), st.sampled_from(PLACES), ANYTHING)
EVENT = st.fixed_dictionaries(
    {"type": st.sampled_from([event["type"] for event in EVENTS.values()])},
    optional=dict.fromkeys(("id", "stream", "expected_version", "occurred_on", "title", "data", "sources"), ANYTHING),
)


@settings(max_examples=100)
@given(data=st.data())
def test_whatever_is_asked_is_answered(record: Record, data: st.DataObject) -> None:
    builders.catch_up(record.database)
    path, name, _ = data.draw(st.sampled_from([row for row in QUERIES if row[0] != "events/live"]))
    value = data.draw(st.text() | st.integers().map(str) | st.dates().map(str) | st.datetimes().map(lambda t: f"{t}Z"))
    response = record.app.test_client().get(f"/api/v1/{path}", query_string={name: value, "wait": "0"})
    assert response.status_code in (200, 422) or (name, response.status_code) == ("min_position", 503)


@settings(max_examples=200)
@given(
    body=ANYTHING | EVENT | FIELD | st.fixed_dictionaries({"events": st.lists(EVENT | FIELD | ANYTHING, max_size=3)})
)
def test_whatever_is_sent_is_answered_and_only_success_moves_the_log(record: Record, body: Any) -> None:
    before = record.head()
    response = record.post(body)
    assert response.status_code in (200, 201, 400, 409, 412, 422)
    assert (record.head().position > before.position) == (response.status_code == 201)
