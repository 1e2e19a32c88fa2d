"""The short way in answers what the application answers, and leaves to it all that it does not take."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from events.errors import Busy
from service.app import create_app
from service.appending import QuickAppend
from service.settings import Settings
from tests import builders
from tests.conftest import Databases, token

JSON = "application/json"
OWN = ("X-Request-Id", "Server-Timing")
ID = "01968f0e-0000-7000-8000-{:012}"
EVENT = {**builders.meeting(), "id": ID.format(1), "stream": "meeting:one"}
SENT: tuple[tuple[str, Any, dict[str, str]], ...] = (
    ("one event", EVENT, {}),
    ("the same again", EVENT, {}),
    ("other content under its id", {**EVENT, "note": "x"}, {}),
    ("a batch", {"events": [{**EVENT, "id": ID.format(n), "stream": f"meeting:{n}"} for n in (2, 3)]}, {}),
    ("a batch with one known", {"events": [EVENT, {**EVENT, "id": ID.format(4), "stream": "meeting:4"}]}, {}),
    ("an empty batch", {"events": []}, {}),
    ("a batch with more", {"events": [EVENT], "x": 1}, {}),
    ("a fault", {**EVENT, "id": ID.format(5), "occurred_on": "never"}, {}),
    ("no JSON", b"{", {}),
    ("a doubled name", b'{"type": 1, "type": 2}', {}),
    ("nothing", b"", {}),
    ("a list", [], {}),
    ("another version", {**EVENT, "id": ID.format(6), "expected_version": 7}, {}),
    ("If-Match", {**EVENT, "id": ID.format(7), "stream": "meeting:7"}, {"If-Match": '"3"'}),
    ("a second act", {**EVENT, "id": ID.format(8)}, {}),
    ("another media type", EVENT, {"Content-Type": "text/plain"}),
    (
        "a charset",
        {**EVENT, "id": ID.format(9), "stream": "meeting:9"},
        {"Content-Type": "application/json; charset=utf-8"},
    ),
    ("a wrong token", EVENT, {"Authorization": "Bearer no"}),
    ("no token", EVENT, {"Authorization": ""}),
    ("another scheme", EVENT, {"Authorization": "Basic eDp5"}),
    ("another page", EVENT, {"Accept": "text/html"}),
    ("an origin", {**EVENT, "id": ID.format(10), "stream": "meeting:10"}, {"Origin": "https://example.org"}),
)


def answers(app: Flask, public: bool) -> list[Any]:
    """What an application answers to all of this, one after the other, with what is its own left out."""
    client, own = app.test_client(), token(app)
    told = []
    for name, sent, headers in SENT:
        body = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
        answer = client.post(
            "/api/v1/events", data=body, headers={"Content-Type": "application/json", **own, **headers}
        )
        shown = json.loads(answer.data)
        for event in shown.get("events", ()):
            event.pop("recorded_at")
        kept = sorted((key, value) for key, value in answer.headers if key not in (*OWN, "Content-Length"))
        assert all(own in answer.headers for own in OWN)
        assert int(answer.headers["Content-Length"]) == len(answer.data)
        told.append((name, answer.status, shown, kept))
    return told


@pytest.mark.parametrize("public", [True, False])
def test_the_short_way_answers_what_the_application_answers(databases: Databases, public: bool) -> None:
    quick, plain = (create_app(Settings(database_url=databases.new(), home="CA", public_read=public)) for _ in range(2))
    assert isinstance(quick.wsgi_app, QuickAppend)
    plain.wsgi_app = plain.wsgi_app._application  # type: ignore[attr-defined, method-assign]
    found, wanted = answers(quick, public), answers(plain, public)
    for app in (quick, plain):
        app.extensions["depositary"].close()
    assert found == wanted
    assert [status.partition(" ")[0] for _, status, _, _ in found].count("201") >= 5


def test_what_the_log_does_not_answer_is_told_and_not_tried_again(
    app: Flask, client: FlaskClient, editor: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    def append(*arguments: Any, **named: Any) -> Any:
        tried.append(1)
        raise Busy("The log could not be written in time; nothing was appended.")

    monkeypatch.setattr(app.extensions["depositary"].committer, "append", append)
    answer = client.post("/api/v1/events", json=builders.meeting(), headers=editor)
    assert (answer.status_code, answer.headers["Retry-After"], len(tried)) == (503, "1", 1)


def test_the_short_way_is_taken(app: Flask, client: FlaskClient, editor: dict[str, str]) -> None:
    app.before_request(lambda: pytest.fail("the application was asked"))
    client.post("/api/v1/events", json=builders.meeting(), headers=editor)
    app.before_request_funcs.clear()
