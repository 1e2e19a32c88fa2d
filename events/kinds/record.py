"""What happened to our record: an act was corrected, retracted or reinstated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import marshmallow as ma

from events.fields import MESSAGES, Checked, Flag, Text
from events.kind import Facts, Kind

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
PATCHED = ("occurred_on", "title", "data", "sources", "note")


class EventId(Checked):
    """The id of an event, as a UUID in lower case."""

    def check(self, value: Any) -> str:
        """Return the id in lower case."""
        if not isinstance(value, str) or not UUID.fullmatch(value):
            raise ValueError('This must be the id of an event: a UUID such as "01968f0e-7c1b-7c3a-9b0f-5f2d1c9a4e11".')
        return value.lower()


class Changes(Checked):
    """A JSON merge patch (RFC 7396) over the fields of an action that can be corrected."""

    def check(self, value: Any) -> dict[str, Any]:
        """Return the patch when it is an object that names only those fields."""
        fields = ", ".join(PATCHED)
        if not isinstance(value, Mapping):
            raise ValueError(f"This must be a JSON object (a merge patch, RFC 7396) over {fields}.")
        unknown = {name: [f"This cannot be corrected. Remove it; a patch may name: {fields}."] for name in value}
        for name in PATCHED:
            unknown.pop(name, None)
        if unknown:
            raise ma.ValidationError(unknown)
        strange = _strange_names(value)
        if strange:
            raise ma.ValidationError(strange)
        return dict(value)


def _strange_names(patch: Mapping[str, Any]) -> dict[str, Any]:
    """The names no field has, with what to do: null there would change nothing, and stored names are ASCII."""
    found: dict[str, Any] = {}
    for name, value in patch.items():
        if not name.isascii():
            found[name] = ["No field has this name. Remove it."]
        elif isinstance(value, Mapping) and (inner := _strange_names(value)):
            found[name] = inner
    return found


class Corrected(Facts):
    """The data of `record.corrected`."""

    event = EventId(required=True)
    changes = Changes(required=True)
    reason = Text(required=True)
    cosmetic = Flag(load_default=False)


class Retracted(Facts):
    """The data of `record.retracted`."""

    event = EventId(required=True)
    reason = Text(required=True)
    duplicate_of = EventId(allow_none=True, load_default=None, error_messages=MESSAGES)


class Reinstated(Facts):
    """The data of `record.reinstated`."""

    event = EventId(required=True)
    reason = Text(required=True)


KIND = Kind(
    name="record",
    family="record",
    acts={"corrected": Corrected(), "retracted": Retracted(), "reinstated": Reinstated()},
)
