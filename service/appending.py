"""A short way in for appends that are right, which under load nearly all are: past the framework, with the same answer.

It takes what is plainly sound: a token that may write, JSON, drafts without a fault, accepted by the log. Whatever else
comes goes on to the application, which tells what is wrong. `tests/test_appending.py` holds the two together.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterable
from typing import Any, Protocol
from wsgiref.types import StartResponse, WSGIEnvironment

from sqlalchemy.exc import SQLAlchemyError

from events.committer import Answers
from events.errors import Refused
from service import bodies, tokens
from service.api.events import BATCH, FAILED, answered
from service.context import Context
from service.envelope import draft
from service.observing import a_request_id
from service.tokens import Token

PATH = "/api/v1/events"
LARGEST = 4 * 1024 * 1024
OTHERWISE = ("HTTP_IF_MATCH", "HTTP_CONTENT_ENCODING", "HTTP_TRANSFER_ENCODING", "HTTP_ORIGIN", "QUERY_STRING")
ACCEPTED = (None, "", "*/*", "application/json")


class Application(Protocol):
    """A WSGI application."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""


class QuickAppend:
    """The application, with the short way before it."""

    def __init__(self, application: Application, here: Context) -> None:
        self._application, self._here = application, here

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        if environ["REQUEST_METHOD"] != "POST" or environ["PATH_INFO"] != PATH or not _plain(environ):
            return self._application(environ, start_response)
        began, body = time.perf_counter(), environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        try:
            answers = self._append(environ, body)
        except Exception as error:
            environ[FAILED], answers = error, None
        if answers is None:
            environ["wsgi.input"] = io.BytesIO(body)
            return self._application(environ, start_response)
        return self._answer(environ, start_response, answers, began)

    def _append(self, environ: WSGIEnvironment, body: bytes) -> Answers | None:
        """The answers of the log; None for what is not taken or not plainly sound. Raises what the log raises."""
        token = self._token(environ["HTTP_AUTHORIZATION"])
        raws = _raws(body) if token and token.may_write() else None
        drafts = [draft(raw, index) for index, raw in enumerate(raws or ())]
        if not token or not drafts or any(one.faults for one in drafts):
            return None
        try:
            return self._here.committer.append(drafts, author=token.name)
        except Refused:
            return None

    def _token(self, header: str) -> Token | None:
        """The good token that a header shows."""
        scheme, _, secret = header.partition(" ")
        here, shown = self._here, secret.strip()
        if scheme.lower() != "bearer" or not shown:
            return None

        def look_up() -> Token | None:
            with here.database.read() as connection:
                return tokens.find(connection, shown)

        try:
            token = here.recent.get(shown, look_up)
        except SQLAlchemyError:
            return None
        return token if token and token.valid(here.clock()) else None

    def _answer(
        self, environ: WSGIEnvironment, start_response: StartResponse, answers: Answers, began: float
    ) -> list[bytes]:
        status, body, headers = answered(answers)
        spent = time.perf_counter() - began
        self._here.metrics.answered("POST", PATH, status, spent)
        public = self._here.settings.public_read
        headers |= {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "strict-origin-when-cross-origin",
            "Vary": "Accept" if public else "Authorization, Accept",
            "X-Request-Id": a_request_id(environ.get("HTTP_X_REQUEST_ID", "")),
            "Server-Timing": f"db;dur=0.0, total;dur={spent * 1000:.1f}",
        }
        start_response("201 CREATED" if status == 201 else "200 OK", list(headers.items()))
        return [body]


def _plain(environ: WSGIEnvironment) -> bool:
    """Whether a request has nothing that only the application knows how to take."""
    length = environ.get("CONTENT_LENGTH") or ""
    return (
        environ.get("CONTENT_TYPE") == "application/json"
        and "HTTP_AUTHORIZATION" in environ
        and length.isdigit()
        and 0 < int(length) <= LARGEST
        and environ.get("HTTP_ACCEPT") in ACCEPTED
        and not any(environ.get(name) for name in OTHERWISE)
    )


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
