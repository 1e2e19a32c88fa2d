"""The log over HTTP: append events, page through the log, read one event or one stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Response, request, stream_with_context
from sqlalchemy import Connection
from werkzeug.exceptions import RequestEntityTooLarge

from events import store
from events.committer import Answers
from events.decide import Answer
from events.errors import Refused, UnknownEvent
from events.fields import Text
from events.standbys import Behind, Source
from events.types import Event, instant_text
from service import bodies, cursors
from service.access import require
from service.api.blueprint import blueprint, fails, plain
from service.api.shapes import AppendedListShape, EventPageShape, EventShape, StreamShape
from service.context import context
from service.envelope import STREAM, EnvelopeSchema, StreamName, Type, draft
from service.negotiation import accepted_types
from service.problems import Refusal, of_faults
from service.query import KnownQuery, Number, asked
from service.reading import conditional, read_log, resolve, tagged

BATCH = 5_000
FAILED = "depositary.failed"
"""Where in a request's environment it stands why the log did not answer the short way in (`service.appending`)."""

NDJSON = "application/x-ndjson"

blp = blueprint("events", "The append-only log.")


class LogQuery(KnownQuery):
    """Which part of the log."""

    after = Number(load_default=0)
    limit = Number(1, 500, load_default=100)
    type = Type()
    stream = StreamName()
    cursor = Text()


@blp.route("/events", methods=["POST"])
@plain(blp)
@blp.doc(requestBody={"required": True, "content": {"application/json": {"schema": EnvelopeSchema}}})
@blp.response(201, AppendedListShape)
@fails(blp, 400, 401, 403, 409, 412, 413, 415, 422, 503)
def append() -> Response:
    """Append one event, or a batch as a whole.

    The body is one event, or `{"events": [...]}` of 1 to 5,000, or one event a line as `application/x-ndjson`.
    An id already in the log is answered as the first time (200) when the content is the same.
    """
    token = require("editor", "admin")
    if FAILED in request.environ:
        raise request.environ[FAILED]
    raws, batch = _bodies()
    drafts = [draft(raw, index) for index, raw in enumerate(raws)]
    here = context()
    if_match = _if_match()
    try:
        if any(one.faults for one in drafts):
            store.judge(here.database, drafts, now=here.clock(), author=token.name)
        answers = here.committer.append(drafts, author=token.name, if_match=if_match)
    except Refused as refused:
        raise of_faults(refused.faults, batch=batch) from None
    status, body, headers = answered(answers)
    return Response(body, status, mimetype="application/json", headers=headers)


def answered(answers: Answers) -> tuple[int, bytes, dict[str, str]]:
    """Status, body and headers that tell of what was appended."""
    new = any(not answer.repeated for answer in answers)
    body = orjson.dumps({"events": [_shown(answer) for answer in answers]})
    one = answers[0]
    headers = {"ETag": f'"{one.version}"', "Location": f"/api/v1/events/{one.id}"} if len(answers) == 1 else {}
    return 201 if new else 200, body, headers


def _shown(answer: Answer) -> dict[str, Any]:
    shown = {name: getattr(answer, name) for name in ("id", "stream", "version", "position")}
    return shown | {"recorded_at": instant_text(answer.recorded_at)}


def _bodies() -> tuple[list[Any], bool]:
    """The raw events of the request, and whether they came as a batch."""
    if request.mimetype not in ("application/json", NDJSON) or _charset() not in ("", "utf-8", "utf8"):
        detail = "Send application/json, or application/x-ndjson with one event a line, in UTF-8."
        accepted = {"Accept-Post": f"application/json, {NDJSON}"}
        raise Refusal("unsupported-media-type", detail, errors=[{"pointer": "", "detail": detail}], headers=accepted)
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise Refusal("unsupported-media-type", "Send the body uncompressed.", headers={"Accept-Encoding": "identity"})
    body = request.get_data(cache=False)
    if request.content_length is None and len(body) == request.max_content_length:
        raise RequestEntityTooLarge  # what was sent without its length is cut off there
    if request.mimetype == NDJSON:
        raws, batch = _lines(body), True
    else:
        value = _parse(body)
        batch = isinstance(value, Mapping) and "events" in value
        raws = _batch(value) if batch else [value]
    return raws, batch


def _charset() -> str:
    return str(request.mimetype_params.get("charset", "")).lower()


def _batch(value: Mapping[str, Any]) -> list[Any]:
    extra = [name.replace("~", "~0").replace("/", "~1") for name in value if name != "events"]
    if extra:
        raise wrong_body("invalid", "Unknown field beside events. Remove it.", *(f"/{name}" for name in extra))
    events = value["events"]
    if not isinstance(events, list):
        raise wrong_body("invalid", "This must be a JSON array of events.", "/events")
    _check_count(len(events))
    return events


def _lines(body: bytes) -> list[Any]:
    lines = [(number, line) for number, line in enumerate(body.split(b"\n"), 1) if line.strip()]
    _check_count(len(lines))
    return [_parse(line, f"Line {number}: ", f"/events/{nth}") for nth, (number, line) in enumerate(lines)]


def _check_count(count: int) -> None:
    if count == 0:
        raise wrong_body("invalid", "At least one event is needed.", "/events")
    if count > BATCH:
        detail = f"A batch has at most {BATCH} events; this one has {count}. Send several."
        raise wrong_body("too-large", detail, "/events")


def _parse(body: bytes, where: str = "", pointer: str = "") -> Any:
    try:
        return bodies.parse(body)
    except bodies.Unparseable as error:
        raise wrong_body("not-parseable", f"{where}{error}", pointer) from None


def wrong_body(name: str, detail: str, *pointers: str) -> Refusal:
    """The refusal of a body whose outer form is wrong."""
    return Refusal(name, detail, errors=[{"pointer": pointer, "detail": detail} for pointer in pointers])


def _if_match() -> Sequence[int] | None:
    """The versions that If-Match names: none when it is absent; weak and foreign tags match nothing."""
    if "If-Match" not in request.headers:
        return None
    if request.if_match.star_tag:
        return range(1, 2**31)
    tags = [tag for tag in request.if_match.as_set() if tag and tag.isascii() and tag.isdigit() and len(tag) < 10]
    return [int(tag) for tag in tags] or [-1]


@blp.route("/events")
@blp.arguments(LogQuery, location="query", as_kwargs=False)
@blp.response(200, EventPageShape)
@fails(blp, 401, 406, 422)
def page(args: dict[str, Any]) -> Response:
    """Page through the log in position order, or stream it to the head as `application/x-ndjson`."""
    here = context()
    (after,) = cursors.read(args, (int,)) or (args["after"],)
    position = resolve(here, asked(args)).position
    filters: dict[str, Any] = {"type": args.get("type"), "stream": args.get("stream")}
    streamed = accepted_types().best_match(["application/json", NDJSON]) == NDJSON

    def found(connection: Connection) -> tuple[int, int, list[Event]]:
        head = store.head(connection).position
        until = head if position is None else position
        count = 0 if streamed else args["limit"] + 1
        return head, until, store.read(connection, after, count, until=until, **filters) if count else []

    head, until, events = read_log(here, max(args["min_position"], position or 0), args["wait"], found)
    if streamed:
        return Response(stream_with_context(_dump(after, until, filters)), mimetype=NDJSON)
    shown = events[: args["limit"]]
    more = None
    if len(events) > len(shown):
        query: dict[str, Any] = {name: args[name] for name in ("type", "stream", "limit") if name in args}
        as_of = {"as_of": args["as_of"].isoformat()} if "as_of" in args else {}
        query |= {**as_of, "cursor": cursors.make(args, [shown[-1].position]), "at_position": until}
        more = f"/api/v1/events?{urlencode(query)}"
    body = {"events": [event.as_dict() for event in shown], "next": more, "head": head}
    return tagged(orjson.dumps(body), (), final=False)


def _dump(after: int, until: int, filters: dict[str, Any]) -> Iterator[bytes]:
    def found(connection: Connection) -> list[Event]:
        return store.read(connection, after, 200, until=until, **filters)

    while events := read_log(context(), until, 5.0, found):
        after, lines = events[-1].position, b"".join(orjson.dumps(event.as_dict()) + b"\n" for event in events)
        events.clear()  # who reads slowly holds the lines alone
        yield lines


@blp.route("/events/<id>")
@plain(blp)
@blp.response(200, EventShape)
@fails(blp, 401, 404, 406, 422)
def one(id: str) -> Response:
    """One event as stored."""
    try:
        event: Event = context().standbys.read(lambda source: _got(source, id.lower()))
    except UnknownEvent:
        raise Refusal("not-found", f"There is no event {id[:80]} in the log.") from None
    return tagged(orjson.dumps(event.as_dict()), (), final=False)


def _got(source: Source, id: str) -> Event:
    """The event; what a standby does not have, the primary may have by now."""
    with source.database.read() as connection:
        try:
            return store.get(connection, id)
        except UnknownEvent:
            if source.primary:
                raise
            raise Behind(store.head(connection).position) from None


@blp.route("/streams/<stream>")
@plain(blp)
@blp.response(200, StreamShape)
@fails(blp, 401, 404, 406, 422)
def stream(stream: str) -> Response:
    """The events of a stream in version order; the ETag is its version."""
    events: list[Event] = []
    if STREAM.fullmatch(stream):
        events = context().standbys.fresh(lambda source: _events_of(source, stream))
    if not events:
        raise Refusal("not-found", f"There is no stream {stream[:160]}.")
    version = events[-1].version
    body = {"stream": stream, "version": version, "events": [event.as_dict() for event in events]}
    response = Response(orjson.dumps(body), mimetype="application/json")
    response.set_etag(str(version))
    response.headers["Cache-Control"] = "no-cache" if context().settings.public_read else "private, no-cache"
    return conditional(response)


def _events_of(source: Source, stream: str) -> list[Event]:
    with source.database.read() as connection:
        return store.read_stream(connection, stream)
