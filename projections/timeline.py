"""What happened, in order: every action as it stands, with everything it can be found by.

One row of `actions` holds an action between two positions of the log, so any page of any (as of, known at) is one
ordered read. What an action is found by (parties, people, topics, words) lies in tables beside it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

import orjson
from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    func,
    literal_column,
    text,
    true,
)

from events import bulk
from events.canonical import encode
from events.streams import Act, Stream
from events.types import instant_text, kind_of
from projections import blocks
from projections.involvement import Involvement, involvements, last_involvement, parties_in, people_in
from projections.view import ALWAYS, POINTS, Rows, Tables, View, flag, numbered, versioned, whole
from projections.words import folded, words

Points = dict[tuple[Any, ...], tuple[Any, ...]]
Made = dict[str, Points]
COUNTED = ("known_from", "known_until", "retracted", "kind", "sourced")
"""What is counted of every action; it stands in the index, so that counting need not read the actions themselves."""

PLACE = ("earliest", "latest", "position")
"""The order of the timeline."""

APART = "\x1f"
"""Between the two parts of what is counted; no text of the record holds it."""

SMALL = 8
"""How many parties an act may have for each to have a row of its own; larger sets, as of treaties, are looked into."""


@cache
def tables(generation: int) -> Tables:
    """`actions`, and beside it, joined by `position`, `involved`, `members`, `people` and `topics`; counts of them.

    `involved` names the set of parties that have part in an action, and `sets` tells who is in it: hundreds of acts of
    one treaty involve the same parties. Where a set is small, `members` has a row for each party. What actions are
    found by is indexed in the order of the timeline, so that a page is found wherever it lies.
    """
    actions = versioned(
        f"timeline_actions_{generation}",
        [whole("position")],
        [
            Column("id", String(36), nullable=False),
            Column("stream", String(160), nullable=False),
            Column("kind", String(20), nullable=False),
            Column("type", String(64), nullable=False),
            *_days(),
            flag("sourced"),
            flag("retracted"),
            Column("mode", String(20)),
            Column("formal", Integer),
            Column("level", String(20)),
            Column("words", Text, nullable=False),
            Column("item", LargeBinary, nullable=False),
        ],
        [*PLACE, *COUNTED],
        ["kind", *PLACE, "known_from", "known_until", "retracted", "type"],
        ["id"],
        ["stream_id"],
        by_event=True,
    )
    lexemes = func.array_to_tsvector(func.string_to_array(actions.c.words, literal_column("' '")))
    Index(f"{actions.name}_words", lexemes, postgresql_using="gin", info={"dialect": "postgresql"})
    involved = versioned(
        f"timeline_involved_{generation}",
        [whole("position"), Column("from_day", Integer)],
        [Column("until_day", Integer, nullable=False), whole("party_set"), flag("wide"), *_days()],
        ["party_set", *PLACE],
    )
    wide = involved.c.wide.is_(true())
    places = [involved.c[name] for name in PLACE]
    Index(f"timeline_wide_{generation}", *places, involved.c.party_set, sqlite_where=wide, postgresql_where=wide)
    members = versioned(
        f"timeline_members_{generation}",
        [whole("position"), Column("party", String(20)), Column("from_day", Integer)],
        [Column("until_day", Integer, nullable=False), *_days()],
        ["party", *PLACE],
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
            *_days(),
        ],
        ["folded", *PLACE],
    )
    topics = versioned(
        f"timeline_topics_{generation}",
        [whole("position"), Column("nth", Integer)],
        [Column("topic", Text, nullable=False), Column("folded", Text, nullable=False), *_days()],
        ["folded", *PLACE],
    )
    sets = numbered(f"timeline_sets_{generation}", "party_set", flag("wide"), Column("party", String(20)))
    Index(f"timeline_sets_{generation}_by_party", sets.c.party, sets.c.wide, sets.c.party_set)
    beside = {"involved": involved, "members": members, "people": people, "topics": topics}
    return {"actions": actions, **beside, "sets": sets, **blocks.tables("timeline", generation)}


def _days() -> list[Column[Any]]:
    return [Column("earliest", Integer, nullable=False), Column("latest", Integer, nullable=False)]


def rows(stream: Stream) -> Rows:
    """The rows that a stream's acts make; a retracted act stands for itself alone."""
    made = _nothing()
    standing = stream.standing()
    for act, parts in zip(standing, involvements(standing), strict=True):
        _add(made, act, parts, _known_action(act))
    if len(standing) < len(stream.acts):
        for act in stream.acts.values():
            if act.retracted:
                _add(made, act, involvements([act])[0], _known_action(act))
    return made


def last(stream: Stream) -> Rows:
    """The rows that the last act of a stream adds: an act changes nothing about those before it."""
    made = _nothing()
    standing = stream.standing()
    act = standing[-1]
    _add(made, act, last_involvement(standing), _action(act))
    return made


def _nothing() -> Made:
    return {name: {} for name in ("actions", "involved", "members", "people", "topics", "sets", POINTS)}


def _add(made: Made, act: Act, parts: Sequence[Involvement], action: tuple[Any, ...]) -> None:
    position, data = act.event.position, act.content.data
    made["actions"][position,] = action
    days = (act.earliest.toordinal(), act.latest.toordinal())
    points: Points | None = None if act.retracted else made[POINTS]
    if points is not None:
        _add_act(points, act)
    for part in parts:
        codes, people = parties_in(part.data), people_in(part.data)
        number, wide, span = party_set(codes), len(codes) > SMALL, (part.until_day, *days)
        made["sets"][number,] = (wide, codes)
        made["involved"][position, part.from_day] = (part.until_day, number, wide, *days)
        if not wide:
            made["members"].update({(position, code, part.from_day): span for code in codes})
        for nth, (name, party, role) in enumerate(people):
            made["people"][position, nth, part.from_day] = (part.until_day, name, folded(name), party, role, *days)
        if points is not None:
            names = _named([name for name, _, _ in people])
            who = [*(("party", code) for code in codes), *(("person", value) for value in names)]
            _add_part(points, days[0], part, who)
    for nth, topic in enumerate(data.get("topics") or ()):
        made["topics"][position, nth] = (topic, folded(topic), *days)


def _add_act(points: Points, act: Act) -> None:
    """The points that count an act by what it is.

    A value is what is counted, and behind `APART` how it is shown where that is something else.
    """
    begin, first = act.earliest.toordinal(), month(act.earliest)
    last = first if act.latest is act.earliest else month(act.latest)
    _count(points, ("kind", begin, act.event.kind), 1)
    _count(points, ("sourced", begin, "1" if act.content.sources else "0"), 1)
    _count(points, ("months", begin, f"{first}{APART}{last}"), 1)
    for value in _named(act.content.data.get("topics") or ()):
        _count(points, ("topic", begin, value), 1)


def _add_part(points: Points, begin: int, part: Involvement, who: Iterable[tuple[str, str]]) -> None:
    """The points that count an act by who has part in it between two days: (series, value) of each."""
    first, end = max(begin, part.from_day), max(begin, part.until_day)
    for series, value in who:
        _count(points, (series, first, value), 1)
        if end <= ALWAYS:
            _count(points, (series, end, value), -1)


def _count(points: Points, key: tuple[str, int, str], n: int) -> None:
    points[key] = (points[key][0] + n,) if key in points else (n,)


def _named(names: Collection[str]) -> list[str]:
    """Each name once, folded and as it is shown; of several spellings the first in the order of their letters."""
    if not names:
        return []
    if len(names) == 1:
        (name,) = names
        return [f"{folded(name)}{APART}{name}"]
    found = {folded(name): name for name in sorted(names, reverse=True)}
    return [f"{value}{APART}{name}" for value, name in found.items()]


def month(day: dt.date) -> int:
    """The number of a day's month, counted from January of the year 0."""
    return day.year * 12 + day.month - 1


def party_set(codes: Iterable[str]) -> int:
    """The number of a set of parties: 63 bits of a hash of their codes, so the same set has it everywhere."""
    return _numbered(frozenset(codes))


@lru_cache(8_192)
def _numbered(codes: frozenset[str]) -> int:
    return int.from_bytes(hashlib.sha256(" ".join(sorted(codes)).encode()).digest()[:8]) >> 1


def _action(act: Act) -> tuple[Any, ...]:
    data, formal = act.content.data, act.content.data.get("formal")
    return (
        act.event.id,
        act.event.stream,
        act.event.kind,
        act.event.type,
        act.earliest.toordinal(),
        act.latest.toordinal(),
        bool(act.content.sources),
        act.retracted,
        data.get("mode"),
        formal if formal is None else int(formal),
        data.get("level"),
        " ".join(searchable(act)),
        encode(item_of(act)),
    )


_known_action = lru_cache(4_096)(_action)
"""As `_action`, for acts of a stream whose other acts come and are folded with them time and again."""


def searchable(act: Act) -> list[str]:
    """The words that find an action, each once: those of its titles, note, occasion, people and place."""
    data, title = act.content.data, act.content.title or {}
    found = words("\n".join([said for said in (*title.values(), act.content.note, data.get("occasion")) if said]))
    people = [one["name"] for one in data.get("people") or ()]
    for name in (data.get("person"), *people, (data.get("place") or {}).get("name")):
        if name:
            found += words_of_name(name)
    return list(dict.fromkeys(found))


words_of_name = lru_cache(16_384)(words)
"""As `words`, of names, which come again and again."""


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
    """The index of words on SQLite: FTS5, over words we folded ourselves."""
    if connection.dialect.name == "sqlite":
        name = made["actions"].name
        connection.execute(text(f"CREATE VIRTUAL TABLE {name}_words USING fts5(words, content='', tokenize='ascii')"))


def inserted(connection: Connection, made: Tables, rows: Mapping[str, Sequence[Sequence[Any]]]) -> None:
    """Index the words of new rows; each event opens at most one row of `actions`, so `known_from` names it."""
    if connection.dialect.name == "sqlite":
        columns = list(made["actions"].c.keys())
        number, said = columns.index("known_from"), columns.index("words")
        statement = f"INSERT INTO {made['actions'].name}_words (rowid, words) VALUES (?, ?)"
        bulk.change(connection, statement, [(row[number], row[said]) for row in rows.get("actions", ())])


def drop(connection: Connection, made: Tables) -> None:
    """Drop the index of words."""
    if connection.dialect.name == "sqlite":
        connection.execute(text(f"DROP TABLE IF EXISTS {made['actions'].name}_words"))


VIEW = View(
    name="timeline",
    version=6,
    tables=tables,
    rows=rows,
    last=last,
    create=create,
    inserted=inserted,
    drop=drop,
)
