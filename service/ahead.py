"""A file read and judged in a process of its own, while this one appends what was read before.

Lines come in the order of the file. The pipe between the two holds little, so a file of any size takes little memory.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import orjson

from events import parties, store
from events.drafts import Draft
from events.errors import Fault
from events.types import Content
from service import files
from service.files import Form, Line

CHUNK = 250
"""How many lines are handed over at once."""

WIDE = 1_048_576
"""How many bytes may wait to be taken over."""


def lines(path: Path, form: Form, *, keep_recorded_at: bool, organisations: Path | None) -> Iterator[Line]:
    """As `files.lines`. Raises OSError for a file that cannot be read to its end."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    _widen(sender)
    arguments = (sender, path, form, keep_recorded_at, organisations)
    process = context.Process(target=_read, args=arguments, daemon=True)
    process.start()
    sender.close()
    try:
        while found := orjson.loads(receiver.recv_bytes()):
            if isinstance(found, str):
                raise OSError(found)
            yield from map(_line, found)
    except EOFError:
        raise OSError("The process that read it ended before the file did.") from None
    finally:
        receiver.close()
        process.terminate()
        process.join()


def _widen(sender: Connection) -> None:
    """Let the pipe hold more, where the system can, so that the two processes need not take turns."""
    with suppress(ImportError, AttributeError, OSError):
        import fcntl

        fcntl.fcntl(sender.fileno(), fcntl.F_SETPIPE_SZ, WIDE)


def _read(sender: Connection, path: Path, form: Form, keep: bool, organisations: Path | None) -> None:
    try:
        if organisations:
            parties.extend(organisations)
        with path.open("rb") as file:
            for chunk in store.chunks(files.lines(file, form, keep_recorded_at=keep), CHUNK):
                sender.send_bytes(orjson.dumps([_plain(line) for line in chunk]))
        sender.send_bytes(b"[]")
    except BrokenPipeError:
        pass
    except OSError as error:
        sender.send_bytes(orjson.dumps(error.strerror or str(error)))


def _plain(line: Line) -> list[Any]:
    """A line as JSON, which is quicker to hand over than objects are."""
    draft, content = line.draft, line.draft.content
    rest = [draft.id, draft.type, draft.stream, draft.expected_version, draft.recorded_at]
    said = content and [content.data, content.occurred_on, content.title, content.sources, content.note]
    faults = [[fault.code, fault.pointer, fault.detail, fault.facts] for fault in draft.faults]
    return [line.number, line.read, rest, said, faults]


def _line(plain: list[Any]) -> Line:
    number, read, (id, type, stream, expected_version, recorded_at), said, faults = plain
    content = None
    if said:
        data, occurred_on, title, sources, note = said
        content = Content(data=data, occurred_on=occurred_on, title=title, sources=tuple(sources), note=note)
    told = tuple(
        Fault(code=code, index=0, pointer=where, detail=what, facts=facts) for code, where, what, facts in faults
    )
    draft = Draft(
        index=0,
        id=id,
        type=type,
        stream=stream,
        content=content,
        expected_version=expected_version,
        recorded_at=recorded_at,
        faults=told,
    )
    return Line(number=number, read=read, draft=draft)
