"""Files taken into the log, batch by batch, each whole or not at all; or only tried, without writing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from events import store
from events.database import Database
from events.decide import Decision, Head, Recorded, Situation, decide
from events.drafts import Draft
from events.errors import Fault, Refused
from events.store import StreamCache
from events.streams import Stream
from service.files import Line

BATCH = 2_000
AUTHOR = "import"
MOST_WRONG = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """One fault of a file: its line, the JSON pointer into the event, and what to do."""

    line: int
    pointer: str
    detail: str


@dataclass(kw_only=True)
class Result:
    """How many events were appended and how many stood in the log before; how many faults, and the first of them."""

    appended: int = 0
    repeated: int = 0
    faults: int = 0
    wrong: list[Wrong] = field(default_factory=list)


def batches(lines: Iterable[Line], size: int = BATCH) -> Iterator[list[Line]]:
    """The lines in batches, none of which holds an id twice."""
    batch: list[Line] = []
    ids: set[str] = set()
    for line in lines:
        if len(batch) >= size or line.draft.id in ids:
            yield batch
            batch, ids = [], set()
        batch.append(line)
        ids.add(line.draft.id)
    if batch:
        yield batch


def run(
    lines: Iterable[Line],
    append: Callable[[list[Draft]], Decision],
    progress: Callable[[int], None],
    *,
    to_the_end: bool = False,
) -> Result:
    """Append the lines; the first batch with a fault is left out and ends it, unless `to_the_end`."""
    result = Result()
    for batch in batches(lines):
        drafts = [replace(line.draft, index=index) for index, line in enumerate(batch)]
        try:
            decision = append(drafts)
        except Refused as refused:
            result.faults += len(refused.faults)
            room = max(0, MOST_WRONG - len(result.wrong))
            result.wrong += [_wrong(batch, fault) for fault in refused.faults[:room]]
            if not to_the_end:
                return result
            progress(batch[-1].read)
            continue
        result.appended += len(decision.events)
        result.repeated += len(batch) - len(decision.events)
        progress(batch[-1].read)
    return result


def _wrong(batch: list[Line], fault: Fault) -> Wrong:
    return Wrong(line=batch[fault.index].number, pointer=fault.pointer, detail=fault.detail)


def appender(database: Database, clock: Callable[[], int]) -> Callable[[list[Draft]], Decision]:
    """Append each batch in a transaction of its own."""
    streams = StreamCache()

    def append(drafts: list[Draft]) -> Decision:
        if any(draft.faults for draft in drafts):
            return store.judge(database, drafts, now=clock(), author=AUTHOR)
        return store.append(database, drafts, now=clock(), author=AUTHOR, streams=streams)

    return append


class DryRun:
    """Judges batches as if those before had been appended, and writes nothing."""

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database, self._clock = database, clock
        self._head: Head | None = None
        self._known: dict[str, Recorded] = {}
        self._streams: dict[str, Stream] = {}

    def append(self, drafts: list[Draft]) -> Decision:
        """Judge one batch. Raises Refused."""
        with self._database.read() as connection:
            head = self._head or store.head(connection)
            found = store.load(connection, head, drafts, StreamCache())
        known, streams = {**found.known, **self._known}, {**found.streams, **self._streams}
        situation = Situation(head=head, known=known, streams=streams)
        decision = decide(situation, drafts, now=self._clock(), author=AUTHOR)
        self._head = decision.after.head
        self._known |= {event.id: decision.after.known[event.id] for event in decision.events}
        self._streams |= {event.stream: decision.after.streams[event.stream] for event in decision.events}
        return decision
