"""The append-only store: every event gets the next position, in commit order, and is never changed again.

Positions are dense because the one row of `log_head` is advanced inside the append's own transaction; so a
reader's progress is one integer, and what it has not seen yet always lies behind it.
"""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any, TypeVar

import orjson
from sqlalchemy import Connection, Row, Table, TextClause, func, select, text

from events import canonical, content
from events.bulk import Values, add, among, listed
from events.database import Database
from events.decide import Decision, Head, Recorded, Sealed, Situation, decide, target_of
from events.drafts import Draft
from events.errors import UnknownEvent
from events.kinds.record import UUID
from events.partitions import make_ahead
from events.streams import Stream, evolve, initial
from events.tables import event_ids, events, log_head, stream_versions
from events.types import SCHEMA_VERSION, Content, Event, instant_text, kind_of
from events.upcasters import upcast

CHUNK = 2_000
UNENDING = 2**62
LOCK_MS = 15_000
ENVELOPE = [column.name for column in events.c if column.name not in ("payload", "payload_hash", "leaf_hash")]
Item = TypeVar("Item")


def head(connection: Connection) -> Head:
    """The last position and record time of the log as this transaction sees it."""
    row = connection.execute(select(log_head.c.position, log_head.c.recorded_at)).one()
    return Head(position=row.position, recorded_at=row.recorded_at)


def lock_head(connection: Connection) -> Head:
    """As `head`, and nobody else appends until this transaction ends. On PostgreSQL nothing in it waits for long."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL lock_timeout = {LOCK_MS}"))
    row = connection.execute(_statements(connection.dialect.name)["lock"]).one()
    return Head(position=row.position, recorded_at=row.recorded_at)


def append(
    database: Database,
    drafts: Sequence[Draft],
    *,
    now: int,
    author: str,
    if_match: Sequence[int] | None = None,
    streams: StreamCache | None = None,
) -> Decision:
    """Append a batch in a transaction of its own, all or nothing; on return it is on disk.

    Raises Refused (nothing appended) with every fault. `now` is in microseconds since 1970.
    """
    with database.write() as connection:
        situation = load(connection, lock_head(connection), drafts, streams or StreamCache())
        decision = decide(situation, drafts, now=now, author=author, if_match=if_match)
        write(connection, decision.sealed)
    return decision


def judge(database: Database, drafts: Sequence[Draft], *, now: int, author: str) -> Decision:
    """As `append`, on a snapshot and without writing: what would be answered now."""
    with database.read() as connection:
        situation = load(connection, head(connection), drafts, StreamCache())
    return decide(situation, drafts, now=now, author=author)


class StreamCache:
    """The states of streams used last, each valid only for the version it was made at; together of `size` acts.

    Streams of one event are not held: most never get a second, and so many objects would be work for the collector.
    """

    def __init__(self, size: int = 20_000) -> None:
        self._size, self._held = size, 0
        self._streams: OrderedDict[str, Stream] = OrderedDict()

    def get(self, name: str, version: int) -> Stream | None:
        """The stream at exactly this version, when it is held."""
        stream = self._streams.get(name)
        if stream is None or stream.version != version:
            return None
        self._streams.move_to_end(name)
        return stream

    def put(self, stream: Stream) -> None:
        """Hold a stream of several events; those unused for longest make room."""
        if stream.version < 2:
            return
        before = self._streams.pop(stream.name, None)
        self._held += _weight(stream) - (_weight(before) if before else 0)
        self._streams[stream.name] = stream
        while self._held > self._size and len(self._streams) > 1:
            _, gone = self._streams.popitem(last=False)
            self._held -= _weight(gone)


def _weight(stream: Stream) -> int:
    return max(1, len(stream.acts))


def load(connection: Connection, at: Head, drafts: Sequence[Draft], cache: StreamCache) -> Situation:
    """All that must be known of the log to judge these drafts."""
    ids = {draft.id for draft in drafts}
    for draft in drafts:
        target, other = target_of(draft), draft.content and draft.content.data.get("duplicate_of")
        ids.update(one for one in (target, other) if isinstance(one, str))
    known = _known(connection, ids)
    names = {draft.stream for draft in drafts if draft.stream and kind_of(draft.type).family != "record"}
    names |= {f"{draft.type.partition('.')[0]}:{draft.id}" for draft in drafts if not draft.stream}
    names |= {known[target].stream for target in map(target_of, drafts) if target in known}
    return Situation(head=at, known=known, streams=load_streams(connection, names, cache))


def load_streams(
    connection: Connection, names: Collection[str], cache: StreamCache, until: int | None = None
) -> dict[str, Stream]:
    """The streams with these names that exist, as they stood at the position `until` (default: now)."""
    found: dict[str, Stream] = {}
    if not names:
        return found
    dialect = connection.dialect.name
    asked = {"names": listed(names, dialect), "until": UNENDING if until is None else until}
    versions = {row[0]: row[1] for row in connection.execute(_statements(dialect)["versions"], asked)}
    held = {name: cache.get(name, version) for name, version in versions.items()}
    found |= {name: stream for name, stream in held.items() if stream is not None}
    missing = [name for name, stream in held.items() if stream is None]
    for name, stream in _fold_streams(connection, missing, until).items():
        cache.put(stream)
        found[name] = stream
    return found


@cache
def _statements(dialect: str) -> dict[str, TextClause]:
    """What every append asks, as text: making the statements anew cost more than the database's answers."""
    known = (
        "SELECT event_ids.id, content_hash, type, stream, version, events.position, recorded_at, schema_version "
        "FROM event_ids JOIN events ON events.position = event_ids.position WHERE "
    )
    versions = "SELECT stream, max(version) FROM stream_versions WHERE position <= :until AND "
    lock = "SELECT position, recorded_at FROM log_head"
    return {
        "lock": text(f"{lock} FOR UPDATE" if dialect == "postgresql" else lock),
        "advance": text("UPDATE log_head SET position = :position, recorded_at = :recorded_at"),
        "known": text(known + among("event_ids.id", "ids", dialect)),
        "versions": text(versions + among("stream", "names", dialect) + " GROUP BY stream"),
    }


def _fold_streams(connection: Connection, names: Sequence[str], until: int | None) -> dict[str, Stream]:
    streams: dict[str, Stream] = {}
    if not names:
        return streams
    joined = events.join(stream_versions, events.c.position == stream_versions.c.position)
    dialect = connection.dialect.name
    query = select(events).select_from(joined).where(text(among("stream_versions.stream", "names", dialect)))
    if until is not None:
        query = query.where(stream_versions.c.position <= until)
    for row in connection.execute(query.order_by(events.c.position), {"names": listed(names, dialect)}):
        event = _event(row)
        streams[event.stream] = evolve(streams.get(event.stream) or initial(event.stream), event)
    return streams


def _known(connection: Connection, ids: Collection[str]) -> dict[str, Recorded]:
    known: dict[str, Recorded] = {}
    dialect = connection.dialect.name
    for row in connection.execute(_statements(dialect)["known"], {"ids": listed(ids, dialect)}):
        id, content_hash, type, stream, version, position, recorded_at, schema = row
        if schema != SCHEMA_VERSION:
            content_hash = _hash_today(connection, position)
        known[id] = Recorded(
            id=id,
            type=type,
            stream=stream,
            version=version,
            position=position,
            recorded_at=recorded_at,
            content_hash=bytes(content_hash),
        )
    return known


def _hash_today(connection: Connection, position: int) -> bytes:
    """The content hash of an event written in an older format, as if it were written today."""
    event = _event(connection.execute(select(events).where(events.c.position == position)).one())
    raw = upcast(event.type, event.schema_version, event.content.as_dict())
    return canonical.content_hash(event.type, event.stream, content.read(event.type, raw).as_dict())


def write(connection: Connection, new: Sequence[Sealed]) -> None:
    """Insert decided events and advance the head; the caller holds the head's lock and commits."""
    if not new:
        return
    ids = [(one.event.id, one.event.position, one.content_hash) for one in new]
    versions = [(one.event.stream, one.event.version, one.event.position) for one in new]
    rows = {events: [_row(one) for one in new], event_ids: ids, stream_versions: versions}
    last = new[-1].event
    put(connection, rows, new[0].event.position, Head(position=last.position, recorded_at=last.recorded_at))
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_notify('depositary', :position)"), {"position": str(last.position)})


def put(connection: Connection, rows: Mapping[Table, Sequence[Values]], first: int, last: Head) -> None:
    """Insert the rows of the positions from `first` to `last`, and advance the head to it."""
    make_ahead(connection, first, last.position)
    for table, each in rows.items():
        add(connection, table, each)
    moved = {"position": last.position, "recorded_at": last.recorded_at}
    connection.execute(_statements(connection.dialect.name)["advance"], moved)


def _row(one: Sealed) -> tuple[Any, ...]:
    row = envelope(one.event)
    payload_hash = canonical.digest(one.payload)
    leaf = canonical.leaf_hash({**row, "recorded_at": instant_text(one.event.recorded_at)}, payload_hash)
    return (*row.values(), one.payload, payload_hash, leaf)


def envelope(event: Event) -> dict[str, Any]:
    """The event without its content, as the columns of its row."""
    return {
        "position": event.position,
        "id": event.id,
        "type": event.type,
        "stream": event.stream,
        "version": event.version,
        "recorded_at": event.recorded_at,
        "recorded_by": event.recorded_by,
        "schema_version": event.schema_version,
        "earliest": event.earliest and event.earliest.isoformat(),
        "latest": event.latest and event.latest.isoformat(),
    }


def _event(row: Row[Any]) -> Event:
    """A row of the log, whose columns stand in the order of the table, as an event."""
    position, id, type, stream, version, recorded_at, recorded_by, schema, earliest, latest, payload, *_ = tuple(row)
    said = orjson.loads(payload)
    return Event(
        id=id,
        type=type,
        stream=stream,
        version=version,
        position=position,
        recorded_at=recorded_at,
        recorded_by=recorded_by,
        schema_version=schema,
        earliest=_day(earliest),
        latest=_day(latest),
        content=Content(
            occurred_on=said.get("occurred_on"),
            title=said.get("title"),
            data=said["data"],
            sources=tuple(said["sources"]),
            note=said.get("note"),
        ),
    )


def _day(value: str | None) -> dt.date | None:
    return dt.date.fromisoformat(value) if value else None


def read(
    connection: Connection,
    after: int = 0,
    limit: int = 500,
    *,
    until: int | None = None,
    type: str | None = None,
    stream: str | None = None,
) -> list[Event]:
    """At most `limit` events behind the position `after`, up to `until`, in position order."""
    query = select(events).where(events.c.position > after)
    if stream is not None:
        joined = events.join(stream_versions, events.c.position == stream_versions.c.position)
        query = query.select_from(joined).where(stream_versions.c.stream == stream)
    if until is not None:
        query = query.where(events.c.position <= until)
    if type is not None:
        query = query.where(events.c.type == type)
    return [_event(row) for row in connection.execute(query.order_by(events.c.position).limit(limit))]


def get(connection: Connection, id: str) -> Event:
    """One event as stored. Raises UnknownEvent."""
    if not UUID.fullmatch(id):
        raise UnknownEvent(id)
    joined = events.join(event_ids, events.c.position == event_ids.c.position)
    row = connection.execute(select(events).select_from(joined).where(event_ids.c.id == id)).one_or_none()
    if row is None:
        raise UnknownEvent(id)
    return _event(row)


def read_stream(connection: Connection, name: str) -> list[Event]:
    """All events of a stream in version order; none when it does not exist."""
    joined = events.join(stream_versions, events.c.position == stream_versions.c.position)
    query = select(events).select_from(joined).where(stream_versions.c.stream == name)
    return [_event(row) for row in connection.execute(query.order_by(stream_versions.c.version))]


def resolve(connection: Connection, instant: int) -> int:
    """The last position recorded at or before an instant (microseconds since 1970); 0 before the first event."""
    query = select(events.c.position).where(events.c.recorded_at <= instant)
    order = (events.c.recorded_at.desc(), events.c.position.desc())
    return connection.scalar(query.order_by(*order).limit(1)) or 0


def recorded_at(connection: Connection, position: int) -> int | None:
    """When the event at a position was recorded (microseconds since 1970); None where there is none."""
    return connection.scalar(select(events.c.recorded_at).where(events.c.position == position))


def altered(connection: Connection, after: int, limit: int) -> tuple[int, list[str]]:
    """Hash the next rows again: the last position read, and a line for each row that is not as it was written."""
    lines: list[str] = []
    last = after
    query = select(events).where(events.c.position > after).order_by(events.c.position).limit(limit)
    for row in connection.execute(query):
        if row.position != last + 1:
            lines.append(f"position {last + 1} is missing")
        last = row.position
        fields = {**{str(name): getattr(row, name) for name in ENVELOPE}, "recorded_at": instant_text(row.recorded_at)}
        if canonical.digest(row.payload) != row.payload_hash:
            lines.append(f"position {row.position} ({row.id}): its content was altered")
        elif canonical.leaf_hash(fields, row.payload_hash) != row.leaf_hash:
            lines.append(f"position {row.position} ({row.id}): its envelope was altered")
    return last, lines


def unlisted(connection: Connection) -> list[str]:
    """A line for each event whose id or version is not listed as it stands in the log."""
    ids = (event_ids.c.id == events.c.id) & (event_ids.c.position == events.c.position)
    versions = (stream_versions.c.stream == events.c.stream) & (stream_versions.c.version == events.c.version)
    versions &= stream_versions.c.position == events.c.position
    joined = events.outerjoin(event_ids, ids).outerjoin(stream_versions, versions)
    lost = event_ids.c.id.is_(None) | stream_versions.c.stream.is_(None)
    query = select(events.c.position, events.c.id).select_from(joined).where(lost).order_by(events.c.position)
    lines = [
        f"position {row.position} ({row.id}): its id or version is not listed" for row in connection.execute(query)
    ]
    total = connection.scalar(select(func.count()).select_from(events))
    for table in (event_ids, stream_versions):
        count = connection.scalar(select(func.count()).select_from(table))
        if count != total:
            lines.append(f"{table.name} has {count} rows, the log {total} events")
    return lines


def chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """The items in lists of at most `size`."""
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part
