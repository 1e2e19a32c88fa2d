"""A record as large as is asked for, the same every time: what states did over eighty years, as a writer would send it.

200 parties, some of which meet far more often than others; 30 % of the acts arrive late; 3 % are corrected and 1 %
retracted later on; one date in twenty is not a day. An event has about 600 bytes. `mixed` holds every kind, else all
acts are meetings of two.
"""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any

from events import parties

PARTIES, YEARS = 200, 80
FIRST = dt.date(1946, 1, 1)
LATE, CORRECTED, RETRACTED, IMPRECISE = 0.30, 0.03, 0.01, 0.05
KEPT = 5_000
"""From how many of the last acts the next one to be revised is chosen."""

TOPICS = ("trade", "defence", "energy", "climate", "migration", "fisheries", "research", "culture", "health", "aid")
PLACES = ("Geneva", "New York", "Vienna", "Nairobi", "Ottawa", "Brussels", "Singapore", "Brasília", "Canberra")
KINDS = {
    "meeting": 70,
    "visit": 8,
    "statement": 8,
    "policy": 3,
    "cooperation": 3,
    "summit": 2,
    "agreement": 4,
    "measure": 2,
}
NOTE = (
    "They spoke about the state of their relations, agreed to meet again within the year, and asked their officials "
    "to prepare a plan of work until then. A communiqué was issued at the end, in both languages."
)

Raw = dict[str, Any]


class Generator:
    """Events in the order in which they are recorded, from one seed."""

    def __init__(self, size: int, *, seed: int = 1, mixed: bool = False) -> None:
        self.size, self.mixed = size, mixed
        self.chance = random.Random(seed)
        self.codes: Sequence[str] = [code for code in parties.codes() if parties.kind(code) == "country"][:PARTIES]
        self.weights = list(accumulate(1 / (rank + 3) for rank in range(len(self.codes))))
        self.done: list[tuple[str, str]] = []

    def __iter__(self) -> Iterator[Raw]:
        for nth in range(self.size):
            told = self.chance.random()
            if told < CORRECTED + RETRACTED and len(self.done) > 100:
                yield self.revision(corrected=told < CORRECTED)
            else:
                yield self.act(nth)

    def act(self, nth: int) -> Raw:
        """An act: most happened as the record grew, some long before."""
        days = YEARS * 365
        day = int(nth / self.size * days)
        if self.chance.random() < LATE:
            day = self.chance.randrange(day + 1)
        kind = self.chance.choices(list(KINDS), list(KINDS.values()))[0] if self.mixed else "meeting"
        made = getattr(self, kind)()
        event = {"id": self.id(), **made, "occurred_on": self.date(FIRST + dt.timedelta(days=day))}
        event |= {"sources": self.sources(day), "note": NOTE[: self.chance.randrange(40, len(NOTE))]}
        if kind != "agreement":
            self.done.append((event["id"], event["occurred_on"]))
        del self.done[:-KEPT]
        return event

    def id(self) -> str:
        """A UUID from the seed."""
        return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))

    def date(self, day: dt.date) -> str:
        """A day, or now and then the month or the year it lies in."""
        return day.isoformat()[: self.chance.choice((7, 4))] if self.chance.random() < IMPRECISE else day.isoformat()

    def pair(self) -> list[str]:
        """Two parties."""
        found: list[str] = []
        while len(found) < 2:
            code = self.chance.choices(self.codes, cum_weights=self.weights)[0]
            found += [code] if code not in found else []
        return found

    def people(self, codes: Sequence[str]) -> list[Raw]:
        """One person of each party, of about thirty that it has had."""
        return [
            {"name": f"Person {self.chance.randrange(30)} of {code}", "party": code, "role": "Minister"}
            for code in codes
        ]

    def sources(self, day: int) -> list[Raw]:
        """One source, or one time in ten none."""
        if self.chance.random() < 0.1:
            return []
        return [{"url": f"https://news.example.org/{day}/{self.chance.randrange(10**6)}", "publisher": "The Example"}]

    def meeting(self) -> Raw:
        """A meeting of two."""
        one, other = codes = self.pair()
        data = {
            "parties": codes,
            "people": self.people(codes),
            "mode": self.chance.choice(("in_person", "in_person", "phone", "video")),
            "formal": self.chance.random() < 0.7,
            "level": self.chance.choice(("leader", "minister", "minister", "official")),
            "place": {"name": self.chance.choice(PLACES), "party": one},
            "topics": self.chance.sample(TOPICS, 2),
        }
        return {"type": "meeting.held", "title": {"en": f"Ministers of {one} and {other} meet"}, "data": data}

    def visit(self) -> Raw:
        """A visit."""
        one, other = codes = self.pair()
        data = {"visitor": one, "host": other, "people": self.people(codes[:1]), "category": "working"}
        return {"type": "visit.made", "title": {"en": f"{one} visits {other}"}, "data": data}

    def statement(self) -> Raw:
        """A joint statement."""
        data = {"parties": self.pair(), "form": "joint_statement", "topics": self.chance.sample(TOPICS, 2)}
        return {"type": "statement.issued", "title": {"en": "A joint statement is issued"}, "data": data}

    def policy(self) -> Raw:
        """A policy."""
        data = {"by": self.pair()[0], "area": self.chance.choice(("budget", "defence", "trade"))}
        return {"type": "policy.announced", "title": {"en": "A policy is announced"}, "data": data}

    def cooperation(self) -> Raw:
        """An exercise."""
        data = {"parties": self.pair(), "form": "exercise", "topics": ["defence"]}
        return {"type": "cooperation.undertaken", "title": {"en": "An exercise is held"}, "data": data}

    def summit(self) -> Raw:
        """A summit of up to twelve."""
        codes = list(dict.fromkeys(code for _ in range(6) for code in self.pair()))
        data = {"name": "Summit", "parties": codes, "host": codes[0], "topics": self.chance.sample(TOPICS, 3)}
        return {"type": "summit.held", "title": {"en": "A summit is held"}, "data": data}

    def agreement(self) -> Raw:
        """The first act of an agreement."""
        data = {"name": "Agreement on work and travel", "parties": self.pair(), "form": "treaty"}
        stream = f"agreement:{self.id()}"
        return {"type": "agreement.signed", "stream": stream, "title": {"en": "An agreement is signed"}, "data": data}

    def measure(self) -> Raw:
        """A tariff."""
        one, other = self.pair()
        data = {"by": one, "category": "tariff", "targets": [other], "goods": "steel", "rate": "25 %"}
        stream = f"measure:{self.id()}"
        return {"type": "measure.imposed", "stream": stream, "title": {"en": f"{one} taxes steel"}, "data": data}

    def revision(self, *, corrected: bool) -> Raw:
        """A correction or a retraction of an act that was recorded not long before."""
        at = self.chance.randrange(len(self.done))
        id, date = self.done[at]
        if corrected:
            changes = {"note": "Corrected.", "occurred_on": date[:7]}
            data: Raw = {"event": id, "changes": changes, "reason": "The source was corrected.", "cosmetic": False}
            return {"id": self.id(), "type": "record.corrected", "data": data}
        del self.done[at]
        return {"id": self.id(), "type": "record.retracted", "data": {"event": id, "reason": "It did not happen."}}
