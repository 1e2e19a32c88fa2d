"""Which partnerships and agreements stand: what the acts that have happened leave, in life-cycle order.

`states` holds each stream's life line: one row per span of days in which nothing about it changed, between two
positions of the log. `acts` holds the acts themselves. Whether one is expired is told when it is read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any

import orjson
from sqlalchemy import Column, ColumnElement, Connection, Integer, LargeBinary, String, Text, and_, case, select, tuple_

from events import edtf
from events.canonical import encode
from events.streams import Act, Stream, carried
from projections.clocks import Clocks
from projections.view import ALWAYS, Rows, Tables, View, versioned, whole
from projections.words import fold

SHOWN = ("name", "parties", "form", "scope", "expires_on")
"""What of an act's data is shown of the partnership."""

KINDS = ("partnership", "agreement")
STATUSES = ("active", "suspended", "ended", "expired", "all")
Place = tuple[str, int]
"""Where a partnership stands in the list: (name folded, number of its stream)."""


@cache
def tables(generation: int) -> Tables:
    """`states`: the life line of each stream by days. `acts`: its standing acts."""
    states = versioned(
        f"partnerships_states_{generation}",
        [Column("from_day", Integer)],
        [
            Column("until_day", Integer, nullable=False),
            Column("kind", String(20), nullable=False),
            Column("status", String(20), nullable=False),
            Column("expires", Integer, nullable=False),
            Column("form", String(20)),
            Column("parties", Text, nullable=False),
            Column("sort", Text(collation="C").with_variant(Text(), "sqlite"), nullable=False),
            Column("item", LargeBinary, nullable=False),
        ],
        ["kind", "sort", "stream_id"],
    )
    acts = versioned(
        f"partnerships_acts_{generation}",
        [whole("position")],
        [
            Column("earliest", Integer, nullable=False),
            Column("latest", Integer, nullable=False),
            Column("item", LargeBinary, nullable=False),
        ],
        ["stream_id"],
    )
    return {"states": states, "acts": acts}


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What the acts so far leave. `status` is "" before any act made one, "pending" while ratified and not in force.

    `since` is the date of the act that made the status, `ended_on` of the one that ended it.
    """

    status: str = ""
    since: str | None = None
    ended_on: str | None = None
    ratified: bool = False
    in_force: bool = False


def evolve(state: State, act: Act) -> State:
    """The state after one more act, in life-cycle order."""
    day = act.content.occurred_on
    active = replace(state, status="active", since=day)
    match act.event.kind, act.event.act:
        case _, "resumed":
            return active
        case _, "suspended":
            return replace(state, status="suspended", since=day)
        case _, "ended":
            return replace(state, status="ended", since=day, ended_on=day)
        case "partnership", "established":
            return active
        case "agreement", "in_force":
            if state.in_force or state.status == "suspended":
                return replace(state, in_force=True)
            return replace(active, in_force=True)
        case "agreement", "signed":
            return active if state.since is None and not state.ratified else state
        case "agreement", "ratified":
            if state.in_force or state.status in ("suspended", "pending"):
                return replace(state, ratified=True)
            return replace(state, ratified=True, status="pending", since=day)
        case _:
            return state


def rows(stream: Stream) -> Rows:
    """The life line and the acts of a stream."""
    kind = stream.name.partition(":")[0]
    if kind not in KINDS:
        return {}
    standing = stream.standing()
    states = {(from_day,): _values(row) for from_day, row in _life_line(stream.name, kind, standing)}
    return {"states": states, "acts": {(act.event.position,): _act(act) for act in standing}}


def _life_line(name: str, kind: str, acts: Sequence[Act]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """What stands from which day on; each span ends where the next begins."""
    state = State()
    spans: list[tuple[int, dict[str, Any]]] = []
    shown: tuple[Any, ...] | None = None
    for act, data in zip(acts, carried(acts), strict=True):
        state = evolve(state, act)
        before, shown = shown, (state, *(data.get(field) for field in SHOWN))
        if before == shown:
            continue
        day, row = act.latest.toordinal(), _state(name, kind, state, data)
        if spans and spans[-1][0] == day:
            spans.pop()
        if state.status and (not spans or spans[-1][1] != row):
            spans.append((day, row))
    ends = [*(day for day, _ in spans[1:]), ALWAYS + 1]
    for (day, row), end in zip(spans, ends, strict=False):
        yield day, {**row, "until_day": end}


def _values(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("until_day", "kind", "status", "expires", "form", "parties", "sort", "item"))


def _state(name: str, kind: str, state: State, data: Mapping[str, Any]) -> dict[str, Any]:
    expires_on = data.get("expires_on")
    item = {
        "stream": name,
        "name": data["name"],
        "parties": data.get("parties") or [],
        "form": data.get("form"),
        "scope": data.get("scope") or [],
        "status": state.status,
        "since": state.since,
        "until": state.ended_on or expires_on,
        "expires_on": expires_on,
    }
    return {
        "kind": kind,
        "status": state.status,
        "expires": edtf.day(expires_on).toordinal() if expires_on else ALWAYS + 1,
        "form": data.get("form"),
        "parties": "".join(f" {code}" for code in item["parties"]) + " ",
        "sort": fold(data["name"]),
        "item": encode(item),
    }


@lru_cache(4_096)
def _act(act: Act) -> tuple[Any, ...]:
    item = {
        "id": act.event.id,
        "type": act.event.type,
        "occurred_on": act.content.occurred_on,
        "title": act.content.title,
        "data": act.content.data,
        "sourced": bool(act.content.sources),
        "position": act.event.position,
    }
    return act.earliest.toordinal(), act.latest.toordinal(), encode(item)


VIEW = View(name="partnerships", version=2, tables=tables, rows=rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnershipQuery:
    """Which to list: with all of these `parties`, of this `status` and `form`. `today` tells what has expired now."""

    today: dt.date
    parties: tuple[str, ...] = ()
    status: str = "active"
    form: str | None = None
    kinds: tuple[str, ...] = ("partnership",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Items by name, and the place behind the last one when there are more."""

    items: list[dict[str, Any]]
    next: Place | None


def partnerships(
    connection: Connection,
    generation: int,
    clocks: Clocks,
    query: PartnershipQuery,
    limit: int,
    after: Place | None = None,
) -> Page:
    """One page of the partnerships as of the day, behind the place `after`."""
    table = tables(generation)["states"]
    day = min(clocks.day, ALWAYS)
    status = _status_at(generation, clocks, query.today)
    found = select(table.c.stream_id, table.c.sort, table.c.item, status.label("now"))
    found = found.where(clocks.knows(table), table.c.from_day <= day, table.c.until_day > day)
    found = found.where(table.c.kind.in_(query.kinds))
    for code in query.parties:
        found = found.where(table.c.parties.contains(f" {code} ", autoescape=True))
    if query.form is not None:
        found = found.where(table.c.form == query.form)
    if query.status != "all":
        found = found.where(status == query.status)
    if after:
        found = found.where(tuple_(table.c.sort, table.c.stream_id) > tuple_(*after))
    rows = connection.execute(found.order_by(table.c.sort, table.c.stream_id).limit(limit + 1)).all()
    acts = _acts(connection, generation, clocks, [row.stream_id for row in rows[:limit]])
    items = [{**orjson.loads(r.item), "status": r.now, "acts": acts.get(r.stream_id, [])} for r in rows[:limit]]
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(items=items, next=last and (last.sort, last.stream_id))


def _status_at(generation: int, clocks: Clocks, today: dt.date) -> ColumnElement[str]:
    """The status on the day; without `as_of`, what expired before today has expired."""
    table = tables(generation)["states"]
    day = clocks.day if clocks.as_of else today.toordinal()
    over = and_(table.c.status.in_(("active", "suspended")), table.c.expires < day)
    return case((over, "expired"), else_=table.c.status)


def _acts(connection: Connection, generation: int, clocks: Clocks, streams: Sequence[int]) -> dict[int, list[Any]]:
    table = tables(generation)["acts"]
    found = select(table.c.stream_id, table.c.item).where(table.c.stream_id.in_(streams), clocks.knows(table))
    found = found.where(table.c.latest <= clocks.day)
    result: dict[int, list[Any]] = {}
    for row in connection.execute(found.order_by(table.c.latest, table.c.earliest, table.c.position)):
        result.setdefault(row.stream_id, []).append(orjson.loads(row.item))
    return result
