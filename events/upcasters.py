"""Old payloads read in today's form. Stored bytes never change; each step is pure, from one version to the next.

`schema_version` counts the format as a whole. Version 0 was the form before the first release: its meetings had
`with_parties`, one text of codes, and `by_phone` instead of `mode`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from events.errors import UnreadableEvent
from events.types import SCHEMA_VERSION, TYPES

Payload = dict[str, Any]


def meeting_held_0(payload: Payload) -> Payload:
    """Version 0 to 1 of `meeting.held`, also where the payload is a patch over one."""
    data = dict(payload.get("data") or {})
    if "with_parties" in data:
        data["parties"] = data.pop("with_parties").split()
    if "by_phone" in data:
        data["mode"] = "phone" if data.pop("by_phone") else "in_person"
    return {**payload, "data": data} if "data" in payload else payload


UPCASTERS: Mapping[tuple[str, int], Callable[[Payload], Payload]] = {("meeting.held", 0): meeting_held_0}


def upcast(type: str, version: int, payload: Payload, to: int = SCHEMA_VERSION) -> Payload:
    """The payload (`{occurred_on, title, data, sources, note}`) of an event of this type in the form of `to`.

    Raises UnreadableEvent for a type or a version that this program does not know.
    """
    if type not in TYPES or version > SCHEMA_VERSION:
        raise UnreadableEvent(f"{type} in format {version} was written by a newer program than this one")
    for step in range(version, to):
        one = UPCASTERS.get((type, step))
        payload = one(payload) if one else payload
    return payload
