"""What goes around every answer: accepted media types, CORS, security headers, and errors as JSON or as a page."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import unquote_to_bytes

from flask import Flask, Response, g, render_template, request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.datastructures import MIMEAccept
from werkzeug.exceptions import HTTPException

from events.content import faults_of
from events.database import is_away, is_busy
from events.errors import Busy
from events.standbys import Behind
from service.access import OPEN, limit_forms
from service.context import context
from service.problems import Refusal, wrong_query

LOG = logging.getLogger("depositary")
JSON = "application/json"
OTHERS = {"/api/v1/events": (JSON, "application/x-ndjson"), "/api/v1/events/live": ("text/event-stream",)}
"""The calls that answer with something else than JSON alone."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors "
)


def install(app: Flask) -> None:
    """Judge `Accept` before a call, and dress every answer after it."""
    app.before_request(check_query)
    app.before_request(check_accept)
    app.after_request(dress)


def check_query() -> None:
    """Refuse a query that is not UTF-8, which would be searched as something else."""
    for pair in request.query_string.split(b"&"):
        name, _, value = pair.partition(b"=")
        try:
            unquote_to_bytes(name).decode()
            unquote_to_bytes(value).decode()
        except UnicodeDecodeError:
            shown = unquote_to_bytes(name).decode(errors="replace")[:80]
            raise wrong_query({shown: "This is not UTF-8. Percent-encode the text as UTF-8."}) from None


def check_accept() -> None:
    """Refuse what accepts none of the media types that the call answers with."""
    if request.routing_exception is not None or not request.path.startswith("/api/v1/"):
        return
    accepted, offered = accepted_types(), OTHERS.get(request.path, (JSON,))
    if accepted and not accepted.best_match(offered):
        raise Refusal("not-acceptable", f"Answers here are {' or '.join(offered)}. Accept that, or */*.")


def accepted_types() -> MIMEAccept:
    """What `Accept` names, without parameters such as a charset: there is one form of each type here."""
    return MIMEAccept([(each.partition(";")[0].strip(), quality) for each, quality in request.accept_mimetypes])


def dress(response: Response) -> Response:
    """Add the headers every answer carries."""
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
    if response.mimetype == "text/html":
        response.headers["Content-Security-Policy"] = POLICY + ("*" if g.get("framed") else "'self'")
    if not context().settings.public_read:
        response.vary.add("Authorization")
    if request.path.startswith("/api/"):
        response.vary.add("Accept")
        if context().settings.public_read and request.method in ("GET", "HEAD", "OPTIONS"):
            response.headers["Access-Control-Allow-Origin"] = "*"
            response.headers["Access-Control-Expose-Headers"] = "ETag, Retry-After"
            if request.method == "OPTIONS":
                response.headers["Access-Control-Allow-Methods"] = "GET, HEAD"
                response.headers["Access-Control-Allow-Headers"] = "Accept, If-None-Match, Last-Event-ID"
    return response


def shown(refusal: Refusal, cause: Any = None) -> Response:
    """An error as a problem document, or as a page where a page was asked for."""
    messages = getattr(cause, "data", None)
    if isinstance(messages, dict) and "messages" in messages:
        refusal = of_messages(messages["messages"])
    wants_page = not request.path.startswith(("/api/", *OPEN[:2])) and request.accept_mimetypes.accept_html
    if not wants_page:
        return refusal.response()
    g.language = "fr" if request.path.startswith("/fr/") else "en"
    page = render_template("problem.html", refusal=refusal, typed=_typed() if refusal.problem.status == 401 else [])
    headers = {"Cache-Control": "no-store", **refusal.headers}
    return Response(page, refusal.problem.status, mimetype="text/html", headers=headers)


def _typed() -> list[tuple[str, str]]:
    """What a form held that comes from somebody who is not signed in any more, to be sent again."""
    if request.method != "POST" or request.path.endswith(("/sign-in", "/sign-out")):
        return []
    limit_forms()
    try:
        return [(name, value) for name, value in request.form.items(multi=True) if name != "csrf"]
    except HTTPException:
        return []


def of_messages(messages: dict[str, Any]) -> Refusal:
    """The refusal for parameters that a schema refused."""
    query = messages.get("query", messages)
    return wrong_query({fault.pointer.strip("/"): fault.detail for fault in faults_of(query)})


def expected(error: Exception) -> Refusal | None:
    """The refusal for an error that has an answer; None for one that has not."""
    if isinstance(error, Behind):
        return Refusal("projection-behind", str(error), headers={"Retry-After": "1"}, position=error.position)
    if isinstance(error, Busy):
        return Refusal("busy", str(error), headers={"Retry-After": "1"})
    if isinstance(error, PoolTimeout) or (isinstance(error, DBAPIError) and is_busy(error)):
        return Refusal("busy", "The database is occupied. Try again shortly.", headers={"Retry-After": "1"})
    if isinstance(error, DBAPIError) and is_away(error):
        LOG.warning("the database does not answer: %s", str(error.orig).strip().partition("\n")[0])
        detail = "The database does not answer just now. Try again shortly."
        return Refusal("unavailable", detail, headers={"Retry-After": "2"})
    return None
