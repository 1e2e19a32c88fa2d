"""Query parameters, read strictly: unknown ones and malformed values are refused with a sentence.

The interface and the pages read the same parameters by the same schemas.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from marshmallow import fields
from werkzeug.datastructures import MultiDict

from events import edtf
from events.clock import parse_instant
from events.fields import LARGEST_WHOLE, MESSAGES, Checked, Choice, Party, Text
from service.reading import Asked

MOST = 500
MOST_REPEATED = 250


class CivilDay(Checked):
    """A civil day `YYYY-MM-DD`, as a date."""

    def check(self, value: Any) -> dt.date:
        """Return the day."""
        return edtf.day(str(value))


class KnownAt(Checked):
    """An RFC 3339 instant, kept as written; a space is taken for the `+` that a URL turned into it."""

    def check(self, value: Any) -> str:
        """Return the text when it is an instant."""
        text = str(value)
        if len(text) > 6 and text[-6] == " ":
            text = f"{text[:-6]}+{text[-5:]}"
        parse_instant(text)
        return text


class Number(Checked):
    """A whole number in digits, between two bounds."""

    def __init__(self, least: int = 0, most: int = LARGEST_WHOLE, **options: Any) -> None:
        super().__init__(**options)
        self.least, self.most = least, most

    def check(self, value: Any) -> int:
        """Return the number."""
        text = str(value)
        if not (text.isascii() and text.isdigit() and len(text) <= 16 and self.least <= int(text) <= self.most):
            raise ValueError(f"This must be a whole number from {self.least} to {self.most}.")
        return int(text)


class Seconds(Checked):
    """How long to wait: seconds from 0 to 30, with or without a fraction."""

    def check(self, value: Any) -> float:
        """Return the seconds."""
        text = str(value)
        if not (text.isascii() and text.replace(".", "", 1).isdigit() and len(text) <= 10 and float(text) <= 30):
            raise ValueError("This must be a number of seconds from 0 to 30.")
        return float(text)


class TrueFalse(Checked):
    """`true` or `false`."""

    def check(self, value: Any) -> bool:
        """Return the truth value."""
        if value not in ("true", "false"):
            raise ValueError("This must be true or false.")
        return bool(value == "true")


class Several(fields.List[Any]):
    """A parameter that may be repeated, up to `MOST_REPEATED` times; the same value twice counts once."""

    default_error_messages = MESSAGES

    def __init__(self, inner: fields.Field[Any], **options: Any) -> None:
        super().__init__(inner, load_default=(), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> list[Any]:
        if isinstance(value, list | tuple) and len(value) > MOST_REPEATED:
            raise ma.ValidationError(f"At most {MOST_REPEATED} values are allowed here; {len(value)} given.")
        return list(dict.fromkeys(super()._deserialize(value, attr, data, **kwargs)))


class Listed(Checked):
    """Values separated by commas, each judged by `inner`, as a tuple."""

    def __init__(self, inner: Checked, count: int | None = None, **options: Any) -> None:
        described = {**options.pop("metadata", {}), "default": ",".join(options.get("load_default", ()))}
        super().__init__(**options, metadata=described)
        self.inner, self.count = inner, count

    def check(self, value: Any) -> tuple[str, ...]:
        """Return the values."""
        values = tuple(self.inner.check(part) for part in str(value).split(","))
        if self.count is not None and (len(values) != self.count or len(set(values)) != self.count):
            raise ValueError(f"Give {self.count} different values separated by a comma, such as CA,GB.")
        return values


ONCE = "This parameter is given more than once. Give it once."


class Query(ma.Schema):
    """Parameters of one call; unknown ones are refused, and a second value of those that take one."""

    class Meta:
        """Refuse what is not named."""

        unknown = ma.RAISE

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        known = ", ".join(sorted(self.fields)) or "none"
        self.error_messages = {"unknown": f"Unknown parameter. Those known here are: {known}."}

    @ma.pre_load
    def _once(self, data: Any, **kwargs: Any) -> Any:
        given = getattr(data, "data", None)
        if isinstance(given, MultiDict):
            single = [name for name, each in self.fields.items() if not isinstance(each, Several)]
            if twice := [name for name in single if len(given.getlist(name)) > 1]:
                raise ma.ValidationError({name: [ONCE] for name in twice})
        return data


class KnownQuery(Query):
    """Which state of the record."""

    known_at = KnownAt(metadata={"description": "The record as it stood at this instant.", "format": "date-time"})
    at_position = Number(metadata={"description": "The record as it stood at this position of the log."})
    min_position = Number(load_default=0, metadata={"description": "Wait until the view has reached this position."})
    wait = Seconds(load_default=5.0, metadata={"description": "How many seconds to wait at most."})


class ClocksQuery(KnownQuery):
    """The two clocks that every view takes."""

    as_of = CivilDay(metadata={"description": "The world on this civil day.", "format": "date"})


class PagedQuery(ClocksQuery):
    """The two clocks, and which page of the list."""

    limit = Number(1, MOST, metadata={"description": "How many items at most."})
    cursor = Text(metadata={"description": "Where to go on, as `next` had it."})


def asked(args: Mapping[str, Any]) -> Asked:
    """The clocks among the parameters."""
    text = args.get("known_at")
    return Asked(
        as_of=args.get("as_of"),
        known_at=None if text is None else parse_instant(text),
        known_text=text,
        at_position=args.get("at_position"),
        min_position=args["min_position"],
        wait=args["wait"],
    )


MODE = Choice("in_person", "phone", "video")
LEVEL = Choice("leader", "minister", "official")
PARTY = Party()
