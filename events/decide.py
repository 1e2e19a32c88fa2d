"""Whether a batch of drafts may be appended, judged on the log as it stands. Pure: state and clock are arguments.

The order of judgement: an id already in the log; the draft's own faults; the expected version and the state of the
act, draft by draft; and last, once for the whole batch, whether each stream is still a possible sequence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from events import canonical, content, edtf, lifecycle
from events.drafts import Draft
from events.errors import Code, Fault, Refused
from events.patches import merge
from events.streams import Act, Stream, evolve, initial
from events.types import SCHEMA_VERSION, Content, Event, kind_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The last position of the log and its record time (microseconds since 1970); 0 and 0 when it is empty."""

    position: int = 0
    recorded_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What is known of an event already in the log; `content_hash` is that of its content in today's form."""

    id: str
    type: str
    stream: str
    version: int
    position: int
    recorded_at: int
    content_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All that must be known of the log to judge a batch: the ids and streams it touches, and the head."""

    head: Head
    known: Mapping[str, Recorded] = field(default_factory=dict)
    streams: Mapping[str, Stream] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Where a draft stands in the log. `repeated` when it stood there before."""

    id: str
    stream: str
    version: int
    position: int
    recorded_at: int
    repeated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """An event with what is stored of its content: canonical bytes and their hash (`canonical.content_hash`)."""

    event: Event
    payload: bytes
    content_hash: bytes


def seal(event: Event) -> Sealed:
    """An event ready to be written."""
    payload = canonical.encode(event.content.as_dict())
    return Sealed(event=event, payload=payload, content_hash=canonical.hash_of(event.type, event.stream, payload))


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One answer a draft, in order; the events to append; and the situation once they are."""

    answers: tuple[Answer, ...]
    sealed: tuple[Sealed, ...]
    after: Situation

    @property
    def events(self) -> tuple[Event, ...]:
        """The events to append."""
        return tuple(one.event for one in self.sealed)


def target_of(draft: Draft) -> str | None:
    """The id of the act that a record event is about."""
    if draft.content and draft.type.startswith("record."):
        return str(draft.content.data["event"])
    return None


def stream_of(draft: Draft, known: Mapping[str, Recorded]) -> str | None:
    """The stream a draft belongs to, made where its writer left it out; None when that cannot be told."""
    if draft.stream is not None:
        return draft.stream
    target = target_of(draft)
    if target is not None:
        return known[target].stream if target in known else None
    return f"{draft.type.partition('.')[0]}:{draft.id}"


def hash_of(draft: Draft, stream: str) -> bytes:
    """The content hash of a draft whose content is sound."""
    assert draft.content is not None
    return canonical.content_hash(draft.type, stream, draft.content.as_dict())


def decide(
    situation: Situation,
    drafts: Sequence[Draft],
    *,
    now: int,
    author: str,
    if_match: Sequence[int] | None = None,
) -> Decision:
    """Judge a batch as a whole: either every draft gets an answer, or Refused names every fault.

    `now` is the clock in microseconds since 1970, `author` the name of whoever writes. `if_match` lists the versions
    of which the one stream of the batch must have one.
    """
    batch = _Batch(situation, now, author)
    for draft in drafts:
        batch.judge(draft)
    if if_match is not None:
        batch.match(if_match)
    if not batch.faults:
        batch.judge_sequences()
    if batch.faults:
        raise Refused(batch.faults)
    after = Situation(head=batch.head, known=batch.known, streams=batch.streams)
    return Decision(answers=tuple(batch.answers), sealed=tuple(batch.sealed), after=after)


class _Batch:
    """The judgement of one batch under way; never outlives `decide`."""

    def __init__(self, situation: Situation, now: int, author: str) -> None:
        self.before, self.now, self.author = situation, now, author
        self.head = situation.head
        self.known, self.streams = dict(situation.known), dict(situation.streams)
        self.answers: list[Answer] = []
        self.sealed: list[Sealed] = []
        self.faults: list[Fault] = []
        self.seen: set[str] = set()
        self.ids: dict[int, str] = {}
        self.touched: dict[str, Draft] = {}
        self.fresh: dict[str, Draft] = {}

    def fault(self, draft: Draft, code: Code, pointer: str, detail: str, **facts: object) -> None:
        self.faults.append(Fault(code=code, index=draft.index, pointer=pointer, detail=detail, facts=facts))

    def judge(self, draft: Draft) -> None:
        if draft.id in self.seen:
            return self.fault(draft, "invalid", "/id", "This id appears twice in the batch. Send each event once.")
        self.seen.add(draft.id)
        self.ids[draft.index] = draft.id
        recorded = self.before.known.get(draft.id)
        if recorded:
            return self.repeat(draft, recorded)
        if draft.content is None or draft.faults:
            self.faults.extend(replace(fault, index=draft.index) for fault in draft.faults)
            return None
        if kind_of(draft.type).family == "record":
            return self.judge_record(draft, draft.content)
        stream = stream_of(draft, self.known)
        assert stream is not None
        return self.accept(draft, draft.content, stream)

    def repeat(self, draft: Draft, recorded: Recorded) -> None:
        stream = stream_of(draft, self.known)
        if draft.content is None or stream is None or hash_of(draft, stream) != recorded.content_hash:
            detail = "The log holds another event under this id. Use a new id, or send the same content."
            return self.fault(draft, "id-reused", "/id", detail, position=recorded.position)
        facts = {name: getattr(recorded, name) for name in ("id", "stream", "version", "position", "recorded_at")}
        self.answers.append(Answer(repeated=True, **facts))
        return None

    def judge_record(self, draft: Draft, body: Content) -> None:
        target = str(body.data["event"])
        about = self.known.get(target)
        if about is None:
            if target not in {self.ids.get(fault.index) for fault in self.faults}:
                self.fault(draft, "invalid", "/data/event", "No such event in the log. Give the id of an act.")
            return None
        if kind_of(about.type).family != "act":
            detail = "Only acts can be corrected, retracted or reinstated; this is the id of another kind of event."
            return self.fault(draft, "invalid", "/data/event", detail)
        if draft.stream is not None and draft.stream != about.stream:
            detail = f"This act stands in the stream {about.stream}. Name that stream, or leave stream out."
            return self.fault(draft, "invalid", "/data/event", detail)
        act = self.streams[about.stream].acts[target]
        sound = self.state_allows(draft, act) and self.result_is_valid(draft, body, act)
        if sound and self.duplicate_exists(draft, body, target):
            self.accept(draft, body, about.stream)
        return None

    def state_allows(self, draft: Draft, act: Act) -> bool:
        wrong = {
            "record.corrected": act.retracted and "This act is retracted. Reinstate it before you correct it.",
            "record.retracted": act.retracted and "This act is retracted already.",
            "record.reinstated": not act.retracted and "This act stands; only a retracted act can be reinstated.",
        }[draft.type]
        if wrong:
            self.fault(draft, "wrong-state", "/data/event", wrong, event=act.event.id, retracted=act.retracted)
        return not wrong

    def result_is_valid(self, draft: Draft, body: Content, act: Act) -> bool:
        if draft.type != "record.corrected":
            return True
        corrected = merge(act.content.as_dict(), body.data["changes"])
        size = len(canonical.encode(corrected))
        if size > content.LARGEST_EVENT:
            detail = f"The act would have {size} bytes; at most {content.LARGEST_EVENT} are allowed. Shorten it."
            self.fault(draft, "too-large", "/data/changes", detail)
            return False
        try:
            content.load(act.event.type, corrected)
        except content.Invalid as error:
            for fault in error.faults:
                self.fault(draft, "invalid", "/data/changes" + fault.pointer, fault.detail)
            return False
        return True

    def duplicate_exists(self, draft: Draft, body: Content, target: str) -> bool:
        other = body.data.get("duplicate_of")
        if other is None or (
            other != target and other in self.known and kind_of(self.known[other].type).family == "act"
        ):
            return True
        detail = "This must be the id of another act in the log, or null."
        self.fault(draft, "invalid", "/data/duplicate_of", detail)
        return False

    def accept(self, draft: Draft, body: Content, name: str) -> None:
        stream = self.streams.get(name) or initial(name)
        expected = draft.expected_version
        if expected is not None and expected != stream.version:
            self.conflict(draft, "/expected_version", name, [expected], stream.version)
        recorded_at = self.record_time(draft)
        span = edtf.parse(body.occurred_on) if body.occurred_on else None
        event = Event(
            id=draft.id,
            type=draft.type,
            stream=name,
            version=stream.version + 1,
            position=self.head.position + 1,
            recorded_at=recorded_at,
            recorded_by=self.author,
            schema_version=SCHEMA_VERSION,
            earliest=span.earliest if span else None,
            latest=span.latest if span else None,
            content=body,
        )
        self.head = Head(position=event.position, recorded_at=recorded_at)
        self.streams[name] = evolve(stream, event)
        sealed = seal(event)
        self.known[event.id] = Recorded(
            id=event.id,
            type=event.type,
            stream=name,
            version=event.version,
            position=event.position,
            recorded_at=recorded_at,
            content_hash=sealed.content_hash,
        )
        self.sealed.append(sealed)
        self.answers.append(
            Answer(
                id=event.id,
                stream=name,
                version=event.version,
                position=event.position,
                recorded_at=recorded_at,
                repeated=False,
            )
        )
        self.touched[name] = draft
        self.fresh[event.id] = draft

    def record_time(self, draft: Draft) -> int:
        if draft.recorded_at is None:
            return max(self.now, self.head.recorded_at)
        if draft.recorded_at > self.now:
            self.fault(draft, "invalid", "/recorded_at", "This lies in the future. Give when it was recorded.")
        elif self.head.position and draft.recorded_at < self.head.recorded_at:
            detail = "This lies before the log's last event. Record times never decrease: sort the file by them."
            self.fault(draft, "invalid", "/recorded_at", detail)
        return draft.recorded_at

    def conflict(self, draft: Draft, pointer: str, name: str, expected: Sequence[int], actual: int) -> None:
        expected = expected if len(expected) <= 20 else expected[:1]
        wanted = " or ".join(map(str, expected))
        detail = f"The stream {name} is at version {actual}, not {wanted}. Read it again and decide anew."
        facts = {
            "stream": name,
            "expected": expected[0] if len(expected) == 1 else list(expected),
            "actual": actual,
        }
        self.fault(draft, "version-conflict", pointer, detail, **facts)

    def match(self, versions: Sequence[int]) -> None:
        if len(self.touched) > 1:
            draft = next(iter(self.touched.values()))
            return self.fault(draft, "invalid", "", "If-Match speaks of one stream. Send one stream a batch with it.")
        for name, draft in self.touched.items():
            before = self.before.streams.get(name)
            actual = before.version if before else 0
            if actual not in versions:
                self.conflict(draft, "", name, versions, actual)
        return None

    def judge_sequences(self) -> None:
        for name, draft in self.touched.items():
            stream = self.streams[name]
            kind = kind_of(name.partition(":")[0])
            acts = stream.standing()
            for conflict in lifecycle.conflicts(kind, acts):
                shown = [
                    {"id": a.event.id, "type": a.event.type, "occurred_on": a.content.occurred_on}
                    for a in conflict.acts
                ]
                where = next(
                    (self.fresh[a.event.id] for a in reversed(conflict.acts) if a.event.id in self.fresh),
                    draft,
                )
                names = "; ".join(f"{a.event.type} on {a.content.occurred_on} ({a.event.id})" for a in conflict.acts)
                detail = f"Impossible sequence in {name}: {conflict.detail} Acts in conflict: {names}."
                self.fault(where, "impossible-sequence", "", detail, stream=name, acts=shown)
            if kind.life_cycle and acts and acts[0].event.act in kind.opens:
                self.judge_first(draft, acts)

    def judge_first(self, draft: Draft, acts: Sequence[Act]) -> None:
        first = acts[0].event
        kind = kind_of(first.type)
        for name in lifecycle.missing_on_first(kind, acts):
            if first.id in self.fresh:
                detail = f"{name} is required on the first act of a {kind.name}. Add it."
                self.fault(self.fresh[first.id], "invalid", f"/data/{name}", detail)
            else:
                detail = (
                    f"{first.type} on {acts[0].content.occurred_on} ({first.id}) would become the first act of "
                    f"{first.stream}, and lacks {name}. Correct it first."
                )
                self.fault(draft, "impossible-sequence", "", detail, stream=first.stream, acts=[{"id": first.id}])
        if first.id in self.fresh:
            for name, value in acts[0].content.data.items():
                if value is None:
                    detail = "null clears what earlier acts gave, and this is the first act. Leave the field out."
                    self.fault(self.fresh[first.id], "invalid", f"/data/{name}", detail)
