"""A draft is an event as its writer hands it in: judged in itself, not yet against the log."""

from __future__ import annotations

from dataclasses import dataclass

from events.errors import Fault
from events.types import Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One event of a batch, at `index`.

    `stream` is None where the writer left it to the log. `content` is None where it breaks rules; `faults` then
    says which. `recorded_at` (microseconds since 1970) is given only when an archive is migrated.
    """

    index: int
    id: str
    type: str
    stream: str | None = None
    content: Content | None = None
    expected_version: int | None = None
    recorded_at: int | None = None
    faults: tuple[Fault, ...] = ()
