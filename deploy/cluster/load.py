"""Writers and readers as they should be: a write is sent again with the same id until it is answered; reads just read.

Everything that was acknowledged and every answer is kept, with its times, to be judged afterwards.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

import httpx

WRITERS_EACH = 2
WRITE_PAUSE, RETRY_PAUSE = 0.01, 0.1
READ_PAUSES = {"log": 0.05, "view": 0.05, "own": 0.05, "page": 0.3}
ADDRESSES = {"log": "/api/v1/events?limit=1", "view": "/api/v1/timeline?limit=1", "page": "/en/?limit=1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """One event that a writer was told is in the log, and when (monotonic seconds)."""

    id: str
    position: int
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One read: how far it had to reach, how far it did (None when it failed), and the times around it."""

    began: float
    ended: float
    needed: int
    position: int | None
    detail: str = ""


@dataclass(kw_only=True)
class Load:
    """What writers and readers have seen. Readers are known by the address they read from and what they read."""

    bases: Sequence[str]
    token: str
    acknowledged: list[Acknowledged] = field(default_factory=list)
    answers: dict[tuple[str, str], list[Answer]] = field(default_factory=dict)
    retries: int = 0
    faults: list[str] = field(default_factory=list)
    ending: threading.Event = field(default_factory=threading.Event)

    def write(self, first: int) -> None:
        """Append one event after another, beginning at one web process and going to the next after an error."""
        bases = cycle([*self.bases[first:], *self.bases[:first]])
        with httpx.Client(headers={"Authorization": f"Bearer {self.token}"}, timeout=10) as client:
            base = next(bases)
            while not self.ending.wait(WRITE_PAUSE):
                event = _meeting()
                while not self._sent(client, base, event) and not self.ending.is_set():
                    self.retries += 1
                    base = next(bases)
                    time.sleep(RETRY_PAUSE)

    def _sent(self, client: httpx.Client, base: str, event: dict[str, Any]) -> bool:
        """Whether the event was answered for good."""
        try:
            answer = client.post(f"{base}/api/v1/events", json=event)
        except httpx.HTTPError:
            return False
        if answer.status_code >= 500:
            return False
        if answer.status_code in (200, 201):
            position = answer.json()["events"][0]["position"]
            self.acknowledged.append(Acknowledged(id=event["id"], position=position, at=time.monotonic()))
        else:
            self.faults.append(f"a write was answered {answer.status_code}: {answer.text[:200]}")
        return True

    def read(self, base: str, kind: str) -> None:
        """Read one kind of thing from one web process, again and again."""
        answers = self.answers[base, kind]
        with httpx.Client(timeout=10) as client:
            while not self.ending.wait(READ_PAUSES[kind]):
                last = self.acknowledged[-1] if self.acknowledged else None
                if kind != "own":
                    answers.append(_answered(client, base + ADDRESSES[kind], 0))
                elif last:
                    address = f"/api/v1/events?min_position={last.position}&after={last.position - 1}&limit=1"
                    answers.append(_answered(client, base + address, last.position, last.id))


def _answered(client: httpx.Client, address: str, needed: int, id: str | None = None) -> Answer:
    """Read once; an answer without the event asked for reaches nowhere."""
    began = time.monotonic()
    try:
        answer = client.get(address)
        page = answer.headers["Content-Type"].startswith("text/html")
        body: dict[str, Any] = {} if answer.status_code != 200 else {"position": 0} if page else answer.json()
        detail = "" if body else f"{answer.status_code} {answer.text[:200]}"
    except httpx.HTTPError as error:
        body, detail = {}, repr(error)
    position = body.get("head", body.get("position"))
    if body and id and [event["id"] for event in body["events"]] != [id]:
        position, detail = 0, f"position {needed} does not hold what was acknowledged there"
    return Answer(began=began, ended=time.monotonic(), needed=needed, position=position, detail=detail)


@contextmanager
def running(bases: Sequence[str], token: str) -> Iterator[Load]:
    """Write and read until the block ends; everybody has finished by then."""
    load = Load(bases=bases, token=token, answers={(base, kind): [] for base in bases for kind in READ_PAUSES})
    writers = [threading.Thread(target=load.write, args=(n,)) for n, _ in enumerate(bases) for _ in range(WRITERS_EACH)]
    readers = [threading.Thread(target=load.read, args=key) for key in load.answers]
    for thread in (*writers, *readers):
        thread.start()
    try:
        yield load
    finally:
        load.ending.set()
        for thread in (*writers, *readers):
            thread.join()


def _meeting() -> dict[str, Any]:
    data = {"parties": ["CA", "FR"], "mode": "phone"}
    title = {"en": "They speak by phone"}
    return {"id": str(uuid.uuid4()), "type": "meeting.held", "occurred_on": "2025-11-10", "title": title, "data": data}
