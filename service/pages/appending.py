"""What a form means, judged by the log's own rules and appended; its refusals led back to the fields.

An event is appended only as it was previewed: a form carries the `mark` of what was shown, and the id that was made
when it was first opened, so that sending it twice is writing it once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from flask import g

from events import store
from events.decide import Answer
from events.drafts import Draft
from events.errors import Busy, Fault, Refused
from service import envelope
from service.context import context
from service.pages.labels import field as label_of
from service.translations import _

STATUSES = {"version-conflict": 412, "id-reused": 409, "too-large": 413}
DEEPEST = 4


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """One thing that is wrong: the field it leads to (or none), a sentence, and acts it speaks of."""

    detail: str
    name: str | None = None
    label: str = ""
    acts: Sequence[Mapping[str, Any]] = ()
    ours: bool = False

    @property
    def id(self) -> str | None:
        """The id of the field's element."""
        return self.name and self.name.replace(".", "-")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A draft as judged, and its answer once it is appended; or what is wrong, with a status."""

    draft: Draft
    answer: Answer | None = None
    faults: Sequence[Fault] = ()
    status: int = 200
    busy: str | None = None

    @property
    def good(self) -> bool:
        """Whether the log would take it, or has."""
        return not self.faults and self.busy is None

    def has(self, code: str) -> bool:
        """Whether one of the faults has this code."""
        return any(fault.code == code for fault in self.faults)


def judge(raw: Mapping[str, Any]) -> Outcome:
    """What the log would say of an event now."""
    draft, here = envelope.draft(raw, 0), context()
    try:
        store.judge(here.database, [draft], now=here.clock(), author=g.signed_in.name)
    except Refused as refused:
        return _refused(draft, refused)
    return Outcome(draft=draft)


def append(raw: Mapping[str, Any]) -> Outcome:
    """Append an event under the name of whoever is signed in."""
    judged = judge(raw)
    if not judged.good:
        return judged
    try:
        (answer,) = context().committer.append([judged.draft], author=g.signed_in.name)
    except Refused as refused:
        return _refused(judged.draft, refused)
    except Busy as busy:
        return Outcome(draft=judged.draft, status=503, busy=str(busy))
    return Outcome(draft=judged.draft, answer=answer)


def mark(raw: Mapping[str, Any], *shown: str) -> str:
    """A short name for exactly this event, and what was shown with it."""
    return hashlib.sha256(orjson.dumps([raw, shown], option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


def wrongs(outcome: Outcome, names: Collection[str], within: Sequence[str] = ()) -> list[Wrong]:
    """What is wrong, each led to its field; `within` are pointers that the form's fields may lie under."""
    if outcome.busy:
        return [Wrong(detail=_("The log cannot be written just now; nothing was saved. Send it again."), ours=True)]
    return [_wrong(fault, names, within, outcome.draft.id) for fault in outcome.faults]


def at_fields(wrongs: Iterable[Wrong]) -> dict[str, str]:
    """The sentences by the name of their field."""
    found: dict[str, str] = {}
    for wrong in wrongs:
        if wrong.name:
            found.setdefault(wrong.name, wrong.detail)
    return found


def _refused(draft: Draft, refused: Refused) -> Outcome:
    codes = [fault.code for fault in refused.faults]
    status = next((STATUSES[code] for code in codes if code in STATUSES), 422)
    return Outcome(draft=draft, faults=refused.faults, status=status)


def _wrong(fault: Fault, names: Collection[str], within: Sequence[str], own: str) -> Wrong:
    pointer = next(
        (fault.pointer.removeprefix(each) for each in within if fault.pointer.startswith(each)), fault.pointer
    )
    steps = pointer.strip("/").split("/")[: DEEPEST + 1]
    while steps and ".".join(steps) not in names:
        steps.pop()
    name = ".".join(steps) or None
    label = label_of(next((step for step in reversed(steps) if not step.isdigit()), "")) if name else ""
    acts = [{**act, "here": act["id"] == own} for act in fault.facts.get("acts", ())]
    return Wrong(detail=fault.detail, name=name, label=label, acts=acts)
