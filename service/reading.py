"""Reading a view at its two clocks: resolve them once, wait for the position asked for, then read one snapshot.

An answer with `as_of` and a pin that nothing can move any more never changes, and says so to caches.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

import orjson
from flask import Response, has_request_context, request
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError, ProgrammingError

from events import store
from events.database import Database
from events.standbys import Behind, Source
from events.types import instant_text
from projections import checkpoints
from projections.checkpoints import Unreadable
from projections.clocks import Clocks
from projections.registry import BY_NAME
from service.context import Context, context
from service.problems import Refusal, wrong_query

Result = TypeVar("Result")
POLL_SECONDS, LONGEST_POLL_SECONDS, LOOK_SECONDS = 0.005, 0.25, 1.0
STANDBY_SECONDS = 0.25
"""How long a reader waits for a standby to get where it must be, before it goes to the primary."""
LEFT = "depositary.left"
"""In the environment of a request that may wait: what tells whether the client has gone."""
YEAR = 31_536_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The clocks as a request gives them; instants in microseconds since 1970, `known_text` as it was written."""

    as_of: dt.date | None = None
    known_at: int | None = None
    known_text: str | None = None
    at_position: int | None = None
    min_position: int = 0
    wait: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A resolved state of the record; `final` when no later event can change what it means."""

    position: int | None
    known_text: str | None = None
    final: bool = False


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One snapshot of one or more views, at one position."""

    connection: Connection
    asked: Asked
    clocks: Clocks
    generations: Mapping[str, int]
    known_text: str | None
    final: bool

    def generation(self, view: str) -> int:
        """Which tables of a view to read."""
        return self.generations[view]

    def meta(self) -> dict[str, Any]:
        """What the answer stands for."""
        as_of = self.clocks.as_of
        return {
            "as_of": as_of and as_of.isoformat(),
            "known_at": self.known_text,
            "position": self.clocks.position,
        }

    def link(self, path: str, **parameters: Any) -> str:
        """A link to another answer at the same two clocks; None and empty parameters are left out."""
        as_of = self.clocks.as_of
        query = {**parameters, "as_of": as_of and as_of.isoformat(), "at_position": self.clocks.position}
        return f"{path}?{urlencode({k: v for k, v in query.items() if v not in (None, (), '')}, doseq=True)}"


def read(views: Sequence[str], asked: Asked, work: Callable[[Reading], Result]) -> Result:
    """Do `work` on one snapshot of these views at the clocks asked for.

    Raises Refusal: 422 for a position beyond the head, 503 when a view is behind or has stopped.
    """
    here = context()
    pin = resolve(here, asked)

    def there(source: Source) -> Result:
        wait_for(here, source, views, max(asked.min_position, pin.position or 0), asked.wait)
        return _steadily(source.database, views, asked, pin, work)

    return here.standbys.read(there)


def _steadily(
    database: Database, views: Sequence[str], asked: Asked, pin: Pin, work: Callable[[Reading], Result]
) -> Result:
    """As `_once`, and again when a view was swapped for a newer generation meanwhile."""
    for attempt in (1, 2, 3):
        try:
            return _once(database, views, asked, pin, work)
        except (ProgrammingError, OperationalError) as error:
            swapped = "no such table" in str(error.orig) or "does not exist" in str(error.orig)
            if attempt == 3 or not swapped:
                raise
    raise AssertionError("unreachable")


def _once(
    database: Database, views: Sequence[str], asked: Asked, pin: Pin, work: Callable[[Reading], Result]
) -> Result:
    with database.read() as connection:
        try:
            live = {view: checkpoints.live(connection, BY_NAME[view]) for view in views}
        except Unreadable as error:
            raise unready(error) from None
        reached = min(one.position for one in live.values())
        position = reached if pin.position is None else pin.position
        recorded = store.recorded_at(connection, position)
        reading = Reading(
            connection=connection,
            asked=asked,
            clocks=Clocks(position=position, as_of=asked.as_of),
            generations={view: one.generation for view, one in live.items()},
            known_text=pin.known_text or (None if recorded is None else instant_text(recorded)),
            final=pin.final and asked.as_of is not None,
        )
        return work(reading)


def resolve(here: Context, asked: Asked) -> Pin:
    """Which position the request speaks of; None is whatever the views have reached."""
    if asked.known_at is None and asked.at_position is None:
        return Pin(position=None)
    return here.standbys.read(lambda source: _resolved(here, source, asked))


def _resolved(here: Context, source: Source, asked: Asked) -> Pin:
    """The pin, where this server can tell. Raises Behind where the primary may know of more."""
    with source.database.read() as connection:
        head = store.head(connection)
        if asked.at_position is not None:
            if asked.known_at is not None:
                raise wrong_query({"at_position": "Give known_at or at_position, not both."})
            if asked.at_position > head.position:
                if not source.primary:
                    raise Behind(head.position)
                raise wrong_query({"at_position": f"The log ends at position {head.position}. Give one up to that."})
            return Pin(position=asked.at_position, final=True)
        assert asked.known_at is not None
        if asked.known_at >= head.recorded_at and not source.last:
            raise Behind(head.position)
        now = max(here.clock(), head.recorded_at)
        text = asked.known_text if asked.known_at <= now else instant_text(now)
        position = store.resolve(connection, min(asked.known_at, now))
        return Pin(position=position, known_text=text, final=asked.known_at < head.recorded_at)


def wait_for(here: Context, source: Source, views: Sequence[str], position: int, seconds: float) -> None:
    """Wait until all these views have reached a position. Raises Refusal (503) when they do not in time."""
    building: list[Unreadable] = []

    def reached(connection: Connection) -> int:
        try:
            return min(checkpoints.live(connection, BY_NAME[view]).position for view in views)
        except Unreadable as error:
            if error.stopped:
                raise unready(error) from None
            building[:] = [error]
            return 0

    if position:
        at = _waited(here, source, reached, position, seconds)
        if at < position:
            if building and not at:
                raise unready(building[0])
            detail = f"The view has reached position {at}, not {position} yet. Ask again shortly."
            raise Refusal("projection-behind", detail, headers={"Retry-After": "1"}, position=at)


def _waited(here: Context, source: Source, reached: Callable[[Connection], int], position: int, seconds: float) -> int:
    """What was reached when that was enough, or the time was over. Raises Behind when another server may have more."""
    end = time.monotonic() + (seconds if source.last else min(seconds, STANDBY_SECONDS))
    pause = POLL_SECONDS
    while True:
        with source.database.read() as connection:
            at = reached(connection)
        if at >= position:
            return at
        if time.monotonic() >= end or _in_vain(here):
            if source.last:
                return at
            raise Behind(at)
        time.sleep(min(pause, max(0.0, end - time.monotonic())))
        pause = min(pause * 1.5, LONGEST_POLL_SECONDS)


def read_log(here: Context, position: int, seconds: float, work: Callable[[Connection], Result]) -> Result:
    """Do `work` on one snapshot of a log that has reached a position, and all that was appended in this process.

    Raises Refusal (503) when it does not get there in time.
    """

    def there(source: Source) -> Result:
        needed = max(position, here.committer.position)
        if source.primary:
            wait_for_head(here, position, seconds)
        elif _waited(here, source, lambda connection: store.head(connection).position, needed, seconds) < needed:
            raise _log_behind(needed)
        with source.database.read() as connection:
            return work(connection)

    return here.standbys.read(there)


def wait_for_head(here: Context, position: int, seconds: float) -> None:
    """Wait until the log has reached a position. Raises Refusal (503) when it does not in time."""
    end = time.monotonic() + seconds
    while position:
        pause = max(0.0, min(LOOK_SECONDS, end - time.monotonic()))
        if here.watch.wait(position - 1, pause) >= position:
            return
        if time.monotonic() >= end or _in_vain(here):
            raise _log_behind(position)


def _in_vain(here: Context) -> bool:
    """Whether nobody waits for the answer any more, or the program is about to end."""
    left = request.environ.get(LEFT) if has_request_context() else None
    return here.watch.closed or bool(left and left())


def _log_behind(position: int) -> Refusal:
    detail = f"The log has not reached position {position} yet. Ask again shortly."
    return Refusal("projection-behind", detail, headers={"Retry-After": "1"})


def unready(error: Unreadable) -> Refusal:
    """The refusal for a view that cannot be read."""
    if error.stopped:
        detail = f"{error.detail}. The other views go on; /readyz tells more."
        return Refusal("projection-stopped", detail, headers={"Retry-After": "60"}, projection=error.view)
    return Refusal("projection-behind", error.detail, headers={"Retry-After": "1"}, projection=error.view)


def answer(reading: Reading, views: Sequence[str], body: Mapping[str, Any]) -> Response:
    """The JSON answer, with a strong ETag that includes the versions of the views it was read from."""
    return tagged(orjson.dumps({**body, **reading.meta()}), views, final=reading.final)


def tagged(body: bytes, views: Sequence[str], *, final: bool, mimetype: str = "application/json") -> Response:
    """A cacheable answer; what is final may be kept for ever where reading is public."""
    versions = "-".join(f"{view}{BY_NAME[view].version}" for view in views)
    response = Response(body, mimetype=mimetype)
    response.set_etag(f"{versions}-{hashlib.sha256(body).hexdigest()[:24]}")
    public = context().settings.public_read
    if final:
        response.headers["Cache-Control"] = f"{'public' if public else 'private'}, max-age={YEAR}, immutable"
    else:
        response.headers["Cache-Control"] = "no-cache" if public else "private, no-cache"
    return conditional(response)


def conditional(response: Response) -> Response:
    """The answer, or 304 when the reader has it. Raises Refusal (412) where `If-Match` asks for another."""
    response.make_conditional(request)
    if response.status_code == 412:
        raise Refusal("version-conflict", "If-Match does not hold for what is here now. Read it again without.")
    return response
