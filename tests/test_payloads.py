"""Every type has a real payload that the log takes in, and every old format is read in today's form."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient

from events import content, store
from events.database import Database
from events.decide import seal
from events.types import KINDS, SCHEMA_VERSION, TYPES, Content, Event
from events.upcasters import UPCASTERS, upcast
from service.audit import audit
from service.envelope import draft
from tests import builders

API = "/api/v1"
PAYLOADS = dict(builders.payloads())
SAMPLE = {event["id"]: event for event in builders.sample()}
OLD_ID = "01968f0e-0000-7000-8000-000000000000"
NOON = 1_762_344_000_000_000

OPENED: Mapping[str, dict[str, Any]] = {
    "partnership": {"type": "partnership.established"},
    "agreement": {"type": "agreement.signed"},
    "pledge": {"type": "pledge.made", "data": {"by": "CA", "purpose": "What was promised"}},
    "measure": {"type": "measure.imposed", "data": {"by": "CA", "category": "tariff", "targets": []}},
}
"""How the life cycles begin whose first act is not any act."""


def before(event: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The events that must stand in the log before this one can."""
    kind, act = event["type"].split(".")
    if kind == "record":
        yield from (SAMPLE[id] for name, id in event["data"].items() if name in ("event", "duplicate_of"))
        if act == "reinstated":
            yield builders.retracted(event["data"]["event"])
    elif kind in OPENED and act not in KINDS[kind].opens:
        yield builders.act(stream=event["stream"], on="1900-01-01", **OPENED[kind])
        if act == "resumed":
            suspended = {**OPENED[kind], "type": f"{kind}.suspended"}
            yield builders.act(stream=event["stream"], on="1900-01-02", **suspended)


def inside(event: dict[str, Any]) -> Iterator[str]:
    """The fields of an event and of what lies in it; people, places and sources alike go by one name."""
    yield from (f"title.{name}" for name in event.get("title", ()))
    yield from (f"source.{name}" for source in event.get("sources", ()) for name in source)
    yield from (f"person.{name}" for person in event["data"].get("people", ()) for name in person)
    yield from (f"place.{name}" for name in event["data"].get("place", ()))


def test_every_type_has_a_payload() -> None:
    assert PAYLOADS.keys() == TYPES.keys()
    assert all(event["type"] == name for name, event in PAYLOADS.items())


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_field_of_a_kind_occurs_in_a_payload(kind: str) -> None:
    of_kind = {name for name in TYPES if name.startswith(f"{kind}.")}
    assert {field for name in of_kind for field in TYPES[name].fields} == {
        field for name in of_kind for field in PAYLOADS[name]["data"]
    }


@pytest.mark.parametrize("name", sorted(name for name in TYPES if len(KINDS[name.partition(".")[0]].acts) == 1))
def test_the_payload_of_a_kind_with_one_act_has_every_field(name: str) -> None:
    assert PAYLOADS[name]["data"].keys() == TYPES[name].fields.keys()


def test_every_field_within_a_field_occurs_in_a_payload() -> None:
    found = {name for event in PAYLOADS.values() for name in inside(event)}
    sources = {f"source.{name}" for name in ("url", "title", "publisher", "published_on")}
    people = {f"person.{name}" for name in ("name", "party", "role")}
    assert found == {"title.en", "title.fr", "place.name", "place.party", *sources, *people}


def test_every_payload_is_taken_in_and_read_back_as_it_was_sent(database: Database) -> None:
    for event in map(alone, PAYLOADS.values()):
        for one in (*before(event), event):
            if not stands(database, one.get("id", "")):
                builders.append(database, one)
        with database.read() as connection:
            stored = store.get(connection, event["id"]).as_dict()
        assert {name: stored[name] for name in event} == event


def alone(event: dict[str, Any]) -> dict[str, Any]:
    """The event in a stream that no other payload shares."""
    return {**event, "stream": f"{event['stream']}-{event['type'].partition('.')[2]}"} if "stream" in event else event


def stands(database: Database, id: str) -> bool:
    """Whether an event with this id is in the log."""
    with database.read() as connection:
        return any(event.id == id for event in store.read(connection))


@pytest.mark.parametrize("name", sorted(PAYLOADS))
def test_content_is_the_same_after_it_was_stored(name: str) -> None:
    judged = draft(PAYLOADS[name], 0)
    assert judged.content
    stored = orjson.loads(orjson.dumps(judged.content.as_dict()))
    assert content.read(name, stored) == content.load(name, stored) == judged.content


# Formats of before.


def old(name: str, version: int) -> dict[str, Any]:
    """A payload as it lies in a log that an older program wrote."""
    path = builders.PAYLOADS / f"v{version}" / f"{name}.json"
    return dict(orjson.loads(path.read_bytes()))


MEETING = old("meeting.held", 0)
TODAY = {
    "id": OLD_ID,
    "type": "meeting.held",
    "stream": "meeting:ca-us-2021-01-22",
    **MEETING,
    "data": {"parties": ["CA", "US"], "mode": "phone"} | {name: MEETING["data"][name] for name in ("people", "topics")},
}
"""The meeting of format 0 as a writer would send it today."""


def insert(database: Database, type: str, payload: dict[str, Any], version: int = 1, id: str = OLD_ID) -> None:
    """Put an event into the log as a program of format 0 did, behind all rules."""
    day = dt.date(2021, 1, 22) if type == "meeting.held" else None
    stored = Content(**{**payload, "sources": tuple(payload["sources"])})
    server = {"recorded_at": NOON, "recorded_by": "old", "schema_version": 0, "earliest": day, "latest": day}
    event = Event(id=id, type=type, stream=TODAY["stream"], version=version, position=version, content=stored, **server)
    with database.write() as connection:
        store.write(connection, [seal(event)])


@pytest.fixture
def old_app(app: Flask) -> Flask:
    """The application on a log that begins with a meeting of format 0, its views caught up."""
    database = app.extensions["depositary"].database
    insert(database, "meeting.held", MEETING)
    builders.catch_up(database)
    return app


def get(client: FlaskClient, path: str) -> Any:
    answer = client.get(f"{API}{path}")
    assert answer.status_code == 200, answer.text
    return answer.json


@pytest.mark.parametrize(("name", "version"), sorted(UPCASTERS))
def test_every_old_payload_is_valid_in_today_s_form(name: str, version: int) -> None:
    raw = upcast(name, version, old(name, version))
    assert content.load(name, raw) == content.read(name, raw)
    assert upcast(name, SCHEMA_VERSION, raw) == raw


def test_an_upcaster_leaves_what_it_was_given() -> None:
    given = old("meeting.held", 0)
    upcast("meeting.held", 0, given)
    assert given == MEETING


def test_views_read_an_old_payload_in_today_s_form(old_app: Flask, client: FlaskClient) -> None:
    [item] = get(client, "/timeline?between=CA,US&mode=phone&level=leader&formal=true")["items"]
    assert item["data"] == {**TODAY["data"], "formal": True, "level": "leader"}
    [row] = get(client, "/tallies?of=CA&mode=phone")["tallies"]
    assert (row["party"], row["count"], row["first"]) == ("US", 1, "2021-01-22")
    assert get(client, f"/actions/{OLD_ID}")["data"] == item["data"]


def test_an_old_payload_is_shown_as_it_is_stored(old_app: Flask, client: FlaskClient) -> None:
    shown = get(client, f"/events/{OLD_ID}")
    assert shown["schema_version"] == 0
    assert {name: shown[name] for name in MEETING} == MEETING


def test_an_old_payload_can_be_corrected(old_app: Flask, client: FlaskClient, editor: dict[str, str]) -> None:
    patch = builders.corrected(OLD_ID, {"data": {"mode": "video", "topics": None}, "note": None})
    answer = client.post(f"{API}/events", json=patch, headers=editor)
    assert answer.status_code == 201, answer.text
    builders.catch_up(old_app.extensions["depositary"].database)
    [item] = get(client, "/timeline?party=US&mode=video")["items"]
    assert (item["data"]["parties"], item["data"].get("topics"), item["note"]) == (["CA", "US"], None, None)


def test_the_same_content_in_today_s_form_is_answered_as_the_first_time(
    old_app: Flask, client: FlaskClient, editor: dict[str, str]
) -> None:
    again = client.post(f"{API}/events", json=TODAY, headers=editor)
    assert (again.status_code, again.json["events"][0]["position"]) == (200, 1)
    other = client.post(f"{API}/events", json={**TODAY, "note": "Another."}, headers=editor)
    assert (other.status_code, other.json["type"].rpartition("/")[2]) == (409, "id-reused")


def test_a_correction_of_before_applies_to_the_form_its_writer_saw(app: Flask, client: FlaskClient) -> None:
    database = app.extensions["depositary"].database
    insert(database, "meeting.held", MEETING)
    data = {"event": OLD_ID, "changes": {"data": {"with_parties": "CA MX", "by_phone": False}}, "reason": "Wrong."}
    insert(database, "record.corrected", {"data": data, "sources": []}, 2, OLD_ID.replace("0000-7", "0001-7"))
    builders.append(database, builders.corrected(OLD_ID, {"data": {"mode": "video"}}))
    builders.catch_up(database)
    [item] = get(client, "/timeline?between=CA,MX")["items"]
    assert (item["data"]["mode"], item["revisions"]) == ("video", 2)
    assert "with_parties" not in item["data"]
    changes = [change for event in get(client, f"/actions/{OLD_ID}")["history"] for change in event["changes"]]
    assert {"path": "/data/parties", "old": ["CA", "US"], "new": ["CA", "MX"]} in changes


def test_the_audit_finds_nothing_wrong_with_a_log_of_two_formats(old_app: Flask) -> None:
    database = old_app.extensions["depositary"].database
    builders.append(database, builders.meeting())
    builders.catch_up(database)
    assert audit(database).lines == []
