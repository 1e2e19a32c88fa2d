"""Dates as people know them: a day, a month, a year, or something less certain, in a small part of EDTF (ISO 8601-2).

Accepted: `YYYY-MM-DD`, `YYYY-MM` and `YYYY`, each with an optional `?`, `~` or `%`; `YYYY-MM-XX`, `YYYY-XX`,
`YYYY-XX-XX`, `YYYX` and `YYXX`; and of any two of these the interval `A/B` and the one-of range `[A..B]`. Years run
from 0001 to 9999. A text that is accepted always has bounds: days of the calendar with earliest ≤ latest.
"""

from __future__ import annotations

import datetime
import re
from calendar import monthrange
from dataclasses import dataclass
from functools import lru_cache

LIMIT = 100  # characters; the longest accepted date has 25
DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?[?~%]?")
UNKNOWN_PARTS = re.compile(r"([0-9]{4})(?:-([0-9]{2})-XX|-XX(?:-XX)?)")
UNKNOWN_YEAR = re.compile(r"[0-9]{2}(?:[0-9]X|XX)")
FORMS = "Write YYYY-MM-DD, YYYY-MM or YYYY, with ?, ~ or % at the end if it is not certain"

Bounds = tuple[datetime.date, datetime.date]


class InvalidDate(ValueError):
    """The text is no date of this profile; the message tells the writer what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The first and last civil day on which something may have begun, and for an interval the last day it lasted."""

    earliest: datetime.date
    latest: datetime.date
    end: datetime.date | None


def parse(text: str) -> Span:
    """Return the bounds of a date; raise InvalidDate with a sentence that says what to do."""
    return _parse(text)


def day(text: str) -> datetime.date:
    """Return the day that a plain `YYYY-MM-DD` names; raise InvalidDate for anything else."""
    found = DAY.fullmatch(text)
    if not found:
        raise InvalidDate(f"{_shown(text)} is not a day. Write it as YYYY-MM-DD.")
    return _day(*found.groups())


@lru_cache(maxsize=16_384)
def _parse(text: str) -> Span:
    if plain := DAY.fullmatch(text):
        on = _day(*plain.groups())
        return Span(earliest=on, latest=on, end=None)
    if len(text) > LIMIT:
        raise InvalidDate(f"This date has {len(text)} characters; at most {LIMIT} are allowed. {FORMS}.")
    if text.startswith("[") and text.endswith("]"):
        first, last = _pair(text, text[1:-1], "..")
        return Span(earliest=first[0], latest=last[1], end=None)
    if "/" in text:
        first, last = _pair(text, text, "/")
        return Span(earliest=first[0], latest=first[1], end=last[1])
    earliest, latest = _bounds(text)
    return Span(earliest=earliest, latest=latest, end=None)


def _pair(whole: str, inside: str, mark: str) -> tuple[Bounds, Bounds]:
    """Read both ends of an interval or range, which must each be a date and in order."""
    ends = inside.split(mark)
    if len(ends) != 2:
        raise InvalidDate(
            f"{_shown(whole)} does not have two ends. {FORMS}, or A/B for an interval, or [A..B] for one of."
        )
    if not all(end.strip(".") for end in ends):
        raise InvalidDate(f"{_shown(whole)} has an open end. Give both ends, however roughly (a month, a year, 20XX).")
    first, last = _bounds(ends[0]), _bounds(ends[1])
    if first[0] > last[1]:
        raise InvalidDate(f"{whole} ends before it begins. Put the earlier date first.")
    return first, last


def _bounds(text: str) -> Bounds:
    """Return the bounds of one date, which is neither an interval nor a range."""
    if found := DATE.fullmatch(text) or UNKNOWN_PARTS.fullmatch(text):
        year, month, *days = found.groups()
        if days and days[0]:
            return (on := _day(year, month, days[0])), on
        return _month(year, month) if month else _years(year, year)
    if UNKNOWN_YEAR.fullmatch(text):
        return _years(text.replace("X", "0"), text.replace("X", "9"))
    raise InvalidDate(_advice(text))


def _day(year: str, month: str, day: str) -> datetime.date:
    first, last = _month(year, month)
    if not 1 <= int(day) <= last.day:
        raise InvalidDate(
            f"{year}-{month}-{day} is not a day of the calendar. Give a real day, or only the month ({year}-{month})."
        )
    return first.replace(day=int(day))


def _month(year: str, month: str) -> Bounds:
    first, last = _years(year, year)
    if not 1 <= int(month) <= 12:
        raise InvalidDate(f"There is no month {month}. Give a month from 01 to 12, or only the year ({year}).")
    first = first.replace(month=int(month))
    return first, last.replace(month=first.month, day=monthrange(first.year, first.month)[1])


def _years(first: str, last: str) -> Bounds:
    if first == "0000":
        raise InvalidDate("There is no year 0000. Give a year from 0001 to 9999.")
    return datetime.date(int(first), 1, 1), datetime.date(int(last), 12, 31)


def _advice(text: str) -> str:
    """Say what to do about a text that has none of the forms."""
    shown = _shown(text)
    if not text.strip():
        return f"This date is blank. {FORMS}."
    if text != text.strip():
        return f"{shown} has spaces around it. Remove them."
    if DAY.fullmatch(text[:10]) and text[10:11] in ("T", " "):
        return f"{shown} has a time of day. Give the civil day at the place, without a time ({text[:10]})."
    if "X" in text and text[-1] in "?~%":
        return f"{shown} has both an X and a {text[-1]}. Use one or the other."
    if "X" in text.upper():
        return (
            f"X cannot stand there in {shown}. Write YYYY-MM-XX, YYYY-XX, YYYY-XX-XX, YYYX or YYXX, with a capital X."
        )
    if ".." in text:
        return f"{shown} is not a range. Write it as [A..B], with a date at each end and nothing nested."
    return f"{shown} is not a date that can be read. {FORMS}."


def _shown(text: str) -> str:
    return text if text.isprintable() and len(text) <= LIMIT else ascii(text[:LIMIT])
