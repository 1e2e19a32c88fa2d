"""Forms as a browser without JavaScript fills them in and sends them."""

from __future__ import annotations

import re
import uuid
from html.parser import HTMLParser

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from events.clock import now
from service import tokens

HTML = {"Accept": "text/html"}


class Filled(HTMLParser):
    """What the fields of a page's last form hold, and its buttons."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.ids: set[str] = set()
        self.invalid: set[str] = set()
        self.links: list[str] = []
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name, kind = given.get("name", ""), given.get("type")
        self.ids |= {given["id"]} if "id" in given else set()
        self.invalid |= {name} if "aria-invalid" in given else set()
        self.links += [given["href"]] if tag == "a" else []
        if (tag == "input" and kind not in ("checkbox", "radio")) or "checked" in given:
            self.values[name] = given.get("value", "")
        elif tag in ("textarea", "select"):
            self._inside = name
            self.values[name] = ""
        elif tag == "option" and "selected" in given and self._inside:
            self.values[self._inside] = given["value"]

    def handle_endtag(self, tag: str) -> None:
        if tag in ("textarea", "select"):
            self.values[self._inside] = self.values[self._inside].removeprefix("\n")
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside and self.lasttag == "textarea":
            self.values[self._inside] += data


def filled(answer: TestResponse) -> Filled:
    """The form of an answer."""
    return Filled(answer.text)


def open_form(client: FlaskClient, path: str) -> dict[str, str]:
    """The fields of the form at an address."""
    answer = client.get(path, headers=HTML)
    assert answer.status_code == 200, (path, answer.status_code, answer.text[:500])
    return filled(answer).values


def send(client: FlaskClient, path: str, fields: dict[str, str]) -> TestResponse:
    """Send a form."""
    return client.post(path, data=fields, headers=HTML)


def previewed(client: FlaskClient, path: str, fields: dict[str, str], **more: str) -> dict[str, str]:
    """The fields of a form once it was previewed without fault, ready to be saved."""
    answer = send(client, path, {**fields, **more, "do": "preview"})
    assert answer.status_code == 200, answer.text
    assert re.search('value="save"', answer.text)
    return {**filled(answer).values, "do": "save"}


def new_token(app: Flask, role: str = "editor", name: str | None = None) -> tuple[str, str]:
    """The name and secret of a new token."""
    name = name or f"{role}-{uuid.uuid4().hex[:8]}"
    with app.extensions["depositary"].database.write() as connection:
        return name, tokens.create(connection, name, role, now())


def signed_in(app: Flask, role: str = "editor", name: str | None = None) -> FlaskClient:
    """A browser that is signed in."""
    client, (_name, secret) = app.test_client(), new_token(app, role, name)
    fields = open_form(client, "/en/sign-in")
    assert send(client, "/en/sign-in", {**fields, "token": secret}).status_code == 303
    return client
