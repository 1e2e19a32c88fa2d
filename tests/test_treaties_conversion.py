"""A real record of what states did about treaties becomes events, and every row is one or is listed with its reason."""

from __future__ import annotations

import json
import os
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from events import parties
from tests.archives import treaties
from tests.archives.treaties import Row, Unsaid, convert
from tests.archives.treaty_parties import OTHER_CODES, STATES, code
from tests.archives.us_visits import FOLDER

ROWS = 240_303
COUNTS = {
    "agreement.signed": 91_414,
    "agreement.ratified": 35_028,
    "agreement.in_force": 77_125,
    "agreement.withdrawn": 12_967,
    "agreement.ended": 723,
    treaties.EXACT: 15_274,
    treaties.AGAIN: 3_743,
    treaties.WHOLE: 1_981,
    treaties.PLACEHOLDER: 1_161,
    treaties.TOO_EARLY: 658,
    treaties.NO_CODE: 228,
    treaties.NO_DATE: 1,
}


def row(state: str, action: str, on: str, **other: str) -> Row:
    return Row("GGO", "FRA-ITA[SEA]_1900A", "Treaty", state, action, on, "day", "", "")._replace(**other)


def events(*rows: Row) -> list[dict[str, Any]]:
    return [one for one in convert(rows) if not isinstance(one, Unsaid)]


def said(*rows: Row) -> list[tuple[str, str, str]]:
    return [
        (one["type"].removeprefix("agreement."), one["data"].get("party", ""), one["occurred_on"])
        for one in events(*rows)
    ]


def reasons(*rows: Row) -> list[tuple[int, str]]:
    return [(one.number, one.why) for one in convert(rows) if isinstance(one, Unsaid)]


def test_a_row_is_the_act_of_one_party() -> None:
    (event,) = events(row("FRA", "signed", "1900-05-01", comment="In Paris"))
    assert event == {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{treaties.SOURCE}/GGO/FRA-ITA[SEA]_1900A/FR/signed/1900-05-01")),
        "type": "agreement.signed",
        "stream": "agreement:ggo-fra-ita-sea-_1900a",
        "occurred_on": "1900-05-01",
        "title": {"en": "France signs: Treaty"},
        "data": {"name": "Treaty", "form": "treaty", "parties": ["FR"], "party": "FR"},
        "sources": [{"url": treaties.SOURCE, "title": "GGO, in manytreaties", "publisher": "globalgov"}],
        "note": "In Paris",
    }


def test_acts_stand_in_life_cycle_order_and_the_first_names_all_parties() -> None:
    rows = [row("FRA", "entered_into_force", "1902"), row("ITA", "signed", "1900-05"), row("FRA", "signed", "1900-05")]
    first, *others = events(*rows)
    assert said(*rows) == [("signed", "IT", "1900-05"), ("signed", "FR", "1900-05"), ("in_force", "FR", "1902")]
    assert first["data"]["parties"] == ["FR", "IT"]
    assert not any("parties" in one["data"] for one in others)


def test_a_state_for_which_it_ended_withdrew_and_the_treaty_goes_on() -> None:
    rows = [row("FRA", "signed", "1900-05-01"), row("ITA", "signed", "1900-05-01"), row("ITA", "ended", "1910-01-01")]
    assert said(*rows)[-1] == ("withdrawn", "IT", "1910-01-01")


def test_a_treaty_that_ended_for_all_on_one_date_ended_once_and_for_nobody_alone() -> None:
    signed = [row("FRA", "signed", "1900-05-01"), row("ITA", "signed", "1900-05-01")]
    ended = [row("FRA", "ended", "1910-01-01"), row("ITA", "ended", "1910-01-01")]
    assert said(*signed, *ended)[2:] == [("ended", "", "1910-01-01")]
    assert reasons(*signed, *ended) == [(4, treaties.WHOLE)]


def test_a_treaty_does_not_end_before_another_act_of_it() -> None:
    rows = [row("FRA", "signed", "1900-05-01"), row("FRA", "ended", "1910-01-01"), row("FRA", "ratified", "1911-01-01")]
    assert [act for act, _, _ in said(*rows)] == ["signed", "withdrawn", "ratified"]


def test_nothing_ends_before_it_begins() -> None:
    rows = [row("FRA", "ended", "1899-01-01"), row("FRA", "signed", "1900-05-01"), row("ITA", "signed", "1900-05-01")]
    assert reasons(*rows) == [(1, treaties.TOO_EARLY)]


@pytest.mark.parametrize("on", ["1900-05-01", "1900-05-01?", "1900-05", "1900"])
def test_a_date_stays_as_it_is_written(on: str) -> None:
    assert said(row("FRA", "signed", on)) == [("signed", "FR", on)]


@pytest.mark.parametrize(
    ("on", "why"),
    [
        ("0001-01-01", treaties.PLACEHOLDER),
        ("2899-01-01", treaties.PLACEHOLDER),
        ("2999-01-01", treaties.PLACEHOLDER),
        ("2020-99-99", treaties.NO_DATE),
        ("1900-02-29", treaties.NO_DATE),
    ],
)
def test_a_date_that_is_none_is_refused(on: str, why: str) -> None:
    assert reasons(row("FRA", "signed", on)) == [(1, why)]


def test_a_row_told_twice_is_said_once_with_every_comment() -> None:
    rows = [row("FRA", "signed", "1900-05-01", comment=comment) for comment in ("One", "One", "Two")]
    assert reasons(*rows) == [(2, treaties.EXACT), (3, treaties.AGAIN)]
    assert [one["note"] for one in events(*rows)] == ["One | Two"]


@pytest.mark.parametrize(
    ("state", "party"),
    [
        ("FRA", "FR"),
        ("CSK", "CSHH"),
        ("DDR", "DDDE"),
        ("YUG", "YUCS"),
        ("ZAR", "ZRCD"),
        ("ALG", "DZ"),
        ("GIN - GNQ", "GQ"),
        ("EUE", "EU"),
        ("PRU", "PRUSSIA"),
        ("EAZ", None),
        ("MFD", None),
        ("", None),
    ],
)
def test_a_code_means_one_party_or_none(state: str, party: str | None) -> None:
    assert code(state) == party


def test_a_state_that_cannot_be_told_is_listed() -> None:
    assert reasons(row("MFD", "signed", "1900-05-01")) == [(1, f"{treaties.NO_CODE}: MFD")]


def test_every_code_of_ours_is_a_party_of_the_register_or_of_the_file_for_it() -> None:
    ours = json.loads(STATES.read_text("utf-8"))
    assert {party for party in OTHER_CODES.values() if not parties.exists(party)} == ours.keys()


def test_a_control_character_is_the_letter_it_was_in_windows() -> None:
    (event,) = events(row("FRA", "signed", "1900-05-01", title="The state\x92s treaty"))
    assert event["data"]["name"] == "The state’s treaty"


def test_a_long_title_is_cut_to_what_a_title_may_hold() -> None:
    (event,) = events(row("FRA", "signed", "1900-05-01", title="long " * 100))
    assert len(event["title"]["en"]) == 300


def test_a_second_run_gives_the_same() -> None:
    rows = [row("FRA", "signed", "1900-05-01"), row("ITA", "ended", "1910-01-01"), row("MFD", "signed", "1900")]
    assert list(convert(rows)) == list(convert(rows))
    assert len({one["id"] for one in events(*rows)}) == 2


def test_two_treaties_never_share_a_stream() -> None:
    with pytest.raises(ValueError, match="share"):
        list(convert([row("FRA", "signed", "1900", treaty_id="A[B"), row("FRA", "signed", "1900", treaty_id="A]B")]))


@pytest.fixture(scope="module")
def archive() -> Path:
    path = FOLDER / treaties.FILE
    if not path.exists():
        missing = f"the archive {treaties.FILE} is not there; DEPOSITARY_TEST_ARCHIVES says in which folder to look"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)
    return path


def test_every_row_of_the_archive_is_an_event_or_listed(archive: Path) -> None:
    counts, numbers, ids, standing = Counter[str](), set[int](), set[str](), dict[str, str]()
    for one in convert(treaties.read(archive)):
        if isinstance(one, Unsaid):
            counts[one.why.partition(":")[0]] += 1
            numbers.add(one.number)
            continue
        assert ("parties" in one["data"]) == (one["stream"] not in standing), one["id"]
        assert standing.get(one["stream"]) != "agreement.ended", one["id"]
        assert ("party" in one["data"]) == (one["type"] != "agreement.ended"), one["id"]
        standing[one["stream"]] = one["type"]
        counts[one["type"]] += 1
        ids.add(one["id"])
    assert counts == COUNTS
    assert counts.total() == len(numbers) + len(ids) == ROWS
    assert not numbers - set(range(1, ROWS + 1))
