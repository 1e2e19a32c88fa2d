"""The sentences of errors have their French: those that the rules really make, with the same values in them."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import marshmallow as ma
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import clock, content, edtf, parties
from events.decide import Head, Situation, decide
from events.errors import Refused
from service import bodies, csv_form, envelope
from service.query import Listed, Number, PagedQuery, Seconds, Several, TrueFalse
from service.translations import sentences
from service.translations.sentences import SENTENCES, french
from tests import builders

ROOT = Path(__file__).resolve().parent.parent
HOLE = re.compile(r"\{[0-9](?::[a-z]+)?\}|<[0-9]>")
ENGLISH = re.compile(
    r"\b(This|this|must|Give|give|the|is|are|be|not|with|and|or|Write|Leave|Add|Remove|Send|Use|needs?|cannot|allowed"
    r"|given|stands|There|There|Its|here|one|such|another|only|Only|Acts|Their)\b"
)
ACT = "01968f0e-0000-7000-8000-000000000001"
EVENT = "01968f0e-0000-7000-8000-000000000002"
OTHER = "01968f0e-0000-7000-8000-000000000003"

DATES = [
    *("2025-13-01", "2025-02-30", "2025-02-30/2026", "0000", "[2025/2026]", "2025-10-31/2025-10-01", "2025/", "soon"),
    *("2025/2026/2027", "[2025..]", "2025-10-30T10:00", "2025-XX?", "2025-1X", "2025..2026"),
    *(" 2025", " ", "2025-10-30 10:00", "9" * 101),
]
DAYS = ["2025-10", "2025-11-31"]
INSTANTS = ["2025-11-05", "2025-02-30T12:00:00Z", "2025-11-05T12:00:60Z"]
CODES = ["ca", " ca ", "CAN", "SU", "CS", "UK", "France", "ZZZ"]

CHANGED = ["Give known_at or a position, not both."]
"""What is made from another sentence, by replacing words."""

PLAIN = {
    "bad type": 5,
    "empty": " ",
    "long": "a" * 10_001,
    "control": "a\x07",
    "null": None,
}
URLS = ["x y", 5, "https://[", "ftp://example.org", "https://me:secret@example.org"]
CELLS = [
    (b"occurred_on\n", b""),
    (b"type,colour\n", b""),
    (b"type,type\n", b""),
    (b"type\n", b"meeting.held,2025\n"),
    (b"type,place\n", b"meeting.held,a|CA|b\n"),
    (b"type,parties\n", b"meeting.held,[1\n"),
    (b"type\n", b'"meeting.held"x\n'),
    (b"type\n", b"meeting\xff\n"),
]


def meeting(**data: Any) -> dict[str, Any]:
    """The content of a meeting with these data."""
    event = builders.meeting(data=data)
    return {name: event[name] for name in ("occurred_on", "title", "data")}


def of_content() -> Iterator[str]:
    """What the rules of content say of bad values in every sort of field."""
    bad: list[tuple[str, Any]] = [("meeting.held", {})]
    bad += [("meeting.held", meeting(occasion=value)) for value in PLAIN.values()]
    bad += [("meeting.held", {**meeting(), "sources": [{"url": value}]}) for value in URLS]
    bad += [("meeting.held", meeting(**{name: [1]})) for name in ("mode", "formal", "place", "people")]
    bad += [
        ("meeting.held", meeting(parties=value)) for value in ("CA", [], ["CA"], ["CA", "CA"], [5, 6], ["CA"] * 251)
    ]
    bad += [("meeting.held", meeting(place={})), ("meeting.held", meeting(colour="red"))]
    bad += [("meeting.held", {**meeting(), "occurred_on": 2025}), ("meeting.held", {**meeting(), "data": []})]
    pledge = {"by": "CA", "purpose": "Aid"}
    bad += [
        ("pledge.made", {"data": {**pledge, **more}})
        for more in (
            {"amount": "1,000"},
            {"amount": "1"},
            {"amount": "1", "currency": "XYZ"},
            {"items": -1},
            {"from_year": 2026, "to_year": 2025},
        )
    ]
    bad += [("agreement.signed", {"data": {"name": "Pact", "expires_on": value}}) for value in (5, *DAYS)]
    edition = {"name": "One"}
    bad += [
        ("edition.published", {"occurred_on": "2025", "data": {**edition, "url": value}}) for value in ("x", "/en/")
    ]
    about = {"event": ACT, "reason": "It was wrong"}
    bad += [("record.retracted", {"data": {**about, "event": "x"}})]
    changes: Sequence[Any] = ([], {"type": "visit.made"}, {"data": {"é": None}})
    bad += [("record.corrected", {"data": {**about, "changes": value}}) for value in changes]
    for type, raw in bad:
        with pytest.raises(content.Invalid) as caught:
            content.load(type, raw)
        yield from (fault.detail for fault in caught.value.faults)


def of_values() -> Iterator[str]:
    """What is said of dates, instants, codes and bodies."""
    checks: list[tuple[Callable[[Any], Any], Sequence[Any]]] = [
        (edtf.parse, DATES),
        (edtf.day, DAYS),
        (clock.parse_instant, INSTANTS),
        (envelope.Type().check, [5, "war.begun", "meeting.ended"]),
        (envelope.StreamName().check, ["Meeting"]),
        (envelope.Instant().check, [5]),
    ]
    for check, values in checks:
        for value in values:
            with pytest.raises(ValueError) as caught:
                check(value)
            yield str(caught.value)
    yield from map(parties.suggest, CODES)
    for body in (b"\xff", b"[" * 200 + b"]" * 200, b'{"a": 1, "a": 2}', b"{"):
        with pytest.raises(bodies.Unparseable) as unparseable:
            bodies.parse(body)
        yield str(unparseable.value)
        yield f"Line 3: {unparseable.value}"
    for header, row in CELLS:
        yield from (str(each) for _line, each in csv_form.read([header, row]) if isinstance(each, csv_form.WrongCell))


class Everything(PagedQuery):
    """Parameters of every sort."""

    between = Listed(Number(), count=2)
    several = Several(Number())
    certain = TrueFalse()
    pause = Seconds()


def of_queries() -> Iterator[str]:
    """What is said of bad parameters, alone and behind their name."""
    bad: list[Mapping[str, Any]] = [
        {"as_of": "today", "known_at": "now", "limit": "501", "certain": "yes", "pause": "31", "between": "1,1"},
        {"several": ["1"] * 251, "colour": "red", "cursor": " "},
    ]
    for query in bad:
        with pytest.raises(ma.ValidationError) as caught:
            Everything().load(query)
        for fault in content.faults_of(caught.value.normalized_messages()):  # type: ignore[no-untyped-call]
            yield fault.detail
            yield f"{fault.pointer.strip('/')}: {fault.detail}"


def life(*acts: str, **more: Any) -> list[dict[str, Any]]:
    """Acts of one partnership, `act date`."""
    made = [builders.act(f"partnership.{name}", "partnership:first", on) for name, on in map(str.split, acts)]
    return [{**one, **more} for one in made]


def of_the_log() -> Iterator[str]:
    """What the log says of events that do not fit what it holds."""
    held = builders.meeting(id=ACT, stream="meeting:first")
    ended = builders.act("partnership.ended", "partnership:first", "2025-03", data={"parties": ["CA", "FR"]})
    established = "established 2025-01"
    before = [held, builders.meeting("CA", "FR", id=OTHER), {**builders.retracted(OTHER), "id": EVENT}]
    batches: list[list[dict[str, Any]]] = [
        [{**held, "note": "Another"}],
        [builders.meeting(id=EVENT[:-1] + "9"), builders.meeting(id=EVENT[:-1] + "9")],
        [builders.meeting(stream="meeting:first")],
        [builders.meeting(stream="meeting:first", expected_version=7)],
        [builders.meeting(stream="visit:first")],
        [builders.meeting(note="a" * 9_000, sources=[{"url": "https://example.org/" + "a" * 9_000}] * 8)],
        [{**ended, "stream": None}, {name: value for name, value in ended.items() if name != "stream"}],
        [builders.corrected(OTHER, {"note": "x"})],
        [builders.corrected(EVENT[:-1] + "f", {"note": "x"})],
        [builders.corrected(EVENT, {"note": "x"})],
        [{**builders.corrected(ACT, {"note": "x"}), "stream": "meeting:two"}],
        [builders.retracted(OTHER)],
        [builders.reinstated(ACT)],
        [builders.retracted(ACT, duplicate_of=ACT)],
        life(established, "established 2025-02"),
        life(established, "resumed 2025-02"),
        life(established, "suspended 2025-02", "suspended 2025-03"),
        life(established, "ended 2025-02", "renewed 2025-03"),
        life("renewed 2025-03"),
        life("established 2025", "suspended 2025-05", "resumed 2025-05", "ended 2025", "renewed 2025-06"),
        [builders.act("agreement.ratified", "agreement:first", "2025", data={"reason": None})],
    ]
    situation = _after(Situation(head=Head()), before)
    for batch in batches:
        with pytest.raises(Refused) as caught:
            _after(situation, batch)
        yield from (fault.detail for fault in caught.value.faults)
        yield f"{caught.value.faults[0].detail} (2 errors in all; see errors.)"


def _after(situation: Situation, batch: Sequence[dict[str, Any]]) -> Situation:
    drafts = [envelope.draft(event, index) for index, event in enumerate(batch)]
    return decide(situation, drafts, now=1, author="test").after


@cache
def made() -> list[str]:
    """Every sentence that the rules made here, each once."""
    return [*dict.fromkeys([*of_content(), *of_values(), *of_queries(), *of_the_log()])]


def test_the_errors_that_are_made_are_told_in_french() -> None:
    said = {sentence: french(sentence) for sentence in made()}
    assert [sentence for sentence, text in said.items() if text is None] == []
    assert len({re.sub(r"[0-9]+|'[^']*'", "", text) for text in said.values() if text}) >= 60


def test_no_english_is_left_in_the_french() -> None:
    """Values apart, which are codes and names."""
    for english, said in SENTENCES:
        assert not ENGLISH.search(_bare(HOLE.sub("", said))), english
    errors = r"\(octet.*|JSON : .*|JSON \(.*|CSV : .*"  # what Python says of a body
    for sentence in made():
        text = french(sentence)
        assert text
        assert not ENGLISH.search(_bare(re.sub(errors, "", text))), text


def test_both_languages_have_the_same_holes() -> None:
    for english, text in SENTENCES:
        holes = [sorted(re.sub(":[a-z]+", "", hole) for hole in HOLE.findall(each)) for each in (english, text)]
        assert holes[0] == holes[1], english
        assert len(set(holes[0])) == len(holes[0]), english


@given(st.sampled_from(SENTENCES), st.lists(st.text("0123456789Xé", min_size=1, max_size=9), min_size=6, max_size=6))
def test_values_are_carried_over(pair: tuple[str, str], values: list[str]) -> None:
    numbers = count()
    within = "This is not UTF-8. Percent-encode the text as UTF-8."
    told = HOLE.sub(lambda hole: within if hole[0].startswith("<") else values[next(numbers)], pair[0])
    text = french(told)
    assert text
    assert all(value in text for value in values[: next(numbers)])


def test_french_is_set_as_in_canada() -> None:
    texts = [sentences._typeset(text) for _, text in SENTENCES]
    assert [text for text in texts if re.search(r"[^\u00a0/\dps]:(?!\w|//)", _bare(HOLE.sub("0", text)))] == []
    assert [text for text in texts if re.search(r"[\s\u00a0][;!]|\w \?", text)] == []
    assert [text for text in texts if re.search(r"«(?!\u00a0)|(?<!\u00a0)»", text)] == []
    assert [text for text in texts if "'" in text] == []


def test_every_sentence_is_still_made_somewhere() -> None:
    """When this fails: a sentence was reworded, and its pair has to follow."""
    found = "\0".join(_constants())
    gone = [
        english
        for english, _ in SENTENCES
        if english not in CHANGED and any(len(part) > 9 and part.strip() not in found for part in HOLE.split(english))
    ]
    assert gone == []


def test_what_is_not_known_stays() -> None:
    assert french("Nobody says this.") is None
    assert french("field: Nobody says this.") is None
    assert french("a: " * 6_000) is None
    assert french("This act is retracted already." * 1_000) is None


def _bare(text: str) -> str:
    """Without codes, names of fields and what stands in guillemets."""
    return re.sub(r"«[^»]*»|\{[^}]*\}|Authorization:|<token>|--[a-z-]+|`\w+`|\w*[_/]\w*", "", text)


def _constants() -> Iterator[str]:
    """Every text in the code."""
    for folder in ("events", "projections", "service"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            if file.name != "sentences.py":
                tree = ast.parse(file.read_text(encoding="utf-8"))
                for node in ast.walk(tree):
                    if isinstance(node, ast.Constant) and isinstance(node.value, str):
                        yield node.value
