"""A short way in for appends that are right, which under load nearly all are: past the framework, with the same answer.

It takes what is plainly sound: a token that may write, JSON, drafts without a fault, accepted by the log. Whatever else
comes goes on to the application, which tells what is wrong. `tests/test_appending.py` holds the two together.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol
from wsgiref.types import StartResponse, WSGIEnvironment

from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import ClientDisconnected

from events.committer import Answers
from events.drafts import Draft
from events.errors import Refused
from service import bodies, tokens
from service.api.events import BATCH, FAILED, answered
from service.context import Context
from service.envelope import draft
from service.observing import a_request_id
from service.tokens import Token

SHORT = "depositary.short"
"""Whether there are short ways past the application; where its work is traced, there are none."""

PATH = "/api/v1/events"
LARGEST = 4 * 1024 * 1024
OTHERWISE = ("HTTP_IF_MATCH", "HTTP_CONTENT_ENCODING", "HTTP_TRANSFER_ENCODING", "HTTP_ORIGIN", "QUERY_STRING")
ACCEPTED = (None, "", "*/*", "application/json")


class Application(Protocol):
    """A WSGI application."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""


class Answered(NamedTuple):
    """An answer in full."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class QuickAppend:
    """The application, with the short way before it."""

    def __init__(self, application: Application, here: Context) -> None:
        self._application, self._here = application, here

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        if FAILED in environ or not plain(environ, LARGEST):
            return self._application(environ, start_response)
        began, token = time.perf_counter(), self._token(environ)
        if not token:
            return self._application(environ, start_response)
        body = b""
        try:
            body = _read(environ)
            answers = self._append(body, token)
        except Exception as error:
            environ[FAILED], answers = error, None
        if answers is None:
            environ["wsgi.input"] = io.BytesIO(body)
            return self._application(environ, start_response)
        status, headers, content = shown(self._here, environ, answers, began)
        start_response("201 CREATED" if status == 201 else "200 OK", headers)
        return [content]

    def _token(self, environ: WSGIEnvironment) -> Token | None:
        """The token that is shown, before anything is read for it."""
        here, secret = self._here, bearer(environ)
        try:
            return here.recent.get(secret, lambda: look_up(here, secret)) if secret else None
        except SQLAlchemyError:
            return None

    def _append(self, body: bytes, token: Token) -> Answers | None:
        """The answers of the log; None for what is not taken or not plainly sound. Raises what the log raises."""
        drafts = sound(body, token, self._here)
        if not drafts:
            return None
        try:
            return self._here.committer.append(drafts, author=token.name)
        except Refused:
            return None


def plain(environ: Mapping[str, Any], largest: int) -> bool:
    """Whether this is an append that has nothing that only the application knows how to take."""
    length = environ.get("CONTENT_LENGTH") or ""
    return (
        environ["REQUEST_METHOD"] == "POST"
        and environ["PATH_INFO"] == PATH
        and environ.get("CONTENT_TYPE") == "application/json"
        and "HTTP_AUTHORIZATION" in environ
        and length.isdigit()
        and 0 < int(length) <= largest
        and environ.get("HTTP_ACCEPT") in ACCEPTED
        and not any(environ.get(name) for name in OTHERWISE)
    )


def bearer(environ: Mapping[str, Any]) -> str:
    """The secret that a request shows; empty without one."""
    scheme, _, secret = environ["HTTP_AUTHORIZATION"].partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def look_up(here: Context, secret: str) -> Token | None:
    """The token with a secret, as the database has it."""
    with here.database.read() as connection:
        return tokens.find(connection, secret)


def sound(body: bytes, token: Token | None, here: Context) -> Sequence[Draft] | None:
    """The drafts of a body, where the token may write and none has a fault."""
    if not token or not token.valid(here.clock()) or not token.may_write():
        return None
    drafts = [draft(raw, index) for index, raw in enumerate(_raws(body) or ())]
    return None if any(one.faults for one in drafts) else drafts


def shown(here: Context, environ: Mapping[str, Any], answers: Answers, began: float) -> Answered:
    """What is said of an append that the log took; `began` is when it came, by the performance counter."""
    status, body, headers = answered(answers)
    spent = time.perf_counter() - began
    here.metrics.answered("POST", PATH, status, spent)
    headers |= {
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Vary": "Accept" if here.settings.public_read else "Authorization, Accept",
        "X-Request-Id": a_request_id(environ.get("HTTP_X_REQUEST_ID", "")),
        "Server-Timing": f"db;dur=0.0, total;dur={spent * 1000:.1f}",
    }
    return Answered(status, list(headers.items()), body)


def _read(environ: WSGIEnvironment) -> bytes:
    try:
        return bytes(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    except OSError:
        raise ClientDisconnected("The body stopped before its end. Send it again.") from None


def _raws(body: bytes) -> list[Any] | None:
    """The raw events of a body; None for one that is not read as any."""
    try:
        value = bodies.parse(body)
    except bodies.Unparseable:
        return None
    if not isinstance(value, dict) or "events" not in value:
        return [value]
    raws = value["events"]
    return raws if len(value) == 1 and isinstance(raws, list) and 0 < len(raws) <= BATCH else None
