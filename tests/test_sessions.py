"""Signing in with a token: what a session is good for, what it is not, and when it ends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from events.clock import now
from service import tokens
from service.app import create_app
from service.settings import Settings
from tests import builders
from tests.forms import HTML, filled, new_token, open_form, send, signed_in

PATH = "/en/sign-in"


@pytest.fixture
def private(url: str) -> Iterator[Flask]:
    """A record that only those with a token may read."""
    made = create_app(Settings(database_url=url, home="CA", public_read=False))
    builders.catch_up(made.extensions["depositary"].database)
    yield made
    made.extensions["depositary"].close()


def enter(client: FlaskClient, secret: str, following: str = "") -> tuple[int, str]:
    fields = open_form(client, PATH)
    answer = send(client, PATH, {**fields, "token": secret, "next": following})
    return answer.status_code, answer.headers.get("Location", answer.text)


def test_a_good_token_signs_in_and_leads_on(app: Flask, client: FlaskClient) -> None:
    name, secret = new_token(app)
    assert enter(client, secret, "/en/write") == (303, "/en/write")
    page = client.get("/en/write", headers=HTML)
    assert name in page.text
    assert "Sign out" in page.text


def test_the_cookie_holds_the_name_and_not_the_secret_and_is_kept_from_scripts(app: Flask, client: FlaskClient) -> None:
    _name, secret = new_token(app)
    fields = open_form(client, PATH)
    cookie = send(client, PATH, {**fields, "token": secret}).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    with client.session_transaction() as session:
        assert secret not in str(dict(session))


def test_over_https_the_cookie_is_for_https_alone(app: Flask, client: FlaskClient) -> None:
    assert "Secure" in client.get(PATH, base_url="https://localhost").headers["Set-Cookie"]


def test_the_secret_is_not_in_the_form_that_comes_back(client: FlaskClient) -> None:
    status, text = enter(client, "dep_mistyped")
    assert status == 401
    assert "dep_mistyped" not in text


def test_every_token_that_is_not_good_is_answered_with_the_same_sentence(app: Flask, client: FlaskClient) -> None:
    name, revoked = new_token(app)
    with app.extensions["depositary"].database.write() as connection:
        tokens.revoke(connection, name, now())
        expired = tokens.create(connection, "expired", "editor", now() - 2 * 86_400_000_000, days=1)
    for secret in (revoked, expired, "dep_unknown", ""):
        status, text = enter(client, secret)
        assert (status, "not known, has expired or was revoked" in text) == (401, True)


def test_guessing_is_slowed(client: FlaskClient) -> None:
    assert [enter(client, "dep_guess")[0] for _ in range(11)] == [401] * 10 + [429]


def test_signing_in_without_the_forms_secret_is_refused(app: Flask, client: FlaskClient) -> None:
    _name, secret = new_token(app)
    assert send(client, PATH, {"token": secret}).status_code == 403
    assert client.get("/en/write").status_code == 303


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil.example", "evil", "javascript:x"],
)
def test_signing_in_never_leads_to_another_site(app: Flask, client: FlaskClient, address: str) -> None:
    assert enter(client, new_token(app)[1], address) == (303, "/en/")


def test_signing_out_ends_the_session(app: Flask) -> None:
    client = signed_in(app)
    assert send(client, "/en/sign-out", {}).status_code == 303
    assert client.get("/en/write").status_code == 200
    fields = open_form(client, "/en/write")
    assert send(client, "/en/sign-out", fields).status_code == 303
    assert client.get("/en/write").headers["Location"] == "/en/sign-in?next=/en/write"


def test_a_token_revoked_in_the_middle_of_a_session_is_signed_out_at_once(app: Flask) -> None:
    client = signed_in(app, name="newsroom")
    with app.extensions["depositary"].database.write() as connection:
        tokens.revoke(connection, "newsroom", now())
    assert client.get("/en/write").status_code == 303
    assert "newsroom" not in client.get(PATH).text


def test_a_session_reads_a_private_record_but_never_writes_over_the_interface(private: Flask) -> None:
    assert private.test_client().get("/en/", headers=HTML).status_code == 401
    client = signed_in(private)
    assert client.get("/en/", headers=HTML).status_code == 200
    assert client.get("/api/v1/timeline").status_code == 200
    assert client.post("/api/v1/events", json=builders.meeting()).status_code == 401


def test_what_was_typed_into_a_private_record_outlives_the_session(private: Flask) -> None:
    client, path = signed_in(private, name="newsroom"), "/en/write/meeting.held"
    fields = open_form(client, path) | {"title.en": 'They "meet"', "note": "one\ntwo"}
    with private.extensions["depositary"].database.write() as connection:
        tokens.revoke(connection, "newsroom", now())
    answer = send(client, path, fields)
    kept = filled(answer).values
    assert answer.status_code == 401
    assert {name: kept[name] for name in ("title.en", "note")} == {"title.en": 'They "meet"', "note": "one\ntwo"}
    assert "csrf" not in kept
    again = filled(send(signed_in(private), path, kept)).values
    assert (again["title.en"], again["note"]) == ('They "meet"', "one\ntwo")


def test_a_session_does_not_write_over_the_interface_of_a_public_record_either(app: Flask) -> None:
    assert signed_in(app).post("/api/v1/events", json=builders.meeting()).status_code == 401


def test_pages_of_who_is_signed_in_are_kept_from_shared_caches(sample_app: Flask) -> None:
    answer = signed_in(sample_app).get("/en/")
    assert "private" in answer.headers["Cache-Control"]
    assert "public" not in answer.headers["Cache-Control"]
    assert "Cookie" in answer.headers["Vary"]
    assert "Cookie" in sample_app.test_client().get("/en/").headers["Vary"]


def test_reading_leaves_no_cookie(sample_app: Flask) -> None:
    client = sample_app.test_client()
    for path in ("/en/", "/api/v1/timeline", "/static/style.css", "/api/docs"):
        assert "Set-Cookie" not in client.get(path).headers
    assert "Cookie" not in client.get("/api/v1/timeline").headers.get("Vary", "")


def test_a_reader_is_told_that_the_token_may_not_write(app: Flask) -> None:
    client = signed_in(app, "reader", "archive")
    answer = client.get("/en/write", headers=HTML)
    assert answer.status_code == 403
    assert "You are signed in as archive." in answer.text
    assert "This token may read, but not write." in answer.text
    assert "/en/write" not in filled(client.get(PATH)).links


def test_a_token_is_looked_up_again_once_it_is_revoked_or_a_moment_has_passed(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, (name, secret) = app.test_client(), new_token(app)
    headers = {"Authorization": f"Bearer {secret}"}
    assert client.post("/api/v1/events", json=builders.meeting(), headers=headers).status_code == 201
    with app.extensions["depositary"].database.write() as connection:
        tokens.revoke(connection, name, now())
    assert client.post("/api/v1/events", json=builders.meeting(), headers=headers).status_code == 401


def test_a_token_is_not_looked_up_for_every_request() -> None:
    asked: list[str] = []
    token = tokens.Token(name="x", role="editor", created_at=0, expires_at=None, revoked_at=None)

    def look_up() -> tokens.Token:
        asked.append("x")
        return token

    recent = tokens.Recent()
    assert [recent.get("secret", look_up) for _ in range(50)] == [token] * 50
    assert recent.get("other", lambda: None) is None
    assert len(asked) == 1
