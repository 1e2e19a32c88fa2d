"""The service against the oracle: random histories through the interface, and every view at random clocks.

The machine keeps its own log of what must have been accepted, by rules of life cycles written from the contract
alone. What the service takes in or refuses, and what its views say, must be what that log and the oracle say.
"""

from __future__ import annotations

import datetime as dt
import random
import sys
import uuid
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy.engine import make_url

from events.database import connect
from projections.checkpoints import Fenced
from projections.engine import Runner
from projections.generations import begin_generation
from projections.registry import BY_NAME, VIEWS
from service.app import create_app
from service.settings import Settings
from tests import oracle
from tests.conftest import Databases, token

Event = dict[str, Any]
Log = list[Event]


API = "/api/v1"
START = 1_767_225_600_000_000
"""The clock of the first step: 2026-01-01T00:00:00Z in microseconds since 1970."""
TICKS = (0, 0, 1, 7, 1_000_000, 90_000_000, 86_400_000_000, -1, -400_000, -3_600_000_000)

# What can be said. Few parties, names and days, so that things collide.

PARTIES = ("CA", "GB", "US", "FR", "EU", "SUHH")
NAMES = ("Mark Carney", "Émile Zola", "EMILE ZOLA", "Recep Erdoğan")
TEXTS = ("Trade and Défense", "Montréal", "Montre\u0301al week", "Straße, 2025", "Київ talks", "the Arctic's ICE")
WORDS = ("montreal", "DÉFENSE trade", "strasse", "київ", "ice", "arctic", "zola", "Erdogan mark", "2025", "x")
TOPICS = ("Trade", "trade", "Défense", "defense", "ice")

PARTY, NAME, TEXT = st.sampled_from(PARTIES), st.sampled_from(NAMES), st.sampled_from(TEXTS)
PERSON = st.fixed_dictionaries({"name": NAME}, optional={"party": PARTY, "role": TEXT})
PEOPLE, LISTED = st.lists(PERSON, max_size=3), st.lists(st.sampled_from(TOPICS), max_size=3)
PLACE = st.fixed_dictionaries({"name": TEXT}, optional={"party": PARTY})
SOURCES = st.sampled_from([[], [{"url": "https://example.org/é"}], [{"url": "http://a.ca", "published_on": "2025"}]])
FORM = st.sampled_from(("in_person", "phone", "video"))


def some(least: int, most: int) -> st.SearchStrategy[list[str]]:
    """Different parties."""
    return st.lists(PARTY, min_size=least, max_size=most, unique=True)


DAY = st.builds("{}-{:02}-{:02}".format, st.integers(2023, 2026), st.integers(1, 12), st.sampled_from((1, 10, 11, 28)))
ROUGH = st.one_of(
    st.tuples(DAY, st.sampled_from((4, 7, 10)), st.sampled_from(("", "?", "~", "%"))).map(
        lambda p: p[0][: p[1]] + p[2]
    ),
    st.tuples(DAY, st.sampled_from((4, 7))).map(lambda p: p[0][: p[1]] + "-XX"),
    DAY.map(lambda day: day[:4] + "-XX-XX"),
    st.sampled_from(("202X", "20XX")),
)
PAIR = st.tuples(DAY | ROUGH, DAY | ROUGH).map(lambda pair: sorted(pair, key=oracle.bounds))
DATE = st.one_of(DAY, DAY, ROUGH, ROUGH, PAIR.map("/".join), PAIR.map(lambda pair: f"[{pair[0]}..{pair[1]}]"))
EARLY, LATE = (
    st.one_of(st.sampled_from((f"{y}-03-10", f"{y}-05", f"{y}-07-01/{y}-09", str(y))), DATE) for y in (2022, 2027)
)

UNTIL = DAY | st.sampled_from(("2025-12-31", "2026-01-01", "2026-01-02"))

FOUR_DAYS = st.lists(DAY, min_size=4, max_size=4)

Fields = dict[str, st.SearchStrategy[Any]]
MEET: Fields = {"people": PEOPLE, "place": PLACE, "topics": LISTED}
BOND: Fields = {"scope": LISTED, "reason": TEXT}
BIND: Fields = {"form": st.sampled_from(("partnership", "alliance")), **BOND}
SIGN: Fields = {"form": st.sampled_from(("treaty", "agreement")), "reason": TEXT, "expires_on": UNTIL}
LEVY: Fields = {"goods": TEXT, "rate": TEXT, "reason": TEXT, "effective_on": DATE}
ENVOY: Fields = {"person": NAME, "post": TEXT}
OWN: Fields = {"party": PARTY}
NAMED: Fields = {"name": TEXT}
BOTH, ALL = {"parties": some(2, 3)}, {"parties": some(1, 3)}
LEVIED: Fields = {"by": PARTY, "category": st.sampled_from(("tariff", "sanction"))}
GIVEN: Fields = {"by": PARTY, "purpose": TEXT}
SENT: Fields = {"sender": PARTY, "host": PARTY}

SCHEMAS: dict[str, tuple[Fields, Fields, Fields]] = {
    # type: (required, optional and never null, optional and null where it may clear)
    "meeting.held": (
        {**BOTH, "mode": FORM},
        {**MEET, "formal": st.booleans(), "level": st.sampled_from(("leader", "minister")), "occasion": TEXT},
        {},
    ),
    "visit.made": ({"visitor": PARTY, "host": PARTY}, {**MEET, "occasion": TEXT}, {}),
    "summit.held": (NAMED, {**MEET, "organisation": PARTY, "host": PARTY, "parties": some(0, 4)}, {}),
    "statement.issued": (ALL, {"about": some(0, 2), "topics": LISTED}, {}),
    "partnership.established": ({**NAMED, **BOTH}, {**BIND, "expires_on": UNTIL}, {}),
    "partnership.renewed": (NAMED, BOTH, {**BIND, "expires_on": UNTIL}),
    **{f"partnership.{act}": (NAMED, BOTH, BIND) for act in ("upgraded", "suspended", "resumed", "ended")},
    **{f"agreement.{act}": (NAMED, ALL, {**SIGN, **OWN}) for act in ("signed", "ratified", "in_force")},
    **{f"agreement.{act}": (NAMED, ALL, SIGN) for act in ("amended", "suspended", "resumed", "ended")},
    "agreement.withdrawn": ({**NAMED, **OWN}, ALL, SIGN),
    **{
        f"measure.{act}": (LEVIED, {"targets": some(0, 3)}, LEVY)
        for act in ("announced", "imposed", "amended", "suspended", "resumed", "lifted")
    },
    "pledge.made": (GIVEN, {"to": PARTY, "items": st.integers(0, 9)}, {}),
    **{f"pledge.{act}": (GIVEN, {}, {"to": PARTY, "items": st.integers(0, 9)}) for act in ("fulfilled", "withdrawn")},
    **{
        f"representation.{act}": (SENT, {}, ENVOY)
        for act in ("opened", "closed", "appointed", "recalled", "expelled", "severed", "restored")
    },
}
ONCE = ("meeting", "visit", "summit", "statement")
LIVES = ("partnership", "partnership", "agreement", "agreement", "measure", "pledge", "representation")
OPENERS = {
    "partnership": {"established"},
    "agreement": {"signed", "ratified", "in_force"},
    "measure": {"announced", "imposed"},
    "pledge": {"made"},
}
CALM = {
    "partnership": ("renewed", "upgraded"),
    "agreement": ("amended", "ratified", "in_force", "signed", "withdrawn"),
    "measure": ("amended", "imposed", "announced"),
    "representation": ("appointed", "recalled", "closed", "opened"),
}
CLOSERS = {"ended", "lifted", "withdrawn", "fulfilled"}
ON_FIRST = {"partnership": "parties", "agreement": "parties", "measure": "targets"}


def act_of(type: str) -> st.SearchStrategy[Event]:
    """What is valid of an act of a type in itself; most acts that may open a life cycle carry what the first must."""
    kind, _, name = type.partition(".")
    required, plain, clearing = SCHEMAS[type]
    opens, on_first = name in OPENERS.get(kind, ()), ON_FIRST.get(kind)
    on = EARLY if opens else LATE if name in CLOSERS else DATE
    data = st.fixed_dictionaries(
        required,
        optional={**plain, **{name: st.one_of(value, value, value, st.none()) for name, value in clearing.items()}},
    )
    if opens:
        must = {**required, **{name: value for name, value in plain.items() if name == on_first}}
        may = {name: value for name, value in {**plain, **clearing}.items() if name != on_first}
        good = st.fixed_dictionaries(must, optional=may)
        data = st.one_of(good, good, good, data)
    title = st.fixed_dictionaries({"en": TEXT}, optional={"fr": TEXT})
    content = {"occurred_on": on, "title": title, "data": data}
    return st.fixed_dictionaries(content, optional={"note": TEXT, "sources": SOURCES})


def patch_of(type: str) -> st.SearchStrategy[Event]:
    """A merge patch over an action of a type; some remove what must stand."""
    required, plain, clearing = SCHEMAS[type]
    removable = {name: st.none() | value for name, value in {**required, **plain, **clearing}.items()}
    if "place" in plain:
        removable["place"] = st.none() | PLACE | st.just({"party": None})
    data = st.fixed_dictionaries({}, optional=removable)
    title = st.fixed_dictionaries({}, optional={"en": TEXT, "fr": st.none() | TEXT})
    rest = {"occurred_on": DATE, "title": title, "note": st.none() | TEXT, "sources": st.none() | SOURCES}
    return st.sampled_from((*rest, "data", "data", "")).flatmap(
        lambda name: st.fixed_dictionaries({name: {**rest, "data": data}[name]} if name else {})
    )


# What the log must take in


class Refusal(Exception):
    """The contract has this batch refused."""


def instant(microseconds: int) -> str:
    """An instant as the service writes it."""
    return f"{dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=microseconds):%Y-%m-%dT%H:%M:%S.%f}Z"


def after(log: Log, batch: Iterable[Event], now: int) -> Log:
    """The log after a batch. Raises Refusal."""
    longer = list(log)
    for sent in batch:
        longer.append(stored(sent, longer, now))
    fresh = {event["id"] for event in longer[len(log) :]}
    for stream in {event["stream"] for event in longer[len(log) :]}:
        acts = [act for act in oracle.actions(longer, len(longer)) if act["stream"] == stream and not act["retracted"]]
        judge_life(sorted(acts, key=oracle.life_cycle_order), fresh)
    return longer


def stored(sent: Event, log: Log, now: int) -> Event:
    """An event as the log must hold it. Raises Refusal where it cannot stand in itself."""
    kind = sent["type"].partition(".")[0]
    event = {"sources": [], **sent, "data": dict(sent["data"])}
    version = event.pop("expected_version", None)
    if kind == "record":
        event["stream"] = judge_record(event, {act["id"]: act for act in oracle.actions(log, len(log))})
    event.setdefault("stream", f"{kind}:{event['id']}")
    event["version"] = 1 + sum(other["stream"] == event["stream"] for other in log)
    if version not in (None, event["version"] - 1):
        raise Refusal("version")
    if event["type"] == "meeting.held":
        event["data"] = {"formal": True, "level": "leader", **event["data"]}
    earliest, latest, _ = oracle.bounds(event["occurred_on"]) if kind != "record" else (None, None, None)
    recorded_at = max([instant(now), *(other["recorded_at"] for other in log[-1:])])
    event.update(earliest=earliest, latest=latest, position=len(log) + 1, recorded_at=recorded_at, schema_version=1)
    return event


def judge_record(event: Event, acts: dict[str, Event]) -> str:
    """The stream of the act that a record event is about, its defaults filled in."""
    act = acts[event["data"]["event"]]
    match event["type"]:
        case "record.corrected":
            event["data"].setdefault("cosmetic", False)
            result = oracle.merge_patch({key: act[key] for key in oracle.CORRECTABLE}, event["data"]["changes"])
            lacks = [name for name in SCHEMAS[act["type"]][0] if result["data"].get(name) is None]
            if act["retracted"] or lacks or result["data"].get("place") == {}:
                raise Refusal("correction")
        case "record.retracted":
            event["data"].setdefault("duplicate_of", None)
            if act["retracted"]:
                raise Refusal("state")
        case _ if not act["retracted"]:
            raise Refusal("state")
    return str(act["stream"])


def judge_life(acts: Log, fresh: set[str]) -> None:
    """Refuse acts that cannot stand in this order."""
    kind = acts[0]["kind"] if acts else None
    if kind in ONCE and len(acts) > 1:
        raise Refusal("one act")
    suspended, closed, seen = False, False, set()
    for act in acts:
        name = act["type"].partition(".")[2]
        wrong_first = not seen and name not in OPENERS.get(kind, {name})
        again = name in ("established", "made") and name in seen
        if wrong_first or closed or again or (name == "suspended" and suspended):
            raise Refusal("sequence")
        if name == "resumed" and not suspended:
            raise Refusal("sequence")
        suspended = name == "suspended" or (suspended and name != "resumed")
        closed = name in CLOSERS and act["data"].get("party") is None
        seen.add(name)
    if kind in ON_FIRST and acts[0]["data"].get(ON_FIRST[kind]) is None:
        raise Refusal("first")
    if acts and kind not in ONCE and acts[0]["id"] in fresh and None in acts[0]["data"].values():
        raise Refusal("nothing to clear")


class Clock:
    """A clock that moves when it is told to, also back."""

    now = START

    def __call__(self) -> int:
        return self.now

    def today(self) -> str:
        """The civil day."""
        return instant(self.now)[:10]


class Record(RuleBasedStateMachine):
    """The service on a database of its own, and beside it the log that it must hold."""

    def __init__(self, databases: Databases) -> None:
        super().__init__()
        self.databases, self.url = databases, databases.new()
        self.clock, self.log, self.steps, self.ids = Clock(), Log(), 0, 0
        self.accepted: list[tuple[Log, Event]] = []
        self.kept: dict[str, bytes] = {}
        self.open()
        self.headers = token(self.app)
        self.runner = self.new_runner()

    def open(self) -> None:
        """Start the service, and what the worker uses."""
        self.app: Flask = create_app(Settings(database_url=self.url, home="CA"), clock=self.clock)
        self.client, self.worker_database = self.app.test_client(), connect(self.url)

    def close(self) -> None:
        """End the service and the worker's connections."""
        self.app.extensions["depositary"].close()
        self.worker_database.close()

    def new_runner(self) -> Runner:
        """A runner that leads: it goes by the name of the one before, so that it need not wait for the lease's end."""
        runner = Runner(self.worker_database, VIEWS, "worker", self.clock, 500)
        assert runner.lead()
        return runner

    @initialize(seed=st.integers(0, 2**16), data=st.data(), kinds=st.permutations(LIVES))
    def begin(self, seed: int, data: st.DataObject, kinds: list[str]) -> None:
        self.seed = seed
        acts = [f"{kind}.{min(OPENERS.get(kind, ['opened']))}" for kind in dict.fromkeys(kinds[:5])]
        self.send([self.new_act(data, type, f"{type.partition('.')[0]}:a") for type in acts])
        self.send([self.new_act(data, "meeting.held", None) for _ in range(4)])
        self.append(data, 0, 3)
        for kind in kinds[:3]:
            self.hear_late_of_a_whole_life(data, kind, 1, data.draw(FOUR_DAYS))

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None and self.steps:  # a step that failed tells more than this would
                self.runner.catch_up()
                self.compare(5)
        finally:
            self.close()
            if self.databases.engine == "sqlite":
                Path(str(make_url(self.url).database)).unlink()
            else:
                self.databases._run(f"DROP DATABASE {make_url(self.url).database} WITH (FORCE)")

    # Writing

    def new_id(self) -> str:
        """An id that was not used before."""
        self.ids += 1
        return str(uuid.UUID(int=self.ids))

    def post(self, batch: Log) -> Any:
        """Send a batch, one event as it is."""
        body = batch[0] if len(batch) == 1 else {"events": batch}
        return self.client.post(f"{API}/events", json=body, headers=self.headers)

    def head(self) -> int:
        """The head of the log, as the service tells it."""
        return int(self.client.get(f"{API}/events?limit=1").json["head"])

    def send(self, batch: Log, *, anonymous: bool = False) -> None:
        """Send a batch; it must be taken in or refused as the contract has it."""
        try:
            wanted = after(self.log, batch, self.clock())
        except Refusal:
            answer = self.post(batch)
            assert answer.status_code in (412, 422), (answer.json, batch)
            assert self.head() == len(self.log)
            return
        named = [dict(event) for event in batch]
        if anonymous:
            del named[-1]["id"]
        answer = self.post(named)
        assert answer.status_code == 201, (answer.json, batch)
        if anonymous:
            batch[-1]["id"] = answer.json["events"][-1]["id"]
            wanted = after(self.log, batch, self.clock())
        shown = ("id", "stream", "version", "position", "recorded_at")
        assert answer.json == {"events": [{key: event[key] for key in shown} for event in wanted[len(self.log) :]]}
        self.log = wanted
        self.accepted.append((batch, answer.json))

    def new_act(self, data: st.DataObject, type: str, stream: str | None) -> Event:
        """An act, its content drawn."""
        return {"id": self.new_id(), "type": type, **({"stream": stream} if stream else {}), **data.draw(act_of(type))}

    def draw_event(self, data: st.DataObject, so_far: Log) -> Event:
        """An event that could follow those so far, whether it may or not."""
        acts = oracle.actions(so_far, len(so_far))
        what = data.draw(st.sampled_from(("once", "life", *(["record"] * bool(acts)), "once")))
        if what == "record":
            return self.draw_record(data, data.draw(st.sampled_from(acts)))
        if what == "once":
            kind = data.draw(st.sampled_from(("meeting", "meeting", *ONCE)))
            types = [type for type in SCHEMAS if type.startswith(kind + ".")]
            stream = data.draw(st.sampled_from((None, None, f"{kind}:a", f"{kind}:b")))
            return self.new_act(data, types[0], stream)
        kind = data.draw(st.sampled_from(LIVES))
        stream = f"{kind}:{data.draw(st.sampled_from('ab'))}"
        begun = any(act["stream"] == stream and not act["retracted"] for act in acts)
        names = [type.partition(".")[2] for type in SCHEMAS if type.startswith(kind + ".")]
        fitting = [name for name in names if (name in OPENERS.get(kind, names)) != begun] or names
        return self.new_act(data, f"{kind}.{data.draw(st.sampled_from((*fitting, *fitting, *names)))}", stream)

    def draw_record(self, data: st.DataObject, act: Event) -> Event:
        """A record event about an act."""
        names = ("corrected", "corrected", "corrected", "retracted", "retracted", "reinstated")
        name = data.draw(st.sampled_from(("reinstated", "reinstated", "corrected") if act["retracted"] else names))
        body: Event = {"event": act["id"], "reason": "it was so"}
        if name == "corrected":
            body["changes"] = data.draw(patch_of(act["type"]))
            body |= data.draw(st.sampled_from(({}, {"cosmetic": True}, {"cosmetic": False})))
        return {"id": self.new_id(), "type": f"record.{name}", "data": body}

    @rule(data=st.data(), ticks=st.lists(st.sampled_from(TICKS), min_size=2, max_size=4))
    def append_one_by_one(self, data: st.DataObject, ticks: list[int]) -> None:
        for tick in ticks:
            self.append(data, tick, 1)
            self.send([self.new_act(data, "meeting.held", None)])

    @rule(data=st.data(), tick=st.sampled_from(TICKS), size=st.integers(2, 6))
    def append(self, data: st.DataObject, tick: int, size: int) -> None:
        self.clock.now += tick
        batch, so_far = Log(), self.log
        for _ in range(size):
            event = self.draw_event(data, so_far)
            if data.draw(st.integers(0, 9)) == 9:
                event["expected_version"] = data.draw(st.integers(0, 3))
            batch.append(event)
            try:
                so_far = [*so_far, stored(event, so_far, self.clock())]
            except Refusal:
                break
        about = {event["data"].get("event") for event in batch}
        self.send(batch, anonymous=batch[-1]["id"] not in about and data.draw(st.booleans()))

    @precondition(lambda self: any(event["version"] > 1 for event in self.log))
    @rule(data=st.data(), tick=st.sampled_from(TICKS))
    def swap_two_dates(self, data: st.DataObject, tick: int) -> None:
        self.clock.now += tick
        acts = oracle.actions(self.log, len(self.log))
        one = data.draw(st.sampled_from(acts))
        other = data.draw(st.sampled_from([act for act in acts if act["stream"] == one["stream"]]))
        dates = ((one, other["occurred_on"]), (other, one["occurred_on"]))
        bodies = [{"event": act["id"], "changes": {"occurred_on": on}, "reason": "mixed up"} for act, on in dates]
        self.send([{"id": self.new_id(), "type": "record.corrected", "data": body} for body in bodies])

    @precondition(lambda self: self.log)
    @rule(data=st.data(), tick=st.sampled_from(TICKS), name=st.sampled_from(("retracted", "reinstated")))
    def retract_or_reinstate_a_whole_stream(self, data: st.DataObject, tick: int, name: str) -> None:
        self.clock.now += tick
        stream = data.draw(st.sampled_from(sorted({event["stream"] for event in self.log})))
        acts = [act for act in oracle.actions(self.log, len(self.log)) if act["stream"] == stream]
        ids = data.draw(st.permutations([act["id"] for act in acts if act["retracted"] == (name == "reinstated")]))
        bodies = [{"event": id, "reason": "all of it"} for id in ids]
        if bodies:
            self.send([{"id": self.new_id(), "type": f"record.{name}", "data": body} for body in bodies])

    @rule(data=st.data(), ticks=st.lists(st.sampled_from(TICKS), min_size=2, max_size=5))
    def hear_more_of_what_goes_on(self, data: st.DataObject, ticks: list[int]) -> None:
        """Acts, often of uncertain date, that fit wherever they fall, and carry over or clear what others gave."""
        for tick in ticks:
            self.clock.now += tick
            acts = oracle.actions(self.log, len(self.log))
            lives = sorted({act["stream"] for act in acts if act["kind"] in CALM and not act["retracted"]})
            if lives:
                stream = data.draw(st.sampled_from(lives))
                kind = stream.partition(":")[0]
                act = self.new_act(data, f"{kind}.{data.draw(st.sampled_from(CALM[kind]))}", stream)
                self.send([{**act, "occurred_on": data.draw(ROUGH | PAIR.map("/".join) | DATE)}])

    @rule(
        data=st.data(),
        kind=st.sampled_from(LIVES),
        tick=st.sampled_from(TICKS),
        days=FOUR_DAYS,
    )
    def hear_late_of_a_whole_life(self, data: st.DataObject, kind: str, tick: int, days: list[str]) -> None:
        """All acts of a life cycle in one batch, in any order."""
        self.clock.now += tick
        stream = f"{kind}:{data.draw(st.sampled_from('abc'))}"
        lives = {
            "partnership": ("established suspended resumed suspended", "established suspended resumed ended"),
            "agreement": ("signed ratified in_force withdrawn", "signed suspended in_force resumed"),
            "measure": ("announced suspended resumed suspended", "imposed amended suspended lifted"),
            "pledge": ("made fulfilled",),
            "representation": ("opened appointed recalled closed",),
        }
        names = data.draw(st.sampled_from(lives[kind])).split()
        names = data.draw(st.sampled_from((names, names, names[:3], names[1:3])))
        acts = [self.new_act(data, f"{kind}.{name}", stream) for name in names]
        for act, on in zip(acts, sorted(days), strict=False):
            act["occurred_on"] = on
        self.send(data.draw(st.permutations(acts)))

    @precondition(lambda self: self.accepted)
    @rule(data=st.data(), more=st.booleans(), tick=st.sampled_from(TICKS))
    def send_again(self, data: st.DataObject, more: bool, tick: int) -> None:
        self.clock.now += tick
        batch, answer = data.draw(st.sampled_from(self.accepted))
        new = [self.new_act(data, "meeting.held", None)] if more else []
        again = self.post([*batch, *new])
        assert again.status_code == (201 if more else 200), again.json
        assert again.json["events"][: len(batch)] == answer["events"]
        self.log = after(self.log, new, self.clock())
        assert self.head() == len(self.log)

    @precondition(lambda self: self.accepted)
    @rule(data=st.data(), where=st.sampled_from((0, -1)))
    def send_what_must_be_refused(self, data: st.DataObject, where: int) -> None:
        good = self.new_act(data, "meeting.held", None)
        known, about = self.accepted[-1][0][0], {"event": self.log[0]["id"], "reason": "no"}
        records = [event["id"] for event in self.log if event["type"].startswith("record.")]
        bad: list[tuple[int, Event]] = [
            (409, {**good, "id": known["id"], "note": "Not what was sent"}),
            (412, {**good, "id": self.new_id(), "expected_version": 7}),
            (422, good),
            (422, {**good, "id": self.new_id(), "occurred_on": "2025-02-30"}),
            (422, {**good, "id": self.new_id(), "title": {"en": " "}}),
            (422, {**good, "id": self.new_id(), "colour": "red"}),
            (422, {**good, "id": self.new_id(), "data": {**good["data"], "parties": ["CA"]}}),
            (422, {**good, "id": self.new_id(), "data": {**good["data"], "parties": ["CA", "UK"]}}),
            (422, {**good, "id": self.new_id(), "data": {**good["data"], "level": None}}),
            (422, {**good, "id": self.new_id(), "stream": "visit:a"}),
            (422, {"type": "record.reinstated", "data": {**about, "event": self.new_id()}}),
            (422, {"type": "record.retracted", "data": about, "stream": "meeting:elsewhere"}),
            (422, {"type": "record.retracted", "data": {**about, "duplicate_of": about["event"]}}),
            *((422, {"type": "record.retracted", "data": {**about, "event": id}}) for id in records[:1]),
        ]
        status, event = data.draw(st.sampled_from(bad))
        answer = self.post([event, good] if where == 0 else [good, event])
        assert answer.status_code == status, (answer.json, event)
        assert answer.mimetype == "application/problem+json"
        assert self.head() == len(self.log)

    # Working

    @rule(batch=st.sampled_from((1, 2, 3, 7, 500)), steps=st.sampled_from((1, 2, 3, 1000)))
    def work(self, batch: int, steps: int) -> None:
        self.runner.batch = batch
        while steps and self.runner.step():
            steps -= 1

    @rule(what=st.sampled_from((*BY_NAME, *BY_NAME, "restart", "take over", "take over")), resigned=st.booleans())
    def rebuild_or_restart(self, what: str, resigned: bool) -> None:
        if what == "restart":
            self.restart(resigned)
        elif what == "take over":
            self.take_over()
        else:
            begin_generation(self.worker_database, BY_NAME[what], self.clock())

    def restart(self, resigned: bool) -> None:
        """End the service and the worker, with or without a word, and start both again."""
        if resigned:
            self.runner.resign()
        self.close()
        self.open()
        self.runner = self.new_runner()

    def take_over(self) -> None:
        """Another runner takes the lease; the one before can write no more."""
        old, self.runner = self.runner, self.new_runner()
        behind = any(row["lag"] or row.get("rebuilding") for row in self.client.get(f"{API}/projections").json)
        if behind:
            with pytest.raises(Fenced):
                old.step()
        assert not old.step()

    # Reading

    @invariant()
    def every_tenth_step(self) -> None:
        self.steps += 1
        if self.steps % 10 == 0:
            self.compare(2)

    def compare(self, times: int) -> None:
        """Hold the log and every view against what they must be, at random clocks."""
        self.random = random.Random(f"{self.seed}/{self.steps}")
        pages = self.pages("/events", "events", {"limit": self.random.randint(3, 50)})
        assert [{key: event[key] for key in event if key != "recorded_by"} for event in pages] == self.log
        reached = min(row["position"] for row in self.client.get(f"{API}/projections").json)
        if reached < len(self.log):
            url = f"{API}/timeline?at_position={len(self.log)}&wait=0"
            assert self.client.get(url).status_code in (200, 503)
        for _ in range(times):
            self.compare_at(reached)
        for url, body in self.random.sample(sorted(self.kept.items()), min(4, len(self.kept))):
            assert self.client.get(url).data == body, url

    def pick_clocks(self, reached: int) -> tuple[Event, str | None, int | None]:
        """Parameters for two clocks, the day, and the position they mean (None: what the view has reached)."""
        pick = self.random
        days = [event[key] for event in self.log for key in ("earliest", "latest") if event[key]]
        acts = oracle.actions(self.log, reached)
        days += [act[key] for act in acts for key in ("earliest", "latest")]
        days += [act["data"]["expires_on"] for act in acts if act["data"].get("expires_on")]
        near = dt.date.fromisoformat(pick.choice(days or ["2025-01-01"])) + dt.timedelta(pick.choice((-1, 0, 0, 1)))
        as_of = pick.choice((None, near.isoformat(), near.isoformat(), f"{pick.randint(2023, 2026)}-06-11"))
        clocks: Event = {"as_of": as_of} if as_of else {}
        position = None
        match pick.choice(("now", "position", "position", "instant")):
            case "position":
                clocks["at_position"] = position = pick.choice((0, reached, pick.randint(0, reached)))
            case "instant":
                texts = [event["recorded_at"] for event in self.log] + [instant(self.clock()), "2100-01-01T00:00:00Z"]
                known_at = pick.choice(texts)
                if pick.random() < 0.4 and known_at < "2100":
                    before = dt.datetime.fromisoformat(known_at[:-1]) - dt.timedelta(microseconds=1)
                    known_at = f"{before:%Y-%m-%dT%H:%M:%S.%f}Z"
                known = sum(event["recorded_at"] <= known_at for event in self.log)
                if known <= reached:
                    clocks["known_at"], position = known_at, known
        return clocks, as_of, position

    def compare_at(self, reached: int) -> None:
        """All views at one pair of clocks."""
        clocks, as_of, position = self.pick_clocks(reached)
        at = (self.log, reached if position is None else position, as_of)
        self.compare_timeline(clocks, at)
        self.compare_tallies(clocks, at)
        self.compare_partnerships(clocks, at)
        self.compare_diff(reached)

    def pick_filters(self, **strategies: Any) -> Event:
        """Some of these filters, each with one of its values."""
        names = [name for name in strategies if self.random.random() < 1.6 / len(strategies)]
        return {name: self.random.choice(strategies[name]) for name in names}

    def compare_timeline(self, clocks: Event, at: tuple[Log, int, str | None]) -> None:
        days = ("2023-10-10", "2024-01-01", "2024-12-28", "2025-06-10", "2026-02-11")
        kinds = [type.partition(".")[0] for type in SCHEMAS]
        involved = {
            "party": [[party] for party in PARTIES] + [["EU", "FR"]],
            "between": [self.random.sample(PARTIES, 2) for _ in range(3)],
            "person": NAMES,
        }
        rest = {
            "kind": [[kind] for kind in kinds] + [["meeting", "visit"]], "type": [[type] for type in SCHEMAS],
            "topic": TOPICS, "mode": [["phone"], ["in_person", "video"]], "formal": [True, False],
            "level": ["leader", "official", "minister"], "since": days, "until": days, "certain": [True, False],
            "q": WORDS, "sourced": [True, False], "retracted": [True],
        }  # fmt: skip
        for filters in (
            self.pick_filters(**involved),
            self.pick_filters(**rest),
            self.pick_filters(**involved, **rest),
        ):
            query: Event = dict(filters)
            if "between" in query:
                query["between"] = ",".join(query["between"])
            if "retracted" in query:
                query["retracted"] = "include"
            query["order"] = order = self.random.choice(("asc", "desc"))
            wanted = oracle.timeline(*at, **filters, order=order)
            query["limit"] = self.random.randint(1, 9) if len(wanted) < 20 else 40
            assert self.pages("/timeline", "items", {**clocks, **query}, at[1]) == wanted

    def compare_tallies(self, clocks: Event, at: tuple[Log, int, str | None]) -> None:
        filters = self.pick_filters(
            since=["2023-10-10", "2024-12-28", "2025-06-10"], mode=[["phone"], ["in_person", "video"]],
            formal=[True, False, "any"], level=["leader", "minister"], person=NAMES, party=[["CA", "GB"], ["US"]],
        )  # fmt: skip
        of = self.random.choice(PARTIES)
        query = {**clocks, **filters, "of": of, "limit": self.random.choice((1, 2, 500))}
        rows = self.pages("/tallies", "tallies", query, at[1])
        wanted = oracle.tallies(*at, of=of, **filters)
        assert sorted(map(nameless, rows), key=lambda row: (-row["count"], row["party"])) == wanted
        order = [(-row["count"], oracle.plain(row["name"])) for row in rows]
        assert order == sorted(order)
        for row in rows[:1]:
            assert len(self.pages_of(row["actions"], "items")) == row["count"], row["actions"]
        assert self.pages("/tallies/series", "steps", query, at[1]) == oracle.series(*at, of=of, **filters)

    def compare_partnerships(self, clocks: Event, at: tuple[Log, int, str | None]) -> None:
        filters = self.pick_filters(party=[["CA"], ["GB", "US"]], form=["alliance", "treaty", "partnership"])
        kinds = self.random.choice((("partnership",), ("agreement",), ("partnership", "agreement")))
        for status in ("all", self.random.choice(("active", "suspended", "ended", "expired"))):
            query = {**clocks, **filters, "status": status, "limit": self.random.choice((1, 2, 500))}
            items = self.pages("/partnerships", "items", {**query, "kinds": ",".join(kinds)}, at[1])
            wanted = oracle.partnerships(*at, **filters, status=status, kinds=kinds, today=self.clock.today())
            shown = [{**item, "acts": [act["id"] for act in item["acts"]]} for item in items]
            assert sorted(shown, key=lambda item: item["stream"]) == wanted
            names = [oracle.plain(item["name"]) for item in items]
            assert names == sorted(names)

    def compare_diff(self, reached: int) -> None:
        ends, query = [], {"of": self.random.choice(PARTIES)}
        for side in ("from", "to"):
            clocks, as_of, position = self.pick_clocks(reached)
            names = {"as_of": "as_of", "at_position": "position", "known_at": "known_at"}
            query |= {f"{side}_{names[name]}": value for name, value in clocks.items()}
            ends.append((as_of, reached if position is None else position))
        got = self.get(f"{API}/diff?{urlencode(query)}")
        assert [(got[side]["as_of"], got[side]["position"]) for side in ("from", "to")] == ends
        wanted = oracle.diff(self.log, *ends, of=query["of"], today=self.clock.today())
        ids = {name: [item["id"] for item in items] for name, items in got["actions"].items()}
        assert ids == {name: ids[::-1] for name, ids in wanted["actions"].items()}
        assert sorted(map(nameless, got["tallies"]), key=lambda row: row["party"]) == wanted["tallies"]
        assert list(map(nameless, got["partnerships"])) == wanted["partnerships"]
        before, now = ({item["id"]: item for item in oracle.timeline(self.log, p, d)} for d, p in ends)
        for row in got["actions"]["corrected"]:
            leads_to = said(before[row["id"]])
            for change in row["changes"]:
                leads_to = changed(leads_to, change)
            assert leads_to == said(now[row["id"]])

    def get(self, url: str) -> Any:
        """What a call answers; a final answer is kept, to be asked for again later."""
        answer = self.client.get(url)
        assert answer.status_code == 200, (url, answer.json)
        if "immutable" in answer.headers["Cache-Control"]:
            self.kept[url] = answer.data
        return answer.json

    def pages(self, path: str, name: str, query: Event, position: int | None = None) -> list[Any]:
        """All of a list, page by page."""
        words = {True: "true", False: "false"}
        parameters = {key: words[value] if isinstance(value, bool) else value for key, value in query.items()}
        return self.pages_of(f"{API}{path}?{urlencode(parameters, doseq=True)}", name, position)

    def pages_of(self, url: str | None, name: str, position: int | None = None) -> list[Any]:
        """All of the list that a link leads to."""
        found: list[Any] = []
        while url:
            page = self.get(url)
            assert position in (None, page.get("position"))
            found += page[name]
            url = page["next"]
        return found


def nameless(row: Event) -> Event:
    """A row without what the oracle does not know."""
    return {key: row[key] for key in row if key not in ("name", "actions")}


def said(item: Event) -> Event:
    """What a correction can change of an action; null is as good as absent."""
    return {key: without_null(item[key]) for key in oracle.CORRECTABLE if item[key] is not None}


def without_null(value: Any) -> Any:
    """A value without what is null in it."""
    if not isinstance(value, dict):
        return value
    return {key: without_null(part) for key, part in value.items() if part is not None}


def changed(value: Event, change: Event) -> Event:
    """What is said, with one change made to it, which must be from what stands there."""
    name, _, rest = change["path"][1:].partition("/")
    if rest:
        return {**value, name: changed(value[name], {**change, "path": f"/{rest}"})}
    assert value.get(name) == without_null(change["old"])
    return without_null({**value, name: change["new"]})


def test_whatever_happens_every_view_says_what_the_log_says(
    databases: Databases, deep: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oracle, "bounds", cache(oracle.bounds))  # it counts every day of a century
    run_state_machine_as_test(
        lambda: Record(databases),
        settings=settings(
            max_examples=300 if deep else 100,
            stateful_step_count=60 if deep else 30,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
