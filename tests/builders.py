"""What tests are made of: events as a writer sends them, and short ways to get them into the log and the views."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from events import store
from events.clock import now
from events.database import Database
from events.decide import Decision
from projections import blocks, packing
from projections.engine import Runner
from projections.registry import VIEWS
from projections.view import View
from service.envelope import draft

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "service" / "sample" / "carney-2025.jsonl"
EXPECTED = ROOT / "service" / "sample" / "carney-2025.expected.json"
PAYLOADS = ROOT / "tests" / "payloads"


def meeting(*parties: str, on: str = "2025-10-30", **more: Any) -> dict[str, Any]:
    """A meeting as a writer sends it; `data` is merged in, everything else set."""
    data = {"parties": list(parties or ("CA", "KR")), "mode": "in_person", **more.pop("data", {})}
    return {"type": "meeting.held", "occurred_on": on, "title": {"en": "They meet"}, "data": data, **more}


def act(type: str, stream: str, on: str, **more: Any) -> dict[str, Any]:
    """An act of a life cycle; `data` as given, with a name where the kind needs one."""
    data = more.pop("data", {})
    if type.startswith(("partnership", "agreement")):
        data = {"name": "A partnership", **data}
    if type in ("partnership.established", "agreement.signed"):
        data = {"parties": ["CA", "FR"], **data}
    return {"type": type, "stream": stream, "occurred_on": on, "title": {"en": type}, "data": data, **more}


def corrected(id: str, changes: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A correction."""
    return {"type": "record.corrected", "data": {"event": id, "changes": changes, "reason": "it was wrong", **more}}


def retracted(id: str, **more: Any) -> dict[str, Any]:
    """A retraction."""
    return {"type": "record.retracted", "data": {"event": id, "reason": "it did not happen", **more}}


def reinstated(id: str) -> dict[str, Any]:
    """A reinstatement."""
    return {"type": "record.reinstated", "data": {"event": id, "reason": "it did happen"}}


def append(database: Database, *events: dict[str, Any], at: int | None = None) -> Decision:
    """Append events as one batch; `at` sets the clock (microseconds since 1970)."""
    drafts = [draft(event, index) for index, event in enumerate(events)]
    return store.append(database, drafts, now=now() if at is None else at, author="test")


def runner(database: Database, views: Sequence[View] = VIEWS, batch: int = 500) -> Runner:
    """A runner of views that leads."""
    made = Runner(database, views, "test", now, batch)
    assert made.lead()
    return made


def catch_up(database: Database) -> None:
    """Bring all views to the head."""
    made = runner(database)
    made.catch_up()
    made.resign()


def load_sample(app: Flask) -> None:
    """Append the sample record and bring the views to it."""
    database = app.extensions["depositary"].database
    append(database, *sample())
    catch_up(database)


def sample() -> list[dict[str, Any]]:
    """The events of the sample record."""
    return [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]


def expected() -> dict[str, Any]:
    """The figures that the sample record must give."""
    return dict(json.loads(EXPECTED.read_text(encoding="utf-8")))


def payloads() -> Iterator[tuple[str, dict[str, Any]]]:
    """One real payload of every type, by type."""
    for path in sorted(PAYLOADS.glob("*.json")):
        yield path.stem, json.loads(path.read_text(encoding="utf-8"))


def size_blocks(monkeypatch: pytest.MonkeyPatch, base: int, fan: int) -> None:
    """Let blocks of level 0 hold `base` positions and `fan` blocks make a larger one; small ones of small slices."""
    monkeypatch.setattr(blocks, "BASE", base)
    monkeypatch.setattr(blocks, "FAN", fan)
    if base < 100:
        monkeypatch.setattr(packing, "LEAST", 2)
        monkeypatch.setattr(packing, "SHARE", 0)
        monkeypatch.setattr(packing, "TOGETHER", 300)
        monkeypatch.setattr(packing, "AT_ONCE", 8 * base)
