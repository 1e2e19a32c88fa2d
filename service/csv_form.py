"""Events as CSV, one a row: for people with a spreadsheet. JSON lines are the whole form; this one says the same.

Columns are `id`, `type`, `stream`, `expected_version`, `occurred_on`, `title.en`, `title.fr`, `note`, `sources`, and
one for each field of `data`, as `data.parties` or plain `parties`. An empty cell is a field left out; `null` is null,
and `"null"` the text. Lists are separated by `;`; a person is `name|party|role`, a place `name|party`; sources are
URLs separated by spaces. Whatever this cannot say is written as JSON in its cell.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from events.fields import Flag, ListOf, Parties, People, Place, Whole, Words
from events.kinds.record import Changes
from events.types import TYPES
from service import bodies

ENVELOPE = ("id", "type", "stream", "expected_version", "occurred_on", "title.en", "title.fr", "note", "sources")
SERVER = ("version", "position", "recorded_at", "recorded_by", "schema_version", "earliest", "latest")


class WrongCell(Exception):
    """A cell cannot be read; the message names its column and says what to do."""


def columns() -> list[str]:
    """Every column of an export."""
    fields = sorted({name for schema in TYPES.values() for name in schema.fields})
    return [*ENVELOPE, *(f"data.{name}" for name in fields), *SERVER]


def header() -> bytes:
    """The header row."""
    return _line(columns())


def row(event: Mapping[str, Any]) -> bytes:
    """One event as a row."""
    cells = {name: event[name] for name in (*ENVELOPE, *SERVER) if name in event}
    cells |= {f"title.{language}": text for language, text in (event.get("title") or {}).items()}
    cells |= {f"data.{name}": value for name, value in event["data"].items()}
    return _line([_written(name, cells[name]) if name in cells else "" for name in columns()])


def _line(cells: list[str]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(cells)  # so that cells with either of the two are quoted
    return buffer.getvalue().removesuffix("\r\n").encode() + b"\n"


def _written(name: str, value: Any) -> str:
    match value:
        case None:
            return "" if name in SERVER else "null"
        case bool() | dict() | list() if not (isinstance(value, list) and _plain(name, value)):
            return orjson.dumps(value).decode()
        case list():
            return ";".join(value)
        case str() if _needs_quotes(value):
            return orjson.dumps(value).decode()
        case _:
            return str(value)


def _needs_quotes(text: str) -> bool:
    """Whether a text is written as JSON: as it stands it would be read as null, or as a text written so."""
    bare = text.strip()
    inner = _quoted(bare)
    return bare == "null" or (inner is not None and _needs_quotes(inner))


def _quoted(bare: str) -> str | None:
    """The text of a cell that is a JSON string; None when it is none."""
    if not bare.startswith('"'):
        return None
    try:
        return str(orjson.loads(bare))
    except orjson.JSONDecodeError:
        return None


def _plain(name: str, values: list[Any]) -> bool:
    """Whether a list can be written without JSON and read again as it was."""
    texts = all(isinstance(value, str) and value and value == value.strip() for value in values)
    clear = texts and bool(values) and not any(";" in value for value in values)
    return clear and values != ["null"] and values[0][0] not in "[{"


def read(file: Iterable[bytes]) -> Iterator[tuple[int, dict[str, Any] | WrongCell]]:
    """The rows of a file as raw events, each with the line it ends on; a row with a bad cell is its WrongCell."""
    reader = csv.reader(_decoded(file), strict=True)
    try:
        names = [name.strip() for name in next(reader, [])]
        wrong = _wrong_header(names)
        if wrong:
            yield 1, WrongCell(wrong)
            return
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, _event(names, cells)
    except csv.Error as error:
        yield reader.line_num, WrongCell(f"this is not CSV: {error}")
    except UnicodeDecodeError as error:
        yield reader.line_num + 1, WrongCell(f"this is not UTF-8 (byte {error.start} of the line); save it as UTF-8")


def _decoded(file: Iterable[bytes]) -> Iterator[str]:
    """The lines of a file, without the mark that spreadsheets put before the first."""
    for number, line in enumerate(file):
        yield line.decode("utf-8" if number else "utf-8-sig")


def _wrong_header(names: list[str]) -> str | None:
    if "type" not in names:
        return f'the first row must name the columns, "type" among them; known are {", ".join(columns()[:9])}, …'
    known = {*columns(), *(name.removeprefix("data.") for name in columns())}
    unknown = [name for name in names if name not in known]
    if unknown:
        return f"there is no column {unknown[0] or '(empty)'}; rename or remove it"
    twice = [name for name in names if names.count(name) > 1]
    return f"the column {twice[0]} stands twice; keep one" if twice else None


def _event(names: list[str], cells: list[str]) -> dict[str, Any] | WrongCell:
    if len(cells) > len(names):
        return WrongCell(f"this row has {len(cells)} cells, the header {len(names)}; quote cells that hold commas")
    given = {name: cell for name, cell in zip(names, cells, strict=False) if cell.strip()}
    event: dict[str, Any] = {"data": {}}
    schema = TYPES.get(given.get("type", "").strip())
    for name, cell in given.items():
        try:
            _place(event, name, cell, schema.fields if schema else {})
        except ValueError as error:
            return WrongCell(f"{name}: {error}")
    return event


def _place(event: dict[str, Any], name: str, cell: str, fields: Mapping[str, Any]) -> None:
    if name.startswith("title."):
        event.setdefault("title", {})[name.removeprefix("title.")] = _text(cell)
    elif name == "sources":
        event["sources"] = _json(cell) if cell.lstrip().startswith("[") else [{"url": url} for url in cell.split()]
    elif name == "expected_version":
        event[name] = _whole(cell)
    elif name in ENVELOPE or name in SERVER:
        event[name] = _text(cell) if name == "note" else cell.strip()
    else:
        plain = name.removeprefix("data.")
        event["data"][plain] = _value(cell, fields.get(plain))


def _value(cell: str, field: Any) -> Any:
    bare = cell.strip()
    if bare == "null":
        return None
    if isinstance(field, Flag):
        return {"true": True, "false": False}.get(bare.lower(), bare)
    if isinstance(field, Whole):
        return _whole(bare)
    if isinstance(field, Changes) or (isinstance(field, ListOf | Place) and bare[0] in "[{"):
        return _json(bare)
    if isinstance(field, People):
        return [_parts(person, ("name", "party", "role")) for person in bare.split(";") if person.strip()]
    if isinstance(field, Parties | Words):
        return [part.strip() for part in bare.split(";") if part.strip()]
    if isinstance(field, Place):
        return _parts(bare, ("name", "party"))
    return _text(cell)


def _text(cell: str) -> str | None:
    """A cell as text, with its spaces; None when it says null."""
    bare = cell.strip()
    if bare == "null":
        return None
    return _quoted(bare) if _needs_quotes(cell) else cell


def _parts(cell: str, names: tuple[str, ...]) -> dict[str, str]:
    parts = [part.strip() for part in cell.split("|")]
    if len(parts) > len(names):
        raise ValueError(f"give {'|'.join(names)}; write it as JSON when a part holds a |")
    return {name: part for name, part in zip(names, parts, strict=False) if part}


def _whole(cell: str) -> Any:
    return int(cell) if cell.isascii() and cell.isdigit() and len(cell) <= 16 else cell


def _json(cell: str) -> Any:
    try:
        return bodies.parse(cell.encode())
    except (bodies.Unparseable, UnicodeEncodeError) as error:
        raise ValueError(f"this cell is not JSON ({error})") from None
