"""Importing on a page: a file is tried first, told line by line what is wrong, and appended when that is confirmed."""

from __future__ import annotations

import io
import re
import time
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from events import store
from tests import builders
from tests.forms import HTML, filled, open_form, signed_in

GOOD = (
    b"type,occurred_on,title.en,parties,mode\n"
    b"meeting.held,2025-11-29,<b>One</b>,CA;GB,phone\n"
    b"meeting.held,2025-11-30,Two,CA;JP,video\n"
)
BAD = GOOD.replace(b"GB", b"UK").replace(b"video", b"telex")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep uploads in a folder of the test."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


@pytest.fixture
def writer(app: Flask) -> FlaskClient:
    return signed_in(app, name="newsroom")


def upload(client: FlaskClient, content: bytes, name: str = "events.csv", **more: str) -> TestResponse:
    fields = {**open_form(client, "/en/import"), **more, "file": (io.BytesIO(content), name)}
    return client.post("/en/import", data=fields, headers=HTML)


def settled(client: FlaskClient, path: str) -> TestResponse:
    """The page of an import once nothing is being done."""
    end = time.monotonic() + 20
    while client.get(f"{path}/progress").json["running"]:
        assert time.monotonic() < end
        time.sleep(0.02)
    return client.get(path, headers=HTML)


def tried(client: FlaskClient, content: bytes, name: str = "events.csv") -> tuple[str, TestResponse]:
    path = upload(client, content, name).headers["Location"]
    return path, settled(client, path)


def confirm(client: FlaskClient, path: str, page: TestResponse) -> TestResponse:
    for _click in range(2):
        answer = client.post(path, data={**filled(page).values, "do": "append"}, headers=HTML)
        assert answer.status_code == 303
    return settled(client, path)


def head(app: Flask) -> int:
    with app.extensions["depositary"].database.read() as connection:
        return store.head(connection).position


def test_a_file_is_tried_then_appended_in_the_name_of_the_token(app: Flask, writer: FlaskClient) -> None:
    path, page = tried(writer, GOOD)
    assert "2 events would be appended." in page.text
    assert head(app) == 0
    assert "2 events were appended." in confirm(writer, path, page).text
    with app.extensions["depositary"].database.read() as connection:
        assert {event.recorded_by for event in store.read(connection)} == {"newsroom"}


def test_errors_are_told_by_line_and_field_and_nothing_can_be_appended(app: Flask, writer: FlaskClient) -> None:
    path, page = tried(writer, BAD)
    assert "2 errors." in page.text
    assert '<th scope="row">2</th><td>Parties 2</td><td>UK is not the code' in page.text
    assert '<th scope="row">3</th><td>How they met</td>' in page.text
    assert 'value="append"' not in page.text
    confirm(writer, path, page)
    assert head(app) == 0


def test_json_lines_are_taken_as_well_and_hostile_text_is_shown_as_text(app: Flask, writer: FlaskClient) -> None:
    path, page = tried(writer, b'{"type": "<script>"}\nnonsense\n', "<script>.jsonl")
    assert page.status_code == 200
    assert "<script>." not in page.text
    assert "&lt;script&gt;.jsonl" in page.text
    path, page = tried(writer, builders.SAMPLE.read_bytes(), "sample.jsonl")
    assert "295 events were appended." in confirm(writer, path, page).text
    assert head(app) == 295


def test_the_same_file_again_appends_nothing(app: Flask, writer: FlaskClient) -> None:
    path, page = tried(writer, GOOD)
    confirm(writer, path, page)
    _path, page = tried(writer, GOOD)
    assert "2 are in the record already." in page.text
    assert 'value="append"' not in page.text


def test_an_import_is_seen_by_its_own_session_alone(app: Flask, writer: FlaskClient) -> None:
    path, _page = tried(writer, GOOD)
    assert signed_in(app).get(path).status_code == 404
    assert app.test_client().get(path).status_code == 303
    assert writer.get("/en/import/..%2Fsecret").status_code == 404


def test_without_the_forms_secret_nothing_is_taken_or_appended(app: Flask, writer: FlaskClient) -> None:
    assert upload(writer, GOOD, csrf="").status_code == 403
    path, _page = tried(writer, GOOD)
    assert writer.post(path, data={"do": "append"}, headers=HTML).status_code == 403
    assert head(app) == 0


def test_the_file_is_gone_when_it_is_appended_refused_or_thrown_away(writer: FlaskClient, tmp_path: Path) -> None:
    path, page = tried(writer, GOOD)
    confirm(writer, path, page)
    tried(writer, BAD)
    path, page = tried(writer, GOOD.replace(b"Two", b"Three"))
    writer.post(path, data={**filled(page).values, "do": "forget"})
    assert list(tmp_path.rglob("file")) == []
    assert writer.get(path).status_code == 404


def test_an_import_whose_process_ended_is_gone_on_with(writer: FlaskClient, tmp_path: Path) -> None:
    path, page = tried(writer, GOOD)
    (state,) = tmp_path.rglob("state.json")
    state.write_text(re.sub('"at":[0-9.]+', '"at":1', state.read_text().replace('"checked"', '"appending"')))
    page = writer.get(path, headers=HTML)
    assert "Nothing was heard of it" in page.text
    assert "2 events were appended." in confirm(writer, path, page).text


def test_no_file_at_all_and_one_too_large_are_said_at_the_field(app: Flask, writer: FlaskClient) -> None:
    assert upload(writer, b"", "").status_code == 422
    app.config["MAX_CONTENT_LENGTH"] = 1_000
    answer = upload(writer, GOOD * 10)
    assert (answer.status_code, "larger than 64 MiB" in answer.text) == (413, True)
