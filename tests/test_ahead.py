"""A file read in a process of its own gives the lines that reading it here gives."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from service import ahead, files
from tests import builders
from tests.builders import SAMPLE

ORGANISATIONS = Path(__file__).parent / "archives" / "states.json"


def test_the_lines_are_those_of_reading_it_here(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    bare = json.dumps(builders.meeting())
    wrong = ['{"type": "meeting.held"}', "{", "[]", '{"type": 1, "id": 2}', json.dumps(builders.meeting("CA"))]
    path.write_text("\n".join([SAMPLE.read_text(), bare, bare, *wrong, bare]))
    with path.open("rb") as file:
        here = list(files.lines(file, "jsonl"))
    there = list(ahead.lines(path, "jsonl", keep_recorded_at=False, organisations=None))
    assert len(there) == 303
    unnamed = [number for number, line in enumerate(here) if line.draft.faults]
    assert len(unnamed) == len(wrong)
    assert [line for line in there if not line.draft.faults] == [line for line in here if not line.draft.faults]
    for number in unnamed:
        assert (there[number].number, there[number].draft.faults) == (here[number].number, here[number].draft.faults)


def test_the_reading_process_knows_the_organisations_that_were_added(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text(json.dumps(builders.meeting("CA", "PRUSSIA")))
    (without,) = ahead.lines(path, "jsonl", keep_recorded_at=False, organisations=None)
    (within,) = ahead.lines(path, "jsonl", keep_recorded_at=False, organisations=ORGANISATIONS)
    assert without.draft.faults
    assert not within.draft.faults


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        list(ahead.lines(tmp_path / "none", "jsonl", keep_recorded_at=False, organisations=None))


def test_who_stops_early_leaves_no_process(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text(SAMPLE.read_text() * 20)
    lines = ahead.lines(path, "jsonl", keep_recorded_at=False, organisations=None)
    assert next(lines).number == 1
    lines.close()  # type: ignore[attr-defined]
