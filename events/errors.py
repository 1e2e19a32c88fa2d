"""What the log says when it will not, or cannot, do as asked.

LogError
├── Refused         the writer's events break a rule; `faults` names each one
├── Busy            the log could not be written just now; nothing was appended, try again
├── UnknownEvent    no event has this id
├── UnreadableEvent a stored event cannot be read by this version of the program
└── SchemaOutdated  the database needs `depositary db upgrade`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Code = Literal["invalid", "too-large", "id-reused", "version-conflict", "wrong-state", "impossible-sequence"]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One broken rule: where (`index` of the event in its batch, JSON pointer inside it), and what to do."""

    code: Code
    detail: str
    pointer: str = ""
    index: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)


class LogError(Exception):
    """The root of all errors of this package."""


class Refused(LogError):
    """The batch breaks rules and nothing of it was appended. `faults` is never empty."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"[{fault.index}]{fault.pointer} {fault.detail}" for fault in faults[:3]))
        self.faults = tuple(faults)


class Busy(LogError):
    """The log could not be written just now; nothing was appended."""


class UnknownEvent(LogError):
    """No event in the log has this id."""


class UnreadableEvent(LogError):
    """A stored event cannot be read: unknown type or a format newer than this program."""


class SchemaOutdated(LogError):
    """The database's tables are older (or newer) than this program; the message says what to run."""
