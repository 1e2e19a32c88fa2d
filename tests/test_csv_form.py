"""Whatever an event says, CSV says the same: what is written as a row is read back as it was."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow.fields import Field

from events.fields import CONTROL, Amount, Choice, Flag, ListOf, Parties, Party, People, Place, Whole, Words, text
from events.kinds.record import Changes, EventId
from events.types import TYPES
from service import csv_form, files
from service.envelope import draft
from tests import builders

TOKENS = ["null", '"null"', '\\"null\\"', '"', '""', "\\", ",", ";", "|", "[", "]", "{", "}", "[]", "{}", "\r\n"]
TOKENS += ["\n", "\r", "\t", " ", "\u00a0", "\u2028", "\ufeff", "\u200b"]
TOKENS += ["true", "0", "=1+1", "'", "#", "é", "김", "😀"]


def writable(value: str) -> bool:
    """Whether a writer may send this text."""
    try:
        return text(value) == value
    except ValueError:
        return False


PIECES = st.sampled_from(TOKENS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
TEXTS = st.lists(PIECES, min_size=1, max_size=5).map(lambda pieces: CONTROL.sub("", "".join(pieces))).filter(writable)
CODES = st.sampled_from(["CA", "KR", "SUHH", "EU", "G7"])
IDS = st.uuids().map(str)
PEOPLE = st.fixed_dictionaries({"name": TEXTS}, optional={"party": CODES, "role": TEXTS})
PLACES = st.fixed_dictionaries({}, optional={"name": TEXTS, "party": CODES}).filter(bool)
NAMES = st.sampled_from(["note", "data", "title", "sources"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=6,
)
PATCHES = st.dictionaries(NAMES, JSON, max_size=3)
SOURCES = st.fixed_dictionaries({"url": st.just("https://a.example/b;c|d,e")}, optional={"title": TEXTS})


def values(field: Field[Any]) -> st.SearchStrategy[Any]:
    """Values a field of `data` may have."""
    match field:
        case Flag():
            found: st.SearchStrategy[Any] = st.booleans()
        case Whole():
            found = st.integers(field.least, field.most)
        case Amount():
            found = st.sampled_from(["0", "007", "1250000.50"])
        case Choice():
            found = st.sampled_from(field.words)
        case Party():
            found = CODES
        case Parties():
            found = st.lists(CODES, unique=True, max_size=4)
        case Words():
            found = st.lists(TEXTS, max_size=3)
        case People():
            found = st.lists(PEOPLE, max_size=3)
        case Place():
            found = PLACES
        case Changes():
            found = PATCHES
        case EventId():
            found = IDS
        case ListOf():
            raise AssertionError("a list without values to try")
        case _:
            found = TEXTS
    return st.none() | found if field.allow_none else found


@st.composite
def contents(draw: st.DrawFn) -> dict[str, Any]:
    """What an event may say, of any type, with any of its fields."""
    type = draw(st.sampled_from(sorted(TYPES)))
    fields = {name: values(field) for name, field in TYPES[type].fields.items()}
    optional = {
        "occurred_on": st.sampled_from(["2025-10-30", "2025-10~", "[2025-01..2025-03]", "2025-01-01/2025-02-XX"]),
        "title": st.fixed_dictionaries({"en": TEXTS}, optional={"fr": TEXTS}),
        "note": TEXTS,
        "sources": st.lists(SOURCES, max_size=2),
    }
    event = {"id": draw(IDS), "type": type, "stream": f"{type.partition('.')[0]}:a.b-c_1"}
    event |= draw(st.fixed_dictionaries({}, optional=optional))
    return {**event, "data": draw(st.fixed_dictionaries({}, optional=fields))}


def exported(*events: dict[str, Any]) -> bytes:
    """A file as `depositary export` writes it."""
    server = {"version": 1, "position": 9, "recorded_at": "2025-11-05T12:00:00.000000Z", "recorded_by": "a, b"}
    server |= {"schema_version": 1, "earliest": None, "latest": None}
    return csv_form.header() + b"".join(csv_form.row(event | server) for event in events)


def read(file: bytes) -> list[Any]:
    """The events of a file, without what the server adds."""
    return [plain(raw) for _, raw in csv_form.read(io.BytesIO(file))]


def plain(raw: Any) -> Any:
    if isinstance(raw, Exception):
        return raw
    return {name: value for name, value in raw.items() if name not in csv_form.SERVER}


@given(events=st.lists(contents(), min_size=1, max_size=3))
def test_what_is_written_as_csv_is_read_back_the_same(events: list[dict[str, Any]]) -> None:
    assert read(exported(*events)) == events


@given(value=TEXTS | st.sampled_from(TOKENS).filter(writable))
def test_any_text_is_read_back_wherever_it_stands(value: str) -> None:
    data = {"name": value, "scope": [value], "reason": value}
    event = {"type": "partnership.ended", "title": {"en": value, "fr": value}, "note": value, "data": data}
    assert read(exported(event)) == [event]


@given(event=contents())
def test_a_program_that_quotes_every_cell_changes_nothing(event: dict[str, Any]) -> None:
    rows = list(csv.reader(io.StringIO(exported(event).decode(), newline=""), strict=True))
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(rows)
    assert read(b"\xef\xbb\xbf" + out.getvalue().encode()) == [event]


@pytest.mark.parametrize(("type", "payload"), list(builders.payloads()))
def test_a_real_event_of_every_type_is_the_same_from_csv(type: str, payload: dict[str, Any]) -> None:
    sent = draft(payload, 0)
    assert sent.content is not None, sent.faults
    event = {"id": sent.id, "type": type, **sent.content.as_dict()} | ({"stream": sent.stream} if sent.stream else {})
    (line,) = files.lines(io.BytesIO(exported(event)), "csv")
    assert line.draft.content == sent.content, line.draft.faults
    assert (line.draft.id, line.draft.type, line.draft.stream) == (sent.id, type, sent.stream)


def one(header: str, cells: str) -> Any:
    """The one event of a file of two lines, as people write it."""
    (event,) = read(f"{header}\n{cells}\n".encode())
    return event


@pytest.mark.parametrize(
    ("type", "column", "cell", "value"),
    [
        ("meeting.held", "parties", "CA;KR", ["CA", "KR"]),
        ("meeting.held", "data.parties", " CA ; KR; ", ["CA", "KR"]),
        ("meeting.held", "people", "A|CA|King; B", [{"name": "A", "party": "CA", "role": "King"}, {"name": "B"}]),
        ("meeting.held", "people", "A||King", [{"name": "A", "role": "King"}]),
        ("meeting.held", "place", "Gyeongju|KR", {"name": "Gyeongju", "party": "KR"}),
        ("meeting.held", "formal", "FALSE", False),
        ("meeting.held", "formal", "perhaps", "perhaps"),
        ("meeting.held", "topics", "", None),
        ("meeting.held", "topics", "[]", []),
        ("measure.amended", "targets", "[]", []),
        ("measure.amended", "rate", "null", None),
        ("measure.amended", "rate", '"""null"""', "null"),
        ("measure.amended", "rate", '"""Quoted"" text"', '"Quoted" text'),
        ("measure.amended", "rate", '"""Quoted"""', '"Quoted"'),
        ("measure.amended", "rate", "[sic]", "[sic]"),
        ("measure.amended", "rate", "25", "25"),
        ("pledge.made", "items", "25", 25),
        ("pledge.made", "items", "25.0", "25.0"),
        ("pledge.made", "amount", "1250000.50", "1250000.50"),
        ("agreement.amended", "expires_on", " null ", None),
    ],
)
def test_people_write_cells_as_the_documentation_says(type: str, column: str, cell: str, value: Any) -> None:
    event = one(f"type,{column}", f"{type},{cell}")
    assert event["data"].get(column.removeprefix("data.")) == value


def test_sources_are_urls_or_json() -> None:
    both = [{"url": "https://a.example"}, {"url": "https://b.example"}]
    assert one("type,sources", "meeting.held, https://a.example  https://b.example ")["sources"] == both
    assert one("type,sources", 'meeting.held,"[{""url"":""https://a.example""}]"')["sources"] == both[:1]


def test_null_is_null_wherever_it_stands_and_no_text() -> None:
    event = one("type,title.en,title.fr,note", "meeting.held,A,null,null")
    assert event == {"type": "meeting.held", "title": {"en": "A", "fr": None}, "note": None, "data": {}}


def wrong(file: str) -> Iterator[tuple[int, str]]:
    for line, raw in csv_form.read(io.BytesIO(file.encode())):
        if isinstance(raw, csv_form.WrongCell):
            yield line, str(raw)


@pytest.mark.parametrize(
    ("file", "line", "words"),
    [
        ("", 1, "must name the columns"),
        ("stream\na:b\n", 1, "must name the columns"),
        ("type,colour\n", 1, "no column colour"),
        ("type,,note\n", 1, "no column (empty)"),
        ("type,note,note\n", 1, "note stands twice"),
        ("type,note\nmeeting.held,a,b\n", 2, "3 cells"),
        ('type,note\nmeeting.held,"a\nb"\nmeeting.held,"a"b\n', 4, "not CSV"),
        ('type,note\nmeeting.held,"a\n', 2, "not CSV"),
        ("type,place\nmeeting.held,a|b|c\n", 2, "place: give name|party"),
        ("type,people\nmeeting.held,[a\n", 2, "people: this cell is not JSON"),
        ("type,changes\nrecord.corrected,a\n", 2, "changes: this cell is not JSON"),
        ("type,sources\nmeeting.held,[a\n", 2, "sources: this cell is not JSON"),
    ],
)
def test_what_cannot_be_read_names_line_and_column(file: str, line: int, words: str) -> None:
    ((number, message),) = wrong(file)
    assert number == line
    assert words in message


def test_a_wrong_row_leaves_the_others() -> None:
    found = read(b"type,note,place\nmeeting.held,a,\nmeeting.held,b,a|b|c\n\n,,\nmeeting.held,c,\n")
    assert [raw if isinstance(raw, dict) else "wrong" for raw in found] == [
        {"type": "meeting.held", "note": "a", "data": {}},
        "wrong",
        {"type": "meeting.held", "note": "c", "data": {}},
    ]
