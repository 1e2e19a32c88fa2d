"""Foreign leaders' visits to the United States, 1874–2024, and how their list was corrected since 2015.

`python -m tests.archives.us_visits [FILE]` writes the correction log as events for `depositary import
--keep-recorded-at`: an added row is `visit.made`; what one commit changed in one row is one
`record.corrected`; a removed row is `record.retracted`. Source: the history of HistoryAtState/visits,
public domain and CC0.

Not everything the log ever said can be said as a visit. The one rule, used alike by `convert` and by
`state_at`, which share the reading and the wording of a row but no bookkeeping: the raw row is always kept
up to date, and after each commit it either can be said or cannot (it ends before it begins, its place has
no ISO code, …). If it can, the record stands as the row says, made now if it never stood before; if not,
the change is listed as unsayable and the record stays as it stood. Removing a record that never stood is
listed too. An id used again after its removal stays out for good, since a visit's stream holds one act:
that addition and all that follows it are listed.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import re
import sys
import unicodedata
import uuid
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import pycountry

Row = dict[str, str]
Event = dict[str, Any]

SOURCE = "https://history.state.gov/departmenthistory/visits"
FILE = "us_visits_history.csv.gz"
FOLDER = Path(
    os.environ.get("DEPOSITARY_TEST_ARCHIVES")
    or Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "public"
)

FIELDS = ("start_date", "end_date", "visitor", "from_id", "from", "description")
RAW = re.compile(r"\|".join(f"{name}=(?P<{name}>.*?)" for name in FIELDS), re.DOTALL)
TYPOGRAPHY = re.compile("[\\s'\"\\\\`‘’‚“”„«»‐-―−-]+")

# Ids of places that are no country's name in pycountry. Neither Kosovo nor the Kingdom of Hawaii has a code.
PLACES = {
    "brunei": "BN",
    "burma": "MM",
    "cape-verde": "CV",
    "congo-democratic-republic": "CD",
    "congo-republic": "CG",
    "czech-republic": "CZ",
    "czechoslovakia": "CSHH",
    "german-democratic-republic": "DDDE",
    "holy-see": "VA",
    "korea": "KR",
    "korea-south": "KR",
    "macedonia": "MK",
    "micronesia": "FM",
    "russia": "RU",
    "saint-vincent-grenadines": "VC",
    "somoa": "WS",
    "swaziland": "SZ",
    "turkey": "TR",
    "yugoslavia": "YUCS",
}
# States since dissolved that the log files under the id of a successor, by the name it gives them.
DISSOLVED = {"U.S.S.R.": "SUHH"}


@dataclass
class Conversion:
    """Events by record time, what is unsayable as (record id, instant, why), and the instants of change."""

    events: list[Event] = field(default_factory=list)
    unsayable: list[tuple[str, str, str]] = field(default_factory=list)
    instants: list[str] = field(default_factory=list)


@dataclass
class Record:
    """One row of the list: as its keepers have it now, and the act it stands as, if it ever could be said."""

    row: Row
    id_used_before: bool = False
    act: Event | None = None
    removed: bool = False


def convert(path: Path) -> Conversion:
    """Turn the correction log at `path` into events in the writer's form with `id` and `recorded_at`."""
    out = Conversion()
    records: dict[str, Record] = {}
    for (instant, commit, record_id, op), changes in changes_of(path):
        if not out.instants or out.instants[-1] != instant:
            out.instants.append(instant)
        said = _event(records, record_id, op, changes)
        if isinstance(said, str):
            out.unsayable.append((record_id, instant, said))
        else:
            id_ = stable_id(record_id) if said["type"] == "visit.made" else stable_id(record_id, commit, op)
            out.events.append({"id": id_, "stream": f"visit:us-{record_id}", "recorded_at": instant, **said})
    return out


def _event(records: dict[str, Record], record_id: str, op: str, changes: list[Row]) -> Event | str:
    """What one commit did to one record: an event without id, stream and time, or why it cannot be said."""
    record = records.get(record_id)
    if (op == "add") == (record is not None and not record.removed):
        raise ValueError(f"{op} of record {record_id}, which {'stands' if op == 'add' else 'does not stand'}")
    if record is None or op == "add":
        record = records[record_id] = Record(raw(changes[0]["new"]), id_used_before=record is not None)
    if op == "correct":
        record.row |= {change["field"]: change["new"] for change in changes}
    record.removed = op == "remove"
    if record.id_used_before:
        return "its id was used before"
    reason = changes[0]["commit_message"].strip()
    before = record.act
    if record.removed:
        if before is None:
            return "it is removed before it could be said"
        return _about(record_id, "record.retracted", reason=reason, duplicate_of=None)
    if why := unsayable(record.row):
        return why
    record.act = visit(record.row)
    if before is None:
        return {"type": "visit.made", **record.act}
    return _about(
        record_id,
        "record.corrected",
        changes=merge_patch(before, record.act),
        reason=reason,
        cosmetic=_folded(before) == _folded(record.act),
    )


def _about(record_id: str, type_: str, **data: Any) -> Event:
    return {"type": type_, "data": {"event": stable_id(record_id), **data}}


def _folded(act: Event) -> str:
    """An act without spaces, quotes and dashes: while that stays the same, only typography has changed."""
    return TYPOGRAPHY.sub("", json.dumps(act, ensure_ascii=False, sort_keys=True))


def state_at(path: Path, instant: str) -> dict[str, tuple[str, str, str, str, str | None]]:
    """The live sayable records at `instant` (RFC 3339), straight from the rows.

    Answers record id → (occurred_on, visitor's code, person's name, English title, note), without any event.
    """
    until = datetime.fromisoformat(instant)
    rows: dict[str, Row] = {}
    stands: dict[str, Row] = {}
    removed: set[str] = set()
    for _, commit in groupby(read(path), key=lambda change: change["commit"]):
        touched = set()
        for change in commit:
            id_ = change["record_id"]
            if datetime.fromisoformat(change["recorded_at"]) > until or id_ in removed:
                continue
            match change["op"]:
                case "add":
                    rows[id_] = raw(change["new"])
                case "correct":
                    rows[id_][change["field"]] = change["new"]
                case "remove":
                    removed.add(id_)
                    del rows[id_]
                    stands.pop(id_, None)
            touched.add(id_)
        stands |= {id_: dict(rows[id_]) for id_ in touched & rows.keys() if not unsayable(rows[id_])}
    return {
        id_: (occurred_on(row), str(code(row)), row["visitor"].strip(), title(row), note(row))
        for id_, row in stands.items()
    }


# How a row is worded


def visit(row: Row) -> Event:
    """A sayable row as the writer's form of a visit, without type, stream and id."""
    party = code(row)
    person = {"name": row["visitor"].strip(), "party": party}
    said = {
        "occurred_on": occurred_on(row),
        "title": {"en": title(row)},
        "data": {"visitor": party, "host": "US", "people": [person]},
        "sources": [],
    }
    return said | ({"note": text} if (text := note(row)) else {})


def unsayable(row: Row) -> str | None:
    """Why a row cannot be said as a visit; None when it can."""
    try:
        begins, ends = date.fromisoformat(row["start_date"]), date.fromisoformat(row["end_date"])
    except ValueError:
        return "a date is no day of the calendar"
    if ends < begins:
        return "it ends before it begins"
    if not row["visitor"].strip():
        return "nobody is named"
    if code(row) is None:
        return f"its place has no ISO code: {row['from_id'] or '(blank)'}"
    return None


def occurred_on(row: Row) -> str:
    begins, ends = row["start_date"], row["end_date"]
    return begins if begins == ends else f"{begins}/{ends}"


def title(row: Row) -> str:
    text = f"{row['visitor'].strip()} ({row['from'].strip()}) visits the United States"
    return text if len(text) <= 300 else text[:299] + "…"


def note(row: Row) -> str | None:
    return row["description"].strip() or None


def code(row: Row) -> str | None:
    """The ISO code of where the visitor came from: alpha-2, or alpha-4 for a state that is no more."""
    place = row["from_id"]
    return DISSOLVED.get(row["from"]) or PLACES.get(place) or COUNTRIES.get(slug(place))


def slug(name: str) -> str:
    """A country's name in the manner of the log's ids: unaccented, hyphenated, without its "and"."""
    plain = unicodedata.normalize("NFKD", re.sub("['’]", "", name))
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter)).lower()
    return "-".join(word for word in re.findall("[a-z]+", letters) if word != "and")


COUNTRIES = {
    slug(name): country.alpha_2
    for country in pycountry.countries
    for name in (country.name, getattr(country, "common_name", country.name))
}


# The log itself


def read(path: Path) -> list[Row]:
    """The rows of the log in the order of their time, however their offsets from UTC are written."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    ordered = sorted(rows, key=lambda row: datetime.fromisoformat(row["recorded_at"]))
    if ordered != rows:
        warnings.warn(f"{path}: commits are not in the order of time; sorted", stacklevel=2)
    return ordered


def changes_of(path: Path) -> Iterator[tuple[tuple[str, str, str, str], list[Row]]]:
    """What each commit did to each record: (instant in UTC, commit, record id, op) and the rows of that."""
    for commit, rows in groupby(read(path), key=lambda row: row["commit"]):
        changes: dict[tuple[str, str], list[Row]] = {}
        for row in rows:
            changes.setdefault((row["record_id"], row["op"]), []).append(row)
        for (record_id, op), group in changes.items():
            yield (utc(group[0]["recorded_at"]), commit, record_id, op), group


def raw(text: str) -> Row:
    """The fields of a row as the log packs them: `start_date=…|end_date=…|…`."""
    if found := RAW.fullmatch(text):
        return found.groupdict()
    raise ValueError(f"not a row of the log: {text!r}")


def utc(instant: str) -> str:
    return datetime.fromisoformat(instant).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def stable_id(record_id: str, *change: str) -> str:
    """The id of a record's act; with a commit, that of the record event it is."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join((SOURCE, record_id, *change))))


def merge_patch(old: Any, new: Any) -> Any:
    """The RFC 7396 patch that makes `new` of `old`; lists are given whole."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    changed = [name for name in new if old.get(name) != new[name]]
    gone = [name for name in old if name not in new]
    return {name: merge_patch(old.get(name), new[name]) for name in changed} | dict.fromkeys(gone)


def main() -> None:
    conversion = convert(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER / FILE)
    for event in conversion.events:
        print(json.dumps(event, ensure_ascii=False))
    counts = Counter(event["type"] for event in conversion.events)
    cosmetic = sum(event["data"].get("cosmetic", False) for event in conversion.events)
    print(f"{dict(counts)}, {cosmetic} of the corrections cosmetic", file=sys.stderr)
    for record_id, instant, why in conversion.unsayable:
        print(f"unsayable: {record_id} at {instant}: {why}", file=sys.stderr)


if __name__ == "__main__":
    main()
