"""What a writer sends, turned into drafts: the envelope judged here, the content by the rules of its type.

The HTTP interface and `depositary import` share it, so a line of a file is judged as a request is.
"""

from __future__ import annotations

import re
import secrets
import time
import uuid
from collections.abc import Mapping
from typing import Any

import marshmallow as ma
import orjson
from marshmallow import fields

from events import content, quick
from events.clock import parse_instant
from events.content import LARGEST_EVENT
from events.drafts import Draft
from events.errors import Fault
from events.fields import MESSAGES, Checked, Strict, Whole
from events.kinds.record import UUID, EventId
from events.types import KINDS, TYPES, kind_of

STREAM = re.compile(r"[a-z]+:[a-z0-9][a-z0-9._-]{0,119}")
CONTENT = ("occurred_on", "title", "data", "sources", "note")
SERVER = ("version", "position", "recorded_by", "schema_version", "earliest", "latest")


class Type(Checked):
    """The type of an event: `<kind>.<act>`."""

    def check(self, value: Any) -> str:
        """Return the type when the log knows it."""
        if not isinstance(value, str):
            raise ValueError('This must be the type of an event as text, such as "meeting.held".')
        if value in TYPES:
            return value
        kind = KINDS.get(value.partition(".")[0])
        if kind is None:
            raise ValueError(f"Unknown kind. The kinds are: {', '.join(sorted(KINDS))}.")
        raise ValueError(f"Unknown act of the kind {kind.name}. Its acts are: {', '.join(kind.acts)}.")


class StreamName(Checked):
    """The name of a stream."""

    def check(self, value: Any) -> str:
        """Return the name when it has the right form."""
        if not isinstance(value, str) or not STREAM.fullmatch(value):
            raise ValueError(
                'A stream is named by its kind, a colon, and 1 to 120 of a-z, 0-9, ".", "_" and "-", '
                'such as "meeting:ca-kr-2025-10-30".'
            )
        return value


class Instant(Checked):
    """An RFC 3339 instant, as microseconds since 1970."""

    def check(self, value: Any) -> int:
        """Return the instant."""
        if not isinstance(value, str):
            raise ValueError("This must be an instant as text, such as 2025-11-05T12:00:00Z.")
        return parse_instant(value)


class EnvelopeSchema(Strict):
    """One event as its writer sends it. The content is judged by the storage schema of its type."""

    id = EventId(metadata={"format": "uuid", "description": "Idempotency key; made by the server when left out."})
    type = Type(required=True, metadata={"example": "meeting.held"})
    stream = StreamName(metadata={"example": "meeting:ca-kr-2025-10-30"})
    expected_version = Whole(metadata={"description": "How many events the stream holds; 0 = it does not exist."})
    occurred_on = fields.Raw(metadata={"type": "string", "description": "When it happened, in EDTF. Acts only."})
    title = fields.Raw(metadata={"type": "object", "description": '`{"en": …, "fr": …}`. Required for acts.'})
    data = fields.Raw(required=True, metadata={"type": "object"}, error_messages=MESSAGES)
    sources = fields.Raw(metadata={"type": "array", "items": {"type": "object"}})
    note = fields.Raw(metadata={"type": "string"})

    class Meta:
        """Refuse what is not named; let the type's own rules speak of null."""

        unknown = ma.RAISE

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        for name in CONTENT:
            self.fields[name].allow_none = True


class ArchiveSchema(EnvelopeSchema):
    """As `EnvelopeSchema`, with the time an archive recorded it."""

    recorded_at = Instant()


ENVELOPE, ARCHIVE = EnvelopeSchema(), ArchiveSchema()
QUICK = {schema: quick.compiled(schema) for schema in (ENVELOPE, ARCHIVE)}


def draft(raw: Any, index: int, *, archive: bool = False) -> Draft:
    """The draft of one event; its `faults` say what is wrong with it, and it then has no content."""
    size = len(orjson.dumps(raw))
    if size > LARGEST_EVENT:
        detail = f"This event has {size} bytes; at most {LARGEST_EVENT} are allowed. Shorten it."
        return _faulty(raw, index, [Fault(code="too-large", detail=detail, index=index)])
    envelope, faults = _envelope(raw, archive)
    type = envelope.get("type")
    judged = None
    if type is not None and isinstance(raw, Mapping):
        faults += _stream_faults(type, raw, envelope)
        try:
            judged = content.load(type, {name: raw[name] for name in CONTENT if name in raw})
        except content.Invalid as error:
            faults += [fault for fault in error.faults if fault not in faults]
    if faults or judged is None:
        return _faulty(raw, index, faults)
    id = envelope.get("id") or new_id()
    rest: dict[str, Any] = {name: envelope.get(name) for name in ("stream", "expected_version", "recorded_at")}
    return Draft(index=index, id=id, type=envelope["type"], content=judged, **rest)


def _envelope(raw: Any, archive: bool) -> tuple[dict[str, Any], list[Fault]]:
    schema = ARCHIVE if archive else ENVELOPE
    try:
        loaded: dict[str, Any] = quick.load(schema, QUICK[schema], raw)
    except ma.ValidationError as error:
        valid = error.valid_data if isinstance(error.valid_data, dict) else {}
        return valid, content.faults_of(error.normalized_messages())  # type: ignore[no-untyped-call]
    return loaded, []


def _stream_faults(type: str, raw: Mapping[str, Any], envelope: Mapping[str, Any]) -> list[Fault]:
    kind = kind_of(type)
    if kind.family == "record":
        return []
    if "stream" not in raw:
        if kind.life_cycle or kind.family == "edition":
            detail = f'An event of the kind {kind.name} must name its stream, such as "{kind.name}:my-name". Add it.'
            return [Fault(code="invalid", pointer="/stream", detail=detail)]
        return []
    if "stream" in envelope and not envelope["stream"].startswith(f"{kind.name}:"):
        detail = f'The stream of this event must begin with "{kind.name}:". Rename it.'
        return [Fault(code="invalid", pointer="/stream", detail=detail)]
    return []


def _faulty(raw: Any, index: int, faults: list[Fault]) -> Draft:
    id, type, stream = (raw.get(name) if isinstance(raw, Mapping) else None for name in ("id", "type", "stream"))
    known = id.lower() if isinstance(id, str) and UUID.fullmatch(id) else new_id()
    named = stream if isinstance(stream, str) and STREAM.fullmatch(stream) else None
    standing = type if isinstance(type, str) and type in TYPES else "record.corrected"
    return Draft(index=index, id=known, type=standing, stream=named, faults=tuple(faults))


def new_id() -> str:
    """A UUID of version 7 (RFC 9562, section 5.7): milliseconds since 1970, then random bits."""
    value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 7 << 76
    return str(uuid.UUID(int=value & ~(0x3 << 62) | 0x2 << 62))
