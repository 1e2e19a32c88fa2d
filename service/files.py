"""Files of events, line by line: JSON lines or CSV, each turned into a draft that names its line when it is wrong."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import IO, Any, Literal

from events import canonical
from events.drafts import Draft
from events.errors import Fault
from service import bodies, csv_form
from service.envelope import SERVER, draft

Form = Literal["jsonl", "csv"]
NAMESPACE = uuid.UUID("5d3c1d7a-6a38-5f0e-9c55-0f6f0d1b7c11")
"""The namespace of the ids that lines without one are given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One event of a file: the number of its line, how many bytes were read so far, and its draft."""

    number: int
    read: int
    draft: Draft


@dataclass(kw_only=True)
class _Seen:
    """How often each content without id has come in this file."""

    contents: Counter[bytes] = field(default_factory=Counter)


def form_of(name: str, start: bytes) -> Form:
    """The form of a file, by its name, else by how it starts."""
    if name.endswith((".jsonl", ".ndjson", ".json")):
        return "jsonl"
    if name.endswith(".csv"):
        return "csv"
    return "jsonl" if start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") else "csv"


def lines(file: IO[bytes], form: Form, *, keep_recorded_at: bool = False) -> Iterator[Line]:
    """Every event of a file. Server fields of an export are ignored, `recorded_at` unless it is to be kept.

    A line without `id` gets a UUIDv5 of its content and its occurrence in the file, so that a second import of the
    same file appends nothing.
    """
    seen = _Seen()
    for number, read, raw in _raws(file, form):
        if isinstance(raw, Exception):
            yield Line(number=number, read=read, draft=_unreadable(str(raw)))
            continue
        yield Line(number=number, read=read, draft=_draft(raw, seen, keep_recorded_at))


def _raws(file: IO[bytes], form: Form) -> Iterator[tuple[int, int, Any]]:
    if form == "csv":
        for number, raw in csv_form.read(file):
            yield number, number, raw
        return
    read = 0
    for number, line in enumerate(file, 1):
        read += len(line)
        line = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if line.strip():
            try:
                yield number, read, bodies.parse(line)
            except bodies.Unparseable as error:
                yield number, read, error


def _draft(raw: Any, seen: _Seen, keep_recorded_at: bool) -> Draft:
    if not isinstance(raw, dict):
        return draft(raw, 0)
    ignored = SERVER if keep_recorded_at else (*SERVER, "recorded_at")
    raw = {name: value for name, value in raw.items() if name not in ignored}
    made = draft(raw, 0, archive=keep_recorded_at)
    if keep_recorded_at and "recorded_at" not in raw:
        detail = "This field is required to keep the record times. Add it, or leave --keep-recorded-at out."
        made = replace(made, faults=(*made.faults, Fault(code="invalid", pointer="/recorded_at", detail=detail)))
    if "id" in raw or made.content is None:
        return made
    content = {"type": made.type, "stream": made.stream, "content": made.content.as_dict()}
    key = canonical.digest(canonical.encode(content))
    seen.contents[key] += 1
    return replace(made, id=str(uuid.uuid5(NAMESPACE, f"{key.hex()}#{seen.contents[key]}")))


def _unreadable(detail: str) -> Draft:
    fault = Fault(code="invalid", detail=detail)
    return Draft(index=0, id=str(uuid.uuid4()), type="record.corrected", faults=(fault,))
