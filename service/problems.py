"""Errors as RFC 9457 has them, every one: what is wrong, where (JSON pointers, RFC 6901), and what to do.

Each `type` is a page under `/problems/` that explains it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from flask import Response
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from events.errors import Fault
from service.translations import N_


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One kind of problem: its status, title, and the explanation on its page."""

    status: int
    title: str
    about: str


PROBLEMS: Mapping[str, Problem] = {
    "not-parseable": Problem(
        status=400,
        title=N_("The request cannot be parsed"),
        about=N_(
            "The body is not JSON in UTF-8, names a field twice, holds NaN or a lone surrogate, or is nested too "
            "deeply. Nothing was appended. Check how the body is made; any JSON library writes what is accepted here."
        ),
    ),
    "unauthorised": Problem(
        status=401,
        title=N_("A token is needed"),
        about=N_(
            "Send `Authorization: Bearer <token>`. A token is made with `depositary token create NAME --role ROLE`; "
            "it may have expired or have been revoked."
        ),
    ),
    "forbidden": Problem(
        status=403,
        title=N_("The token may not do this"),
        about=N_("Appending needs the role editor or admin; rebuilding a view needs admin."),
    ),
    "not-found": Problem(
        status=404,
        title=N_("There is nothing here"),
        about=N_(
            "No such event, action, stream, party or page. An action can also be unknown as of the chosen date, "
            "or at the chosen state of the record."
        ),
    ),
    "method-not-allowed": Problem(
        status=405,
        title=N_("This method is not allowed here"),
        about=N_("The header `Allow` lists the methods that are."),
    ),
    "not-acceptable": Problem(
        status=406,
        title=N_("No answer in an accepted media type"),
        about=N_(
            "Answers are `application/json`; the log also comes as `application/x-ndjson`, live events as "
            "`text/event-stream`."
        ),
    ),
    "id-reused": Problem(
        status=409,
        title=N_("The id stands for another event"),
        about=N_(
            "An id names one event for ever. The same content under it is answered as the first time; other "
            "content needs an id of its own. To change what an act says, append `record.corrected`."
        ),
    ),
    "version-conflict": Problem(
        status=412,
        title=N_("The stream has moved on"),
        about=N_(
            "`expected_version` or `If-Match` does not hold: someone else appended in between. Read the stream "
            "again, look at what came, and decide anew."
        ),
    ),
    "too-large": Problem(
        status=413,
        title=N_("Too large"),
        about=N_("One event has at most 64 KiB, one batch at most 5,000 events. Send more in several batches."),
    ),
    "unsupported-media-type": Problem(
        status=415,
        title=N_("This media type is not understood"),
        about=N_(
            "Send `application/json`, or `application/x-ndjson` with one event a line, in UTF-8 and uncompressed."
        ),
    ),
    "invalid": Problem(
        status=422,
        title=N_("Understood, but wrong"),
        about=N_("The request breaks rules of its form. Each entry of `errors` names the place and what to do."),
    ),
    "wrong-state": Problem(
        status=422,
        title=N_("The act is not in the state this needs"),
        about=N_("A retracted act cannot be corrected or retracted again; only a retracted act can be reinstated."),
    ),
    "impossible-sequence": Problem(
        status=422,
        title=N_("The acts could not have happened in this order"),
        about=N_(
            "A life cycle begins with its first act, is resumed only while suspended, and ends once. The acts in "
            "conflict are named. Correct or retract one of them first, or in the same batch."
        ),
    ),
    "rate-limited": Problem(
        status=429,
        title=N_("Too many requests"),
        about=N_("Wait as long as `Retry-After` says, or use a token."),
    ),
    "internal": Problem(
        status=500,
        title=N_("Something went wrong here"),
        about=N_("The fault is on this side. It was logged; nothing was half done."),
    ),
    "not-implemented": Problem(
        status=501,
        title=N_("This cannot be made here"),
        about=N_(
            "Either this is not offered in that format, or it needs something that this installation has not: pictures "
            'as PNG come with the extra `png` (`pip install "depositary[png]"`). `detail` says which. The same '
            "picture as SVG needs nothing."
        ),
    ),
    "busy": Problem(
        status=503,
        title=N_("The log cannot be written just now"),
        about=N_("Send the same again after `Retry-After`, with the same ids: nothing is appended twice."),
    ),
    "unavailable": Problem(
        status=503,
        title=N_("The database does not answer"),
        about=N_(
            "It may be restarting. Ask again after `Retry-After`; what was being written can be sent again with the "
            "same ids, and nothing is appended twice."
        ),
    ),
    "projection-behind": Problem(
        status=503,
        title=N_("The view has not got there yet"),
        about=N_("The view does not yet include the asked position. Ask again after `Retry-After`."),
    ),
    "projection-stopped": Problem(
        status=503,
        title=N_("The view has stopped"),
        about=N_("An event cannot be folded into this view; `/readyz` says which. The other views and the log go on."),
    ),
}

STATUSES = {400: "not-parseable", 401: "unauthorised", 403: "forbidden", 404: "not-found", 405: "method-not-allowed"}
STATUSES |= {406: "not-acceptable", 412: "version-conflict", 413: "too-large", 415: "unsupported-media-type"}
STATUSES |= {422: "invalid", 429: "rate-limited", 500: "internal", 501: "not-implemented", 503: "busy"}

RANK = ("too-large", "id-reused", "invalid", "version-conflict", "wrong-state", "impossible-sequence")
"""Which fault names the whole problem when there are several: the first of these."""


class Refusal(Exception):
    """What a request is answered with when it cannot be done."""

    def __init__(
        self,
        name: str,
        detail: str,
        *,
        errors: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
        **facts: Any,
    ) -> None:
        super().__init__(detail)
        self.name, self.detail, self.errors, self.facts = name, detail, list(errors), facts
        self.headers = dict(headers or {})

    @property
    def problem(self) -> Problem:
        """Its kind."""
        return PROBLEMS[self.name]

    def body(self) -> dict[str, Any]:
        """The members of the problem document."""
        body = {"type": f"/problems/{self.name}", "title": self.problem.title, "status": self.problem.status}
        body |= {"detail": self.detail, **self.facts}
        return body | ({"errors": self.errors} if self.errors else {})

    def response(self) -> Response:
        """The answer as `application/problem+json`."""
        answer = Response(orjson.dumps(self.body()), self.problem.status, mimetype="application/problem+json")
        answer.headers.update({"Cache-Control": "no-store", **self.headers})
        return answer


def of_faults(faults: Sequence[Fault], *, batch: bool) -> Refusal:
    """The refusal of a batch: every fault with its pointer, the gravest naming the whole."""
    name = min((fault.code for fault in faults), key=RANK.index)
    errors = [
        {
            "pointer": (f"/events/{fault.index}" if batch else "") + fault.pointer,
            "detail": fault.detail,
            "code": fault.code,
            **fault.facts,
        }
        for fault in faults
    ]
    first = next(fault for fault in faults if fault.code == name)
    facts = dict(first.facts) if name in ("version-conflict", "impossible-sequence", "id-reused") else {}
    more = f" ({len(faults)} errors in all; see errors.)" if len(faults) > 1 else ""
    return Refusal(name, first.detail + more, errors=errors, **facts)


def of_http(error: HTTPException) -> Refusal:
    """The refusal for an error that Flask raised."""
    name = STATUSES.get(error.code or 500, "invalid" if 400 <= (error.code or 500) < 500 else "internal")
    headers = {"Allow": ", ".join(sorted(error.valid_methods or ()))} if isinstance(error, MethodNotAllowed) else {}
    return Refusal(name, DETAILS.get(name) or error.description or PROBLEMS[name].about, headers=headers)


DETAILS = {
    "not-found": N_("There is nothing at this address."),
    "method-not-allowed": N_("This address does not take this method; the header Allow lists those it does."),
    "too-large": N_("The body is too large. Send it in several batches."),
    "internal": N_("Something went wrong on this side, and was logged."),
}


def wrong_query(errors: Mapping[str, str]) -> Refusal:
    """The refusal of query parameters: a sentence for each."""
    listed = [{"pointer": f"/{name}", "parameter": name, "detail": detail} for name, detail in errors.items()]
    name, detail = next(iter(errors.items()))
    return Refusal("invalid", f"{name}: {detail}", errors=listed)
