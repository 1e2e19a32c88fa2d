"""What happened, in order: every action as it stands, with everything it can be found by.

One row of `actions` holds an action between two positions of the log, so any page of any (as of, known at) is one
ordered read. What an action is found by (parties, people, topics, words) lies in tables beside it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

import orjson
from sqlalchemy import Column, Connection, Index, Integer, LargeBinary, String, Text, literal_column, text

from events.canonical import encode
from events.streams import Act, Stream
from events.types import instant_text, kind_of
from projections.involvement import Involvement, involvements, parties_in, people_in
from projections.view import ALWAYS, Rows, Tables, View, flag, summed, versioned, whole
from projections.words import fold, words

Made = dict[str, dict[tuple[Any, ...], Mapping[str, Any]]]
COUNTED = ("known_from", "known_until", "retracted", "kind", "sourced")
"""What is counted of every action; it stands in the index, so that counting need not read the actions themselves."""


@cache
def tables(generation: int) -> Tables:
    """`actions`, and beside it, joined by `position`, `involved`, `people` and `topics`; and `counts` of them.

    Hundreds of acts of one treaty involve the same parties. So `involved` names a set of them, and `parties` holds
    each set of a stream once.
    """
    actions = versioned(
        f"timeline_actions_{generation}",
        [whole("position")],
        [
            Column("id", String(36), nullable=False),
            Column("stream", String(160), nullable=False),
            Column("kind", String(20), nullable=False),
            Column("type", String(64), nullable=False),
            Column("earliest", Integer, nullable=False),
            Column("latest", Integer, nullable=False),
            flag("sourced"),
            flag("retracted"),
            Column("mode", String(20)),
            Column("formal", Integer),
            Column("level", String(20)),
            Column("words", Text, nullable=False),
            Column("item", LargeBinary, nullable=False),
        ],
        ["earliest", "latest", "position", *COUNTED],
        ["id"],
        ["position"],
        ["known_from"],
    )
    involved = versioned(
        f"timeline_involved_{generation}",
        [whole("position"), Column("from_day", Integer)],
        [Column("until_day", Integer, nullable=False), whole("party_set")],
        ["position"],
        ["party_set", "position"],
    )
    split = involved.c.from_day > literal_column("0")
    name = f"timeline_split_{generation}"
    Index(name, involved.c.position, involved.c.known_from, sqlite_where=split, postgresql_where=split)
    parties = versioned(
        f"timeline_parties_{generation}",
        [whole("party_set"), Column("party", String(20))],
        [],
        ["party", "stream_id", "party_set"],
    )
    people = versioned(
        f"timeline_people_{generation}",
        [whole("position"), Column("nth", Integer), Column("from_day", Integer)],
        [
            Column("until_day", Integer, nullable=False),
            Column("name", Text, nullable=False),
            Column("folded", Text, nullable=False),
            Column("party", String(20)),
            Column("role", Text),
        ],
        ["position"],
    )
    topics = versioned(
        f"timeline_topics_{generation}",
        [whole("position"), Column("nth", Integer)],
        [Column("topic", Text, nullable=False), Column("folded", Text, nullable=False)],
        ["position"],
    )
    counts = summed(
        f"timeline_counts_{generation}",
        Column("facet", String(10)),
        Column("value", Text),
        Column("shown", Text),
        Column("year", Integer, autoincrement=False),
    )
    beside = {"involved": involved, "parties": parties, "people": people, "topics": topics}
    return {"actions": actions, **beside, "counts": counts}


def rows(stream: Stream) -> Rows:
    """The rows that a stream's acts make; a retracted act stands for itself alone."""
    made = _nothing()
    standing = stream.standing()
    for act, parts in zip(standing, involvements(standing), strict=True):
        _add(made, act, parts)
    for act in stream.acts.values():
        if act.retracted:
            _add(made, act, involvements([act])[0])
    return made


def last(stream: Stream) -> Rows:
    """The rows that the last act of a stream adds: an act changes nothing about those before it."""
    made = _nothing()
    standing = stream.standing()
    involved = involvements(standing)
    _add(made, standing[-1], involved[-1])
    before = involved[-2] if len(standing) > 1 else []
    new = {key[0] for key in made["parties"]} - {party_set(parties_in(part.data)) for part in before}
    if new:
        alone = [involvements([act])[0] for act in stream.acts.values() if act.retracted]
        new -= {party_set(parties_in(part.data)) for parts in (*involved[:-1], *alone) for part in parts}
    made["parties"] = {key: row for key, row in made["parties"].items() if key[0] in new}
    return made


def _nothing() -> Made:
    return {"actions": {}, "involved": {}, "parties": {}, "people": {}, "topics": {}, "counts": {}}


def _add(made: Made, act: Act, parts: Sequence[Involvement]) -> None:
    position = act.event.position
    made["actions"][position,] = _action(act)
    for part in parts:
        codes = parties_in(part.data)
        number = party_set(codes)
        made["involved"][position, part.from_day] = {"until_day": part.until_day, "party_set": number}
        made["parties"].update({(number, code): {} for code in codes})
        for nth, (name, party, role) in enumerate(people_in(part.data)):
            who = {"name": name, "folded": fold(name), "party": party, "role": role}
            made["people"][position, nth, part.from_day] = {"until_day": part.until_day, **who}
    for nth, topic in enumerate(act.content.data.get("topics") or ()):
        made["topics"][position, nth] = {"topic": topic, "folded": fold(topic)}
    if len(parts) == 1 and not act.retracted:
        _count(made["counts"], act, parts[0].data)


def _count(counts: dict[tuple[Any, ...], Mapping[str, Any]], act: Act, data: Mapping[str, Any]) -> None:
    """One more of each value that an action is counted by; `counts.py` tells how they are read."""
    values = [("kind", act.event.kind, ""), ("sourced", str(int(bool(act.content.sources))), "")]
    values += [("party", code, "") for code in parties_in(data)]
    values += [("person", *named) for named in _named(name for name, _, _ in people_in(data))]
    values += [("topic", *named) for named in _named(act.content.data.get("topics") or ())]
    values.append(("months", str(month(act.earliest)), str(month(act.latest))))
    for value in values:
        key = (*value, act.earliest.year)
        counts[key] = {"n": counts[key]["n"] + 1 if key in counts else 1}


def _named(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each name once, folded and as it is shown; of several spellings the first in the order of their letters."""
    found: dict[str, str] = {}
    for name in sorted(names, reverse=True):
        found[fold(name)] = name
    yield from found.items()


def month(day: dt.date) -> int:
    """The number of a day's month, counted from January of the year 0."""
    return day.year * 12 + day.month - 1


def party_set(codes: Iterable[str]) -> int:
    """The number of a set of parties: 63 bits of a hash of their codes, so the same set has it everywhere."""
    return _numbered(frozenset(codes))


@lru_cache(65_536)
def _numbered(codes: frozenset[str]) -> int:
    return int.from_bytes(hashlib.sha256(" ".join(sorted(codes)).encode()).digest()[:8]) >> 1


@lru_cache(4_096)
def _action(act: Act) -> Mapping[str, Any]:
    data = act.content.data
    return {
        "id": act.event.id,
        "stream": act.event.stream,
        "kind": act.event.kind,
        "type": act.event.type,
        "earliest": act.earliest.toordinal(),
        "latest": act.latest.toordinal(),
        "sourced": bool(act.content.sources),
        "retracted": act.retracted,
        "mode": data.get("mode"),
        "formal": data.get("formal"),
        "level": data.get("level"),
        "words": " ".join(dict.fromkeys(words(searchable(act)))),
        "item": encode(item_of(act)),
    }


def searchable(act: Act) -> str:
    """The text whose words find an action: titles, people, places, occasion, note."""
    data = act.content.data
    parts = [*(act.content.title or {}).values(), act.content.note, data.get("occasion"), data.get("person")]
    parts += [person["name"] for person in data.get("people") or ()]
    parts.append((data.get("place") or {}).get("name"))
    return "\n".join(part for part in parts if part)


def item_of(act: Act) -> dict[str, Any]:
    """An action as answers show it, but for `certain`, which depends on the day."""
    return {
        "id": act.event.id,
        "stream": act.event.stream,
        "type": act.event.type,
        "kind": kind_of(act.event.type).name,
        "occurred_on": act.content.occurred_on,
        "earliest": act.earliest.isoformat(),
        "latest": act.latest.isoformat(),
        "end": act.end and act.end.isoformat(),
        "title": act.content.title,
        "data": act.content.data,
        "sources": list(act.content.sources),
        "sourced": bool(act.content.sources),
        "note": act.content.note,
        "recorded_at": instant_text(act.event.recorded_at),
        "position": act.event.position,
        "revisions": act.revisions,
        "retracted": act.retracted,
    }


def shown(item: bytes, latest: int, day: int) -> dict[str, Any]:
    """A stored item as of a day number."""
    whole_item: dict[str, Any] = orjson.loads(item)
    whole_item["certain"] = latest <= day or day >= ALWAYS
    return whole_item


def create(connection: Connection, made: Tables) -> None:
    """The index of words: FTS5 on SQLite, `tsvector` on PostgreSQL, both over words we folded ourselves."""
    name = made["actions"].name
    if connection.dialect.name == "sqlite":
        connection.execute(text(f"CREATE VIRTUAL TABLE {name}_words USING fts5(words, content='', tokenize='ascii')"))
    else:
        lexemes = "array_to_tsvector(string_to_array(words, ' '))"
        connection.execute(text(f"CREATE INDEX {name}_words ON {name} USING gin (({lexemes}))"))


def inserted(connection: Connection, made: Tables, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Index the words of new rows; each event opens at most one row of `actions`, so `known_from` names it."""
    if connection.dialect.name == "sqlite" and rows.get("actions"):
        name = made["actions"].name
        statement = text(f"INSERT INTO {name}_words (rowid, words) VALUES (:known_from, :words)")
        connection.execute(statement, [{k: row[k] for k in ("known_from", "words")} for row in rows["actions"]])


def drop(connection: Connection, made: Tables) -> None:
    """Drop the index of words."""
    if connection.dialect.name == "sqlite":
        connection.execute(text(f"DROP TABLE IF EXISTS {made['actions'].name}_words"))


VIEW = View(
    name="timeline",
    version=3,
    tables=tables,
    rows=rows,
    last=last,
    create=create,
    inserted=inserted,
    drop=drop,
)
