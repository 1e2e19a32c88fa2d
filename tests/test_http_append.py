"""Appending over HTTP: what is answered, what counts as a repeat, what is judged first, and who may."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from events import store
from service import tokens
from service.app import create_app
from service.settings import Settings
from tests import builders
from tests.conftest import Databases, token
from tests.test_bad_input import problem

DAY = 86_400 * 1_000_000
NOON = 1_762_344_000_000_000  # 2025-11-05T12:00:00Z


class Writer:
    """A client with an editor's token, on a clock that can be set."""

    def __init__(self, url: str) -> None:
        self.now = NOON
        self.app = create_app(Settings(database_url=url, home="CA"), clock=lambda: self.now)
        self.database = self.app.extensions["depositary"].database
        self.editor = token(self.app)

    def post(self, body: Any, headers: Mapping[str, str] | None = None, **more: str) -> TestResponse:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {**(self.editor if headers is None else headers), "Content-Type": "application/json", **more}
        return self.app.test_client().post("/api/v1/events", data=data, headers=sent)

    def appended(self, body: Any, status: int = 201, **more: str) -> list[dict[str, Any]]:
        response = self.post(body, **more)
        assert response.status_code == status, response.text
        return list(json.loads(response.data)["events"])

    def get(self, path: str, **query: Any) -> Any:
        response = self.app.test_client().get(f"/api/v1/{path}", query_string=query)
        assert response.status_code == 200, response.text
        return json.loads(response.data)

    def head(self) -> int:
        with self.database.read() as connection:
            return store.head(connection).position

    def secret(self, name: str, role: str = "editor", days: int | None = None) -> dict[str, str]:
        with self.database.write() as connection:
            secret = tokens.create(connection, name, role, self.now, days)
        return {"Authorization": f"Bearer {secret}"}


@pytest.fixture(scope="module")
def writer(databases: Databases) -> Iterator[Writer]:
    made = Writer(databases.new())
    yield made
    made.app.extensions["depositary"].close()


def new_id() -> str:
    return str(uuid.uuid4())


def names() -> tuple[str, str]:
    """A new id, and a stream of a partnership that does not exist yet."""
    id = new_id()
    return id, f"partnership:{id}"


def test_an_event_is_answered_with_its_place_in_the_log(writer: Writer) -> None:
    id, before = new_id(), writer.head()
    response = writer.post(builders.meeting(id=id.upper()))
    assert response.status_code == 201
    assert response.headers["ETag"] == '"1"'
    assert json.loads(response.data) == {
        "events": [
            {
                "id": id,
                "stream": f"meeting:{id}",
                "version": 1,
                "position": before + 1,
                "recorded_at": "2025-11-05T12:00:00.000000Z",
            }
        ]
    }


def test_the_server_makes_an_id_of_version_7(writer: Writer) -> None:
    first, second = writer.appended({"events": [builders.meeting(), builders.meeting()]})
    assert [uuid.UUID(one["id"]).version for one in (first, second)] == [7, 7]
    assert first["stream"] == f"meeting:{first['id']}"
    assert first["id"] != second["id"]


def test_an_event_is_read_back_as_it_was_sent_with_defaults_and_server_fields(writer: Writer) -> None:
    sent = builders.meeting("CA", "DE", on="2025-10", note="A note.\n", sources=[{"url": "https://example.org"}])
    (answer,) = writer.appended(sent)
    stored = writer.get(f"events/{answer['id']}")
    assert stored == {
        **sent,
        **answer,
        "data": {**sent["data"], "formal": True, "level": "leader"},
        "recorded_by": stored["recorded_by"],
        "schema_version": 1,
        "earliest": "2025-10-01",
        "latest": "2025-10-31",
    }
    assert stored["recorded_by"].startswith("editor-")


def test_the_same_again_is_answered_as_the_first_time(writer: Writer) -> None:
    sent = builders.meeting(id=new_id())
    first = writer.appended(sent)
    head = writer.head()
    assert writer.appended(sent, 200) == first
    assert writer.head() == head


@pytest.mark.parametrize(
    "more",
    [
        {"stream": "meeting:{id}"},
        {"sources": []},
        {"data": {"formal": True, "level": "leader"}},
        {"expected_version": 0},
        {"expected_version": 7},
        {"id": "{ID}"},
    ],
    ids=str,
)
def test_what_means_the_same_is_a_repeat(writer: Writer, more: dict[str, Any]) -> None:
    id = new_id()
    first = writer.appended(builders.meeting(id=id))
    shaped = {k: v.format(id=id, ID=id.upper()) if isinstance(v, str) else v for k, v in more.items()}
    again = builders.meeting(**{"id": id, **shaped})
    assert writer.appended(again, 200) == first


@pytest.mark.parametrize(
    "more",
    [
        {"on": "2025-10-31"},
        {"note": "A note."},
        {"stream": "meeting:another"},
        {"data": {"formal": False}},
        {"data": {"mode": "phone"}},
        {"data": {"mode": "by boat"}},
        {"data": {"parties": ["KR", "CA"]}},
        {"data": {"topics": []}},
        {"sources": [{"url": "https://example.org"}]},
        {"title": {"en": "They meet again"}},
        {"type": "summit.held", "data": {"name": "A summit"}},
        {"colour": "red"},
        {"note": "x" * 70_000},
    ],
    ids=lambda more: str(more)[:40],
)
def test_other_content_under_an_id_is_refused_before_anything_else(writer: Writer, more: dict[str, Any]) -> None:
    id = new_id()
    (first,) = writer.appended(builders.meeting(id=id))
    other = builders.meeting(**{"id": id, "expected_version": 9, **{k: v for k, v in more.items() if k != "type"}})
    response = writer.post({**other, **{k: v for k, v in more.items() if k == "type"}}, **{"If-Match": '"9"'})
    body = problem(response, 409, "/id", "id-reused")
    assert body["position"] == first["position"]


def test_a_repeat_is_judged_before_expected_version_and_if_match(writer: Writer) -> None:
    id, stream = names()
    sent = builders.act("partnership.established", stream, "2025", id=id, expected_version=0)
    first = writer.appended(sent)
    writer.appended(builders.act("partnership.renewed", stream, "2025-XX-XX"))
    assert writer.appended(sent, 200) == first
    assert writer.appended(sent, 200, **{"If-Match": '"17"'}) == first


def test_a_repeat_is_judged_before_the_state_of_acts_and_the_sequence(writer: Writer) -> None:
    id, stream = names()
    acts = [
        builders.act("partnership.established", stream, "2025-01-01"),
        builders.act("partnership.suspended", stream, "2025-02-01", id=id),
    ]
    (_, suspended) = writer.appended({"events": acts})
    retraction = {**builders.retracted(id), "id": new_id()}
    first = writer.appended(retraction)
    assert writer.appended(retraction, 200) == first
    assert writer.appended(acts[1], 200) == [suspended]


def test_a_batch_may_hold_old_and_new_events(writer: Writer) -> None:
    old, new = builders.meeting(id=new_id()), builders.meeting(id=new_id())
    first = writer.appended(old)
    both = writer.appended({"events": [new, old]})
    assert both[1:] == first
    assert both[0]["position"] == first[0]["position"] + 1
    assert writer.appended({"events": [old, new]}, 200) == [both[1], both[0]]


def test_a_batch_is_appended_whole_or_not_at_all(writer: Writer) -> None:
    before = writer.head()
    id, stream = names()
    good = [builders.meeting(), builders.act("partnership.established", stream, "2025", id=id)]
    problem(writer.post({"events": [*good, builders.meeting("CA", "ZZ")]}), 422, "/events/2/data/parties/1", "invalid")
    problem(writer.post({"events": [*good, *good]}), 422, "/events/3/id", "invalid")
    assert writer.head() == before


def test_every_sort_of_error_in_a_batch_is_named(writer: Writer) -> None:
    id, stream = names()
    writer.appended(builders.act("partnership.established", stream, "2025", id=id))
    events = [
        builders.meeting("CA", "ZZ"),
        builders.act("partnership.renewed", stream, "2025", expected_version=4),
        builders.reinstated(id),
        builders.act("partnership.established", stream, "2024", id=id),
        builders.meeting(note="x" * 70_000),
    ]
    body = problem(writer.post({"events": events}), 413, None, "too-large")
    assert {(error["pointer"], error["code"]) for error in body["errors"]} == {
        ("/events/0/data/parties/1", "invalid"),
        ("/events/1/expected_version", "version-conflict"),
        ("/events/2/data/event", "wrong-state"),
        ("/events/3/id", "id-reused"),
        ("/events/4", "too-large"),
    }


def test_versions_are_judged_in_the_order_of_the_batch(writer: Writer) -> None:
    id, stream = names()
    acts = [
        builders.act("partnership.established", stream, "2025-01-01", id=id, expected_version=0),
        builders.act("partnership.suspended", stream, "2025-02-01", expected_version=1),
    ]
    assert [one["version"] for one in writer.appended({"events": acts})] == [1, 2]
    late = builders.act("partnership.resumed", stream, "2025-03-01", expected_version=1)
    body = problem(writer.post(late), 412, "/expected_version", "version-conflict")
    assert (body["stream"], body["expected"], body["actual"]) == (stream, 1, 2)
    assert body["errors"][0]["actual"] == 2


def test_states_are_judged_in_the_order_of_the_batch(writer: Writer) -> None:
    id = new_id()
    events = [
        builders.meeting(id=id),
        builders.retracted(id),
        builders.reinstated(id),
        builders.corrected(id, {"note": "x"}),
        {**builders.retracted(id), "expected_version": 4},
    ]
    assert [one["version"] for one in writer.appended({"events": events})] == [1, 2, 3, 4, 5]


def test_sequences_are_judged_at_the_end_of_the_batch(writer: Writer) -> None:
    id, stream = names()
    second = new_id()
    acts = [
        builders.act("partnership.suspended", stream, "2025-02-01", id=second),
        builders.act("partnership.established", stream, "2025-01-01", id=id),
    ]
    writer.appended({"events": acts})
    swap = {"events": [builders.corrected(id, {"occurred_on": "2025-02-10"})]}
    problem(writer.post(swap), 422, "/events/0", "impossible-sequence")
    swap["events"].append(builders.corrected(second, {"occurred_on": "2025-02-11"}))
    writer.appended(swap)
    problem(writer.post(builders.retracted(id)), 422, "", "impossible-sequence")
    writer.appended({"events": [builders.retracted(id), builders.retracted(second)]})


@pytest.mark.parametrize(
    ("if_match", "status"),
    [
        ('"1"', 201),
        ('"2"', 412),
        ("*", 201),
        ('W/"1"', 412),
        ('"5", "1"', 201),
        ('"5", "6"', 412),
        ('"0"', 412),
        ('"one"', 412),
    ],
)
def test_if_match_speaks_of_the_version_of_the_stream(writer: Writer, if_match: str, status: int) -> None:
    id, stream = names()
    writer.appended(builders.act("partnership.established", stream, "2025-01-01", id=id))
    response = writer.post(builders.act("partnership.ended", stream, "2025-02-01"), **{"If-Match": if_match})
    assert response.status_code == status
    if status == 412:
        body = problem(response, 412, "", "version-conflict")
        assert (body["stream"], body["actual"]) == (stream, 1)


@pytest.mark.parametrize(("if_match", "status"), [("*", 412), ('"1"', 412), ('"0"', 201)])
def test_if_match_on_a_stream_that_does_not_exist(writer: Writer, if_match: str, status: int) -> None:
    assert writer.post(builders.meeting(), **{"If-Match": if_match}).status_code == status


def test_if_match_is_that_of_the_stream_a_record_event_stands_in(writer: Writer) -> None:
    id = new_id()
    writer.appended(builders.meeting(id=id))
    changes = builders.corrected(id, {"note": "A note."})
    problem(writer.post(changes, **{"If-Match": '"2"'}), 412, "", "version-conflict")
    response = writer.post(changes, **{"If-Match": '"1"'})
    assert response.headers["ETag"] == '"2"'
    assert json.loads(response.data)["events"][0]["stream"] == f"meeting:{id}"


def test_if_match_speaks_of_one_stream_only(writer: Writer) -> None:
    two = {"events": [builders.meeting(), builders.meeting()]}
    problem(writer.post(two, **{"If-Match": '"0"'}), 422, "/events/0", "invalid")


def test_one_event_a_line_is_a_batch(writer: Writer) -> None:
    lines = b"\r\n".join(json.dumps(builders.meeting()).encode() for _ in range(3)) + b"\n\n"
    response = writer.post(lines, **{"Content-Type": "application/x-ndjson; charset=utf-8"})
    assert (response.status_code, len(json.loads(response.data)["events"])) == (201, 3)
    assert "ETag" not in response.headers


def test_the_largest_batch_is_appended(writer: Writer) -> None:
    before = writer.head()
    answers = writer.appended({"events": [builders.meeting() for _ in range(5_000)]})
    assert [answer["position"] for answer in answers] == list(range(before + 1, before + 5_001))


def size_of(event: dict[str, Any]) -> int:
    return len(json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode())


@pytest.mark.parametrize("character", ["x", "é", "🍁"])
def test_an_event_of_64_kib_is_accepted_and_one_byte_more_is_not(writer: Writer, character: str) -> None:
    event = builders.meeting(data={"topics": [character * 2_000] + ["x" * 9_000] * 6})
    gap = 64 * 1024 - size_of(event) - len(',""')
    fits, does_not = (builders.meeting(data={"topics": [*event["data"]["topics"], "x" * (gap + n)]}) for n in (0, 1))
    assert size_of(fits) == 64 * 1024
    problem(writer.post(does_not), 413, "", "too-large")
    writer.appended(fits)


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=iso-8859-1",
        "application/json; charset=utf-16",
        "application/xml",
    ],
)
def test_other_media_types_are_refused(writer: Writer, content_type: str) -> None:
    response = writer.post(builders.meeting(), **{"Content-Type": content_type})
    problem(response, 415, None, "unsupported-media-type")
    assert response.headers["Accept-Post"] == "application/json, application/x-ndjson"


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON; charset=UTF-8", 'application/json; charset="utf-8"']
)
def test_json_in_utf_8_is_accepted(writer: Writer, content_type: str) -> None:
    assert writer.post(builders.meeting(), **{"Content-Type": content_type}).status_code == 201


def test_a_compressed_body_is_refused(writer: Writer) -> None:
    problem(writer.post(builders.meeting(), **{"Content-Encoding": "gzip"}), 415, None, "unsupported-media-type")


def test_writing_needs_a_token(writer: Writer) -> None:
    before = writer.head()
    response = writer.post(builders.meeting(), headers={})
    problem(response, 401, None, "unauthorised")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert writer.head() == before


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer nonsense", "dep_x", "Bearer é"])
def test_a_bad_token_is_refused(writer: Writer, value: str) -> None:
    response = writer.post(builders.meeting(), headers={"Authorization": value})
    problem(response, 401, None, "unauthorised")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("role", "status"), [("reader", 403), ("editor", 201), ("admin", 201)])
def test_a_role_says_who_may_write(writer: Writer, role: str, status: int) -> None:
    response = writer.post(builders.meeting(), headers=token(writer.app, role))
    assert response.status_code == status
    if status == 403:
        problem(response, 403, None, "forbidden")


def test_a_token_is_good_until_it_expires(writer: Writer) -> None:
    headers = writer.secret("for a week", days=7)
    try:
        writer.now = NOON + 7 * DAY - 1
        assert writer.post(builders.meeting(), headers=headers).status_code == 201
        writer.now += 1
        response = writer.post(builders.meeting(), headers=headers)
        problem(response, 401, None, "unauthorised")
        assert "invalid_token" in response.headers["WWW-Authenticate"]
    finally:
        writer.now = NOON


def test_a_revoked_token_is_good_no_more(writer: Writer) -> None:
    headers = writer.secret("leaver")
    assert writer.post(builders.meeting(), headers=headers).status_code == 201
    with writer.database.write() as connection:
        tokens.revoke(connection, "leaver", writer.now)
    problem(writer.post(builders.meeting(), headers=headers), 401, None, "unauthorised")


def test_the_log_notes_whose_token_wrote(writer: Writer) -> None:
    response = writer.post(builders.meeting(), headers=writer.secret("Zoë of the desk"))
    (answer,) = json.loads(response.data)["events"]
    assert writer.get(f"events/{answer['id']}")["recorded_by"] == "Zoë of the desk"


def test_no_writer_can_say_who_wrote_or_when(writer: Writer) -> None:
    for name, value in (("recorded_by", "someone"), ("recorded_at", "2020-01-01T00:00:00Z"), ("position", 1)):
        problem(writer.post({**builders.meeting(), name: value}), 422, f"/{name}", "invalid")


def other_app(writer: Writer, **settings: Any) -> Flask:
    """Another application on the same database."""
    return create_app(Settings(database_url=writer.database.url.render_as_string(hide_password=False), **settings))


def test_without_public_reading_a_reader_needs_a_token(writer: Writer) -> None:
    (answer,) = writer.appended(builders.meeting())
    app = other_app(writer, public_read=False)
    client = app.test_client()
    for path in ("/api/v1/events", f"/api/v1/events/{answer['id']}", "/api/v1/timeline", "/api/v1/projections"):
        response = client.get(path)
        problem(response, 401, None, "unauthorised")
        assert "WWW-Authenticate" in response.headers
        assert "Access-Control-Allow-Origin" not in response.headers
    for role in tokens.ROLES:
        response = client.get("/api/v1/events", headers=token(app, role))
        assert response.status_code == 200
        assert response.headers["Cache-Control"].startswith("private")
        assert "Authorization" in response.headers["Vary"]
    stream = client.get(f"/api/v1/streams/{answer['stream']}", headers=token(app, "reader"))
    assert stream.headers["Cache-Control"].startswith("private")
    assert client.get("/healthz").status_code == 200
    app.extensions["depositary"].close()


def test_those_without_a_token_are_slowed_down(writer: Writer) -> None:
    app = other_app(writer, rate_limit=3)
    client = app.test_client()
    statuses = [client.get("/api/v1/events").status_code for _ in range(4)]
    response = client.get("/api/v1/events")
    assert statuses == [200, 200, 200, 429]
    problem(response, 429, None, "rate-limited")
    assert 1 <= int(response.headers["Retry-After"]) <= 60
    assert client.get("/healthz").status_code == 200
    assert client.get("/api/v1/events", headers=token(app, "reader")).status_code == 200
    other = client.get("/api/v1/events", environ_overrides={"REMOTE_ADDR": "192.0.2.7"})
    assert other.status_code == 200
    app.extensions["depositary"].close()


@pytest.fixture(scope="module")
def revised(writer: Writer) -> str:
    """The id of a meeting that was corrected twice, retracted and reinstated."""
    id = new_id()
    changes = {"occurred_on": "2025-10", "title": {"fr": "Ils parlent"}, "data": {"mode": "phone", "place": None}}
    writer.appended(builders.meeting("CA", "KR", id=id, data={"place": {"name": "Gyeongju"}}, note="Draft."))
    writer.appended(builders.corrected(id, {**changes, "note": None}, cosmetic=True))
    writer.appended(builders.corrected(id, {"data": {"parties": ["CA", "JP"]}}) | {"note": "As the embassy says."})
    writer.appended(builders.retracted(id))
    writer.appended(builders.reinstated(id))
    builders.catch_up(writer.database)
    return id


def test_a_history_tells_field_by_field_what_changed(writer: Writer, revised: str) -> None:
    action = writer.get(f"actions/{revised}")
    assert [row["type"] for row in action["history"]] == [
        "meeting.held",
        "record.corrected",
        "record.corrected",
        "record.retracted",
        "record.reinstated",
    ]
    assert [row["changes"] for row in action["history"]] == [
        [],
        [
            {"path": "/occurred_on", "old": "2025-10-30", "new": "2025-10"},
            {"path": "/title/fr", "old": None, "new": "Ils parlent"},
            {"path": "/data/mode", "old": "in_person", "new": "phone"},
            {"path": "/data/place", "old": {"name": "Gyeongju"}, "new": None},
            {"path": "/note", "old": "Draft.", "new": None},
        ],
        [{"path": "/data/parties", "old": ["CA", "KR"], "new": ["CA", "JP"]}],
        [{"path": "/retracted", "old": False, "new": True}],
        [{"path": "/retracted", "old": True, "new": False}],
    ]
    assert [row["cosmetic"] for row in action["history"]] == [False, True, False, False, False]
    assert action["history"][2]["note"] == "As the embassy says."


def test_an_action_is_as_its_corrections_leave_it(writer: Writer, revised: str) -> None:
    action = writer.get(f"actions/{revised.upper()}")["action"]
    assert (action["occurred_on"], action["earliest"], action["latest"]) == ("2025-10", "2025-10-01", "2025-10-31")
    assert action["title"] == {"en": "They meet", "fr": "Ils parlent"}
    assert action["data"] == {"parties": ["CA", "JP"], "mode": "phone", "formal": True, "level": "leader"}
    assert (action["note"], action["revisions"], action["retracted"]) == (None, 4, False)


def test_the_log_keeps_the_act_as_it_was_written(writer: Writer, revised: str) -> None:
    stored = writer.get(f"events/{revised}")
    assert (stored["occurred_on"], stored["data"]["parties"]) == ("2025-10-30", ["CA", "KR"])
    stream = writer.get(f"streams/meeting:{revised}")
    assert [event["version"] for event in stream["events"]] == [1, 2, 3, 4, 5]


def test_while_retracted_it_counts_nowhere_and_its_page_says_so(writer: Writer, revised: str) -> None:
    retraction = writer.get(f"actions/{revised}")["history"][3]["position"]
    action = writer.get(f"actions/{revised}", at_position=retraction)
    assert (action["action"]["retracted"], len(action["history"])) == (True, 4)
    shown = writer.get("timeline", at_position=retraction, party="JP")["items"]
    assert shown == []
    kept = writer.get("timeline", at_position=retraction, party="JP", retracted="include")["items"]
    assert [item["id"] for item in kept] == [revised]


def test_a_correction_that_changes_nothing_is_accepted(writer: Writer) -> None:
    id = new_id()
    writer.appended(builders.meeting(id=id))
    writer.appended(builders.corrected(id, {}))
    writer.appended(builders.corrected(id, {"title": {"en": "They meet"}, "note": None}))


def test_corrections_do_not_let_an_act_grow_beyond_what_an_event_may_have(writer: Writer) -> None:
    id = new_id()
    writer.appended(builders.meeting(id=id))
    changes: list[dict[str, Any]] = [{"data": {"people": [{"name": f"{n} " + "x" * 9_000} for n in range(6)]}}]
    changes += [{"note": "n" * 9_000}, {"data": {"occasion": "o" * 9_000}}]
    *accepted, response = [writer.post(builders.corrected(id, each)) for each in changes]
    assert [each.status_code for each in accepted] == [201, 201]
    assert "65536" in problem(response, 413, "/data/changes", "too-large")["detail"]


def test_a_duplicate_points_at_the_act_that_stays(writer: Writer) -> None:
    id, other = new_id(), new_id()
    events = [builders.meeting(id=id), builders.meeting(id=other), builders.retracted(id, duplicate_of=other)]
    writer.appended({"events": events})
    builders.catch_up(writer.database)
    assert writer.get(f"actions/{id}")["history"][1]["duplicate_of"] == other


def test_record_time_never_decreases_when_the_clock_goes_back(writer: Writer) -> None:
    (first,) = writer.appended(builders.meeting())
    try:
        writer.now = NOON - DAY
        (second,) = writer.appended(builders.meeting())
    finally:
        writer.now = NOON
    assert second["recorded_at"] == first["recorded_at"]


@pytest.mark.parametrize("tag", ['""', '"", W/"1"', "W/", ","])
def test_an_if_match_that_names_no_version_matches_none(client: FlaskClient, editor: dict[str, str], tag: str) -> None:
    answer = client.post("/api/v1/events", json=builders.meeting(), headers={**editor, "If-Match": tag})
    assert answer.status_code == 412


@pytest.mark.parametrize("type", ["corrected", "retracted", "reinstated"])
def test_a_record_event_about_itself_is_refused(app: Flask, editor: dict[str, str], type: str) -> None:
    id = str(uuid.uuid4())
    data = {"event": id, "reason": "r"} | ({"changes": {}} if type == "corrected" else {})
    about_itself = {"id": id, "type": f"record.{type}", "data": data}
    for body in (about_itself, {"events": [builders.meeting(), about_itself]}):
        answer = app.test_client().post("/api/v1/events", json=body, headers=editor)
        assert answer.status_code == 422
        assert answer.json["errors"][0]["pointer"].endswith("/data/event")
