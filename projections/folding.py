"""Events folded into the changes of a view's rows, in memory, without the database. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from events.streams import Stream, evolve, initial
from events.types import Event
from projections.view import OPEN, POINTS, SETS, Key, Rows, Values, View

Step = tuple[Event, Stream, Stream]
"""An event, with its stream before and after it."""


@dataclass(kw_only=True)
class Changes:
    """Rows to insert and rows to close, by table; points; and numbers to tell the meaning of.

    A row is `[*key, known_from, known_until, *values]`, in the order of its table's columns; a point is
    `(series, position, day, value, n)`.
    """

    inserts: dict[str, list[Sequence[Any]]] = field(default_factory=dict)
    closes: dict[str, list[tuple[int, Key]]] = field(default_factory=dict)
    points: list[tuple[str, int, int, str, int]] = field(default_factory=list)
    sets: dict[Key, Values] = field(default_factory=dict)
    _open: dict[str, dict[int, dict[Key, list[Any]]]] = field(default_factory=dict)

    def apply(self, stream_id: int, position: int, before: Rows, after: Rows, *, again: bool = True) -> None:
        """Note what one event at a position changed in the rows of a stream, of which others come `again` or not."""
        for table in {*before, *after} if before else after:
            old, new = before.get(table, {}), after.get(table, {})
            if table == POINTS:
                self._add_points(position, old, new)
            elif table == SETS:
                self.sets.update(new)
            elif again or old:
                self._change(table, stream_id, position, old, new)
            elif new:
                rows = [(stream_id, *key, position, OPEN, *values) for key, values in new.items()]
                self.inserts.setdefault(table, []).extend(rows)

    def _change(
        self, table: str, stream_id: int, position: int, old: Mapping[Key, Values], new: Mapping[Key, Values]
    ) -> None:
        for key, values in old.items():
            if values != new.get(key):
                self._close(table, stream_id, key, position)
        if old:
            new = {key: values for key, values in new.items() if key not in old or values != old[key]}
        rows = {key: [stream_id, *key, position, OPEN, *values] for key, values in new.items()}
        self.inserts.setdefault(table, []).extend(rows.values())
        self._open.setdefault(table, {}).setdefault(stream_id, rows).update(rows)

    def _add_points(self, position: int, old: Mapping[Key, Values], new: Mapping[Key, Values]) -> None:
        add = self.points.append
        if not old:
            self.points += [(series, position, day, value, n) for (series, day, value), (n,) in new.items() if n]
            return
        for (series, day, value), (n,) in new.items():
            if n := n - old.get((series, day, value), (0,))[0]:
                add((series, position, day, value, n))
        for (series, day, value), (n,) in old.items():
            if n and (series, day, value) not in new:
                add((series, position, day, value, -n))

    def _close(self, table: str, stream_id: int, key: Key, position: int) -> None:
        row = self._open.get(table, {}).get(stream_id, {}).pop(key, None)
        if row:
            row[len(key) + 2] = position
        else:
            self.closes.setdefault(table, []).append((position, (stream_id, *key)))


def set_rows(sets: Mapping[Key, Values]) -> list[tuple[Any, ...]]:
    """The rows of a table `sets`: one for each part of what a number stands for."""
    return [(*key, *about, one) for key, (*about, several) in sets.items() for one in several]


def steps(streams: Mapping[str, Stream], events: Iterable[Event]) -> tuple[list[Step], dict[str, Stream]]:
    """Each event with its stream before and after; and all streams at the end. `streams` stood before."""
    now, found = dict(streams), []
    for event in events:
        before = now.get(event.stream) or initial(event.stream)
        now[event.stream] = after = evolve(before, event)
        found.append((event, before, after))
    return found, now


def fold(view: View, taken: Sequence[Step]) -> Changes:
    """What these events change in a view.

    An act that comes last in its life cycle, as most do, costs its own rows; anything else those of its whole stream.
    """
    changes, rows = Changes(), dict[str, Rows]()
    events = Counter(event.stream for event, _, _ in taken)
    for event, before, after in taken:
        name = event.stream
        again = events[name] > 1
        if view.last and _is_last(before, after, event):
            rows.pop(name, None)
            changes.apply(after.first, event.position, {}, view.last(after), again=again)
            continue
        old = rows[name] if name in rows else view.rows(before) if before.version else {}
        new = view.rows(after)
        if again:
            rows[name] = new
        changes.apply(after.first, event.position, old, new, again=again)
    return changes


def _is_last(before: Stream, after: Stream, event: Event) -> bool:
    """Whether an event is an act behind all that stand in its stream."""
    act = after.acts.get(event.id)
    return act is not None and all(other.order < act.order for other in before.acts.values() if not other.retracted)
