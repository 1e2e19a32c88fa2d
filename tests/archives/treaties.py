"""What states did about 9,641 treaties, 1351 on: signed them, ratified them, were bound by them, saw them end.

`python tests/archives/treaties.py SOURCE.csv.gz OUT.jsonl` writes the acts as events for `depositary import`, whose
DEPOSITARY_ORGANISATIONS is `states.json`, and to `OUT.unsaid.csv` every row that is no event of its own, and why.
Source: globalgov/manytreaties, CC BY 4.0, and the sets it gathers.

A treaty of one source is one stream, its acts in life-cycle order, so any beginning of the file is possible. A row is
one party's act: `signed`, `ratified`, `in_force`, and `withdrawn` where the treaty ended for one of many. Only where it
ended for every state of the source, on one date and after all else, do the rows together say `ended`, once, without
a party: an act with a party ends nothing.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
import sys
import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

if not __package__:
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from events import edtf
from tests.archives.treaty_parties import code, party_name

FILE = "treaty_party_actions.csv.gz"
SOURCE = "https://github.com/globalgov/manytreaties"
PLACEHOLDERS = {"0001-01-01", "2899-01-01", "2999-01-01"}
ACTS = {"signed": "signed", "ratified": "ratified", "entered_into_force": "in_force", "ended": "withdrawn"}
TITLES = {
    "signed": "{who} signs: {name}",
    "ratified": "{who} ratifies: {name}",
    "in_force": "In force for {who}: {name}",
    "withdrawn": "No longer in force for {who}: {name}",
    "ended": "Ended: {name}",
}
ORDER = tuple(TITLES)
WINDOWS = {byte: bytes([byte]).decode("cp1252", "ignore") for byte in range(0x80, 0xA0)}

EXACT = "an exact duplicate"
AGAIN = "the same act again, with another title, coder or comment (which is kept), or another code of the same party"
WHOLE = "the treaty's one end is said already"
PLACEHOLDER = "a placeholder date"
NO_DATE = "its date cannot be read"
NO_CODE = "its code is no party's with certainty"
TOO_EARLY = "it ended before it was signed, ratified or in force"


class Row(NamedTuple):
    """A row of the file."""

    source: str
    treaty_id: str
    title: str
    state_iso3: str
    action: str
    date_edtf: str
    precision: str
    coder: str
    comment: str


class Unsaid(NamedTuple):
    """A row that is no event of its own: its number, counted from 1 without the header, and why."""

    number: int
    row: Row
    why: str


class Act(NamedTuple):
    """A row that can be said: the party, the act's name, and where it stands in the life cycle."""

    number: int
    row: Row
    party: str
    name: str
    place: tuple[date, date]


def read(path: Path) -> Iterator[Row]:
    """The rows of the file."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        if (header := tuple(next(rows))) != Row._fields:
            raise ValueError(f"{path}: not the columns of the archive: {header}")
        yield from (Row(*map(sys.intern, row)) for row in rows)


def convert(rows: Iterable[Row]) -> Iterator[dict[str, Any] | Unsaid]:
    """The events of all treaties, each in the order of its life cycle, and every row that is no event."""
    treaties: dict[tuple[str, str], list[tuple[int, Row]]] = {}
    for number, row in enumerate(rows, 1):
        treaties.setdefault((row.source, row.treaty_id), []).append((number, row))
    streams: dict[str, tuple[str, str]] = {}
    for treaty, numbered in treaties.items():
        if streams.setdefault(stream(*treaty), treaty) != treaty:
            raise ValueError(f"two treaties share the stream {stream(*treaty)}")
        yield from _treaty(numbered)


def _treaty(numbered: list[tuple[int, Row]]) -> Iterator[dict[str, Any] | Unsaid]:
    """What the rows of one treaty say."""
    distinct: set[Row] = set()
    acts: dict[tuple[str, str, str], Act] = {}
    comments: dict[tuple[str, str, str], dict[str, None]] = {}
    for number, row in numbered:
        why = EXACT if row in distinct else unsayable(row)
        distinct.add(row)
        if why:
            yield Unsaid(number, row, why)
            continue
        span = edtf.parse(row.date_edtf)
        act = Act(number, row, str(code(row.state_iso3)), ACTS[row.action], (span.latest, span.earliest))
        key = (act.party, act.name, row.date_edtf)
        comments.setdefault(key, {})[row.comment] = None
        if acts.setdefault(key, act) is not act:
            yield Unsaid(number, row, AGAIN)
    ordered = sorted(acts.values(), key=lambda act: (act.place, ORDER.index(act.name), act.number))
    whole = _ends_whole(distinct, ordered)
    involved = sorted({party for row in distinct if (party := code(row.state_iso3))})
    opened = ended = False
    for act in ordered:
        if act.name == "withdrawn" and (not opened or ended):
            yield Unsaid(act.number, act.row, WHOLE if ended else TOO_EARLY)
            continue
        ended = whole and act.name == "withdrawn"
        note = " | ".join(filter(None, comments[act.party, act.name, act.row.date_edtf]))
        yield _event(act._replace(party="", name="ended") if ended else act, [] if opened else involved, note)
        opened = True


def _ends_whole(rows: Collection[Row], ordered: list[Act]) -> bool:
    """Whether the treaty ended for every state of the source, on one date and after all else."""
    ends = [row for row in rows if row.action == "ended"]
    everybody = {row.state_iso3 for row in rows} == {row.state_iso3 for row in ends}
    places = [act.place for act in ordered if act.name == "withdrawn"]
    return everybody and len({row.date_edtf for row in ends}) == 1 and places[:1] == [ordered[-1].place]


def _event(act: Act, first: list[str], note: str) -> dict[str, Any]:
    """An act in the writer's form; the first of its stream names all `parties` of the treaty."""
    name = act.row.title.translate(WINDOWS)
    title = TITLES[act.name].format(who=party_name(act.party), name=name)
    data = {"name": name, "form": "treaty", "parties": first, "party": act.party}
    key = (SOURCE, act.row.source, act.row.treaty_id, act.party, act.name, act.row.date_edtf)
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(key))),
        "type": f"agreement.{act.name}",
        "stream": stream(act.row.source, act.row.treaty_id),
        "occurred_on": act.row.date_edtf,
        "title": {"en": title if len(title) <= 300 else title[:299] + "…"},
        "data": {field: value for field, value in data.items() if value},
        "sources": [{"url": SOURCE, "title": f"{act.row.source}, in manytreaties", "publisher": "globalgov"}],
    } | ({"note": note.translate(WINDOWS)} if note else {})


def unsayable(row: Row) -> str | None:
    """Why a row cannot be said as an act; None when it can."""
    if row.date_edtf in PLACEHOLDERS:
        return PLACEHOLDER
    try:
        edtf.parse(row.date_edtf)
    except edtf.InvalidDate:
        return NO_DATE
    return None if code(row.state_iso3) else f"{NO_CODE}: {row.state_iso3}"


def stream(source: str, treaty_id: str) -> str:
    """The stream of a treaty."""
    return "agreement:" + re.sub("[^a-z0-9._]+", "-", f"{source}-{treaty_id}".lower()).strip("-")


def main(source: Path, out: Path) -> None:
    """Write the events and the list of what is none, and print how many there are of each."""
    counts = Counter[str]()
    unsaid_to = out.with_suffix(".unsaid.csv")
    with out.open("w", encoding="utf-8") as file, unsaid_to.open("w", encoding="utf-8", newline="") as rest:
        unsaid = csv.writer(rest)
        unsaid.writerow(("number", "why", *Row._fields))
        for one in convert(read(source)):
            if isinstance(one, Unsaid):
                unsaid.writerow((one.number, one.why, *one.row))
                counts[one.why] += 1
            else:
                file.write(json.dumps(one, ensure_ascii=False) + "\n")
                counts[one["type"]] += 1
    for what, count in [*counts.most_common(), ("rows", counts.total())]:
        print(f"{count:>8,} {what}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
