"""The real correction log of visits to the United States becomes events, and nothing is lost on the way."""

from __future__ import annotations

import csv
import gzip
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pycountry
import pytest

from tests.archives.us_visits import FILE, FOLDER, Conversion, changes_of, convert, state_at

KOSOVO, HAWAII, USED_AGAIN, ENDED_EARLY = "3009", "2138", "2966", "1777"


@pytest.fixture(scope="module")
def log() -> Path:
    path = FOLDER / FILE
    if not path.exists():
        missing = f"the archive {FILE} is not there; DEPOSITARY_TEST_ARCHIVES says in which folder to look"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return path


@pytest.fixture(scope="module")
def conversion(log: Path) -> Conversion:
    return convert(log)


def fold(conversion: Conversion, instant: str) -> dict[str, tuple[Any, ...]]:
    """The visits that stand at `instant`, by the events alone."""
    acts: dict[str, dict[str, Any]] = {}
    for event in conversion.events:
        if event["recorded_at"] > instant:
            break
        match event["type"]:
            case "visit.made":
                acts[event["id"]] = event
            case "record.corrected":
                id_ = event["data"]["event"]
                acts[id_] = patched(acts[id_], event["data"]["changes"])
            case "record.retracted":
                del acts[event["data"]["event"]]
    return {
        act["stream"].removeprefix("visit:us-"): (
            act["occurred_on"],
            act["data"]["visitor"],
            act["data"]["people"][0]["name"],
            act["title"]["en"],
            act.get("note"),
        )
        for act in acts.values()
    }


def patched(target: Any, patch: Any) -> Any:
    """RFC 7396, section 2."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = patched(result.get(name), value)
    return result


def spread(instants: list[str], count: int = 20) -> list[str]:
    return [instants[round(i * (len(instants) - 1) / (count - 1))] for i in range(count)]


def test_every_change_is_an_event_or_listed_as_unsayable(log: Path, conversion: Conversion) -> None:
    assert len(list(changes_of(log))) == len(conversion.events) + len(conversion.unsayable)


def test_the_log_holds_what_its_description_says(log: Path) -> None:
    rows = Counter[str]()
    for (_, _, _, op), changes in changes_of(log):
        rows[op] += len(changes)
    assert rows == {"add": 3266, "correct": 433, "remove": 2}


def test_folding_the_events_gives_what_the_log_said_at_each_of_twenty_instants(
    log: Path, conversion: Conversion
) -> None:
    for instant in spread(conversion.instants):
        assert fold(conversion, instant) == state_at(log, instant), instant


def test_before_the_first_instant_nothing_stood(log: Path, conversion: Conversion) -> None:
    assert state_at(log, "2015-10-01T18:58:31Z") == fold(conversion, "2015-10-01T18:58:31Z") == {}


def test_record_time_never_decreases(conversion: Conversion) -> None:
    times = [event["recorded_at"] for event in conversion.events]
    assert times == sorted(times)
    assert all(time.endswith("Z") for time in times)


def test_no_id_stands_twice_and_a_second_conversion_gives_the_same(log: Path, conversion: Conversion) -> None:
    assert len({event["id"] for event in conversion.events}) == len(conversion.events)
    assert convert(log) == conversion


def test_every_visitor_has_an_iso_code(conversion: Conversion) -> None:
    known = {c.alpha_2 for c in pycountry.countries} | {c.alpha_4 for c in pycountry.historic_countries}
    visitors = {e["data"]["visitor"] for e in conversion.events if e["type"] == "visit.made"}
    assert visitors <= known
    assert {"SUHH", "YUCS", "CSHH", "DDDE"} <= visitors


def test_a_visit_that_ended_before_it_began_becomes_an_act_when_its_dates_are_mended(
    log: Path, conversion: Conversion
) -> None:
    made = [e for e in conversion.events if e["stream"] == f"visit:us-{ENDED_EARLY}"]
    assert [(e["type"], e["occurred_on"]) for e in made] == [("visit.made", "2005-05-17/2005-05-18")]
    assert ENDED_EARLY not in state_at(log, "2020-11-19T00:00:00Z")
    assert ENDED_EARLY in state_at(log, made[0]["recorded_at"])


def test_a_place_without_a_code_and_an_id_used_again_stay_out(log: Path, conversion: Conversion) -> None:
    reasons = {why.removeprefix("its place has no ISO code: ") for _, _, why in conversion.unsayable}
    assert reasons == {"hawaii", "kosovo", "(blank)", "its id was used before", "it ends before it begins"}
    assert {KOSOVO, HAWAII, USED_AGAIN} <= {record_id for record_id, _, _ in conversion.unsayable}
    assert not {KOSOVO, HAWAII, USED_AGAIN} & state_at(log, conversion.instants[-1]).keys()


def test_the_sweep_of_quotes_and_dashes_is_cosmetic(conversion: Conversion) -> None:
    sweep = [e for e in conversion.events if e["recorded_at"] == "2017-10-27T21:39:25Z"]
    substantial = [e["data"]["changes"] for e in sweep if not e["data"]["cosmetic"]]
    assert len(sweep) == 256, "of 259 records, three are of Hawaii, which has no code"
    assert substantial == []


def test_a_name_spelt_anew_is_no_cosmetic_change(conversion: Conversion) -> None:
    made, spelt = [event for event in conversion.events if event["stream"] == "visit:us-2116"]
    assert "Erdoğan" not in made["title"]["en"]
    assert "Erdoğan" in spelt["data"]["changes"]["title"]["en"]
    assert spelt["data"]["cosmetic"] is False


# What a log may hold, and the real one happens not to


CARNEY = "start_date=2025-05-06|end_date=2025-05-07|visitor=Carney|from_id=canada|from=Canada|description="


def log_of(folder: Path, *changes: tuple[str, str, str, str]) -> Path:
    """A log of record 1 in which each commit makes one change: (instant, op, field, new)."""
    path = folder / FILE
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        columns = ("recorded_at", "commit", "commit_message", "op", "record_id", "field", "old", "new")
        rows = csv.writer(file)
        rows.writerow(columns)
        rows.writerows((at, at, "Because", op, "1", name, "", new) for at, op, name, new in changes)
    return path


def test_a_visit_made_unsayable_stays_as_it_stood_until_it_is_mended(tmp_path: Path) -> None:
    path = log_of(
        tmp_path,
        ("2025-06-01T00:00:00Z", "add", "", CARNEY),
        ("2025-06-02T00:00:00Z", "correct", "start_date", "2025-05-09"),
        ("2025-06-03T00:00:00Z", "correct", "end_date", "2025-05-10"),
    )
    out = convert(path)
    assert out.unsayable == [("1", "2025-06-02T00:00:00Z", "it ends before it begins")]
    assert state_at(path, "2025-06-02T00:00:00Z")["1"][0] == "2025-05-06/2025-05-07"
    assert out.events[-1]["data"]["changes"] == {"occurred_on": "2025-05-09/2025-05-10"}
    assert all(fold(out, instant) == state_at(path, instant) for instant in out.instants)


def test_a_description_taken_out_takes_the_note_with_it(tmp_path: Path) -> None:
    path = log_of(
        tmp_path,
        ("2025-06-01T00:00:00Z", "add", "", CARNEY + "Working visit."),
        ("2025-06-02T00:00:00Z", "correct", "description", ""),
    )
    out = convert(path)
    assert out.events[-1]["data"]["changes"] == {"note": None}
    assert fold(out, "2025-06-02T00:00:00Z") == state_at(path, "2025-06-02T00:00:00Z")


def test_commits_out_of_order_are_sorted_and_it_is_said(tmp_path: Path) -> None:
    path = log_of(
        tmp_path,
        ("2025-06-02T00:00:00+02:00", "correct", "visitor", "Mr Carney"),
        ("2025-06-01T00:00:00-04:00", "add", "", CARNEY),
    )
    with pytest.warns(UserWarning, match="sorted"):
        assert convert(path).instants == ["2025-06-01T04:00:00Z", "2025-06-01T22:00:00Z"]
