"""Events folded into the changes of a view's rows, in memory, without the database. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from events.streams import Stream, evolve, initial
from events.types import Event
from projections.view import COUNTS, OPEN, Key, Rows, View


@dataclass(kw_only=True)
class Changes:
    """Rows to insert (complete with `known_from` and `known_until`) and rows to close, by table; and what to add up."""

    inserts: dict[str, dict[Key, list[dict[str, Any]]]] = field(default_factory=dict)
    closes: dict[str, list[tuple[Key, int]]] = field(default_factory=dict)
    sums: Counter[Key] = field(default_factory=Counter)

    def apply(self, stream_id: int, position: int, before: Rows, after: Rows) -> None:
        """Note what one event at a position changed in the rows of a stream."""
        self._add_up(before.get(COUNTS, {}), after.get(COUNTS, {}))
        for table in {*before, *after} - {COUNTS}:
            old, new = before.get(table, {}), after.get(table, {})
            for key in old:
                if old[key] != new.get(key):
                    self._close(table, (stream_id, *key), position)
            for key, values in new.items():
                if values != old.get(key):
                    row = {"known_from": position, "known_until": OPEN, **values}
                    self.inserts.setdefault(table, {}).setdefault((stream_id, *key), []).append(row)

    def _add_up(self, old: Mapping[Key, Mapping[str, Any]], new: Mapping[Key, Mapping[str, Any]]) -> None:
        for key, row in new.items():
            self.sums[key] += row["n"]
        for key, row in old.items():
            self.sums[key] -= row["n"]

    def _close(self, table: str, key: Key, position: int) -> None:
        rows = self.inserts.get(table, {}).get(key)
        if rows and rows[-1]["known_until"] == OPEN:
            rows[-1]["known_until"] = position
        else:
            self.closes.setdefault(table, []).append((key, position))


def fold(view: View, streams: Mapping[str, Stream], events: Iterable[Event]) -> tuple[Changes, dict[str, Stream]]:
    """What these events change in a view, and the streams after them; `streams` are those that stood before.

    An act that comes last in its life cycle, as most do, costs its own rows; anything else those of its whole stream.
    """
    changes, now, rows = Changes(), dict(streams), dict[str, Rows]()
    for event in events:
        before = now.get(event.stream) or initial(event.stream)
        after = evolve(before, event)
        now[event.stream] = after
        if view.last and _is_last(before, after, event):
            rows.pop(event.stream, None)
            changes.apply(after.first, event.position, {}, view.last(after))
            continue
        old = rows[event.stream] if event.stream in rows else view.rows(before)
        rows[event.stream] = view.rows(after)
        changes.apply(after.first, event.position, old, rows[event.stream])
    return changes, now


def _is_last(before: Stream, after: Stream, event: Event) -> bool:
    """Whether an event is an act behind all that stand in its stream."""
    act = after.acts.get(event.id)
    return act is not None and all(other.order < act.order for other in before.acts.values() if not other.retracted)
