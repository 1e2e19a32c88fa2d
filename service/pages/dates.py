"""Dates in words, as precise as they are known and never more: no day is made up for a month or a year.

The texts are EDTF in the profile of `events.edtf`; they are trusted to be valid.
"""

from __future__ import annotations

import datetime as dt

from events import edtf
from events.clock import parse_instant
from events.types import instant_text

MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
ONE_MONTH = dt.timedelta(days=31)


def in_words(text: str) -> str:
    """A date in words: `30 October 2025`, `in 2007`, `22 or 23 June 2025`, `about May 2025 (uncertain)`."""
    if text.startswith("["):
        return _one_of(*text[1:-1].split(".."))
    if "/" in text:
        first, _, last = text.partition("/")
        return _together(first, last, " – ")
    return f"in {_date(text)}" if _is_vague(text) else _date(text)


def date_in_words(text: str) -> str:
    """As `in_words`, where another word goes before it: `since 2007`."""
    return in_words(text).removeprefix("in ")


def heading(text: str) -> str:
    """What an action stands under in a list by months: its first month, or what is known when that is less."""
    span = edtf.parse(text)
    if span.latest - span.earliest <= ONE_MONTH:
        return f"{MONTHS[span.earliest.month - 1]} {span.earliest.year}"
    words = date_in_words(text.rstrip("?~%"))
    return words[0].upper() + words[1:]


def day_in_words(day: dt.date) -> str:
    """A civil day: `30 October 2025`."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def instant_in_words(text: str) -> str:
    """An RFC 3339 instant to the second, in UTC: `2025-11-05 12:00:00 UTC`."""
    return f"{instant_text(parse_instant(text))[:19].replace('T', ' ')} UTC"


def _is_vague(text: str) -> bool:
    """Whether only a month or year is known, and nothing more is said of it."""
    return not edtf.DAY.fullmatch(text) and text[-1] not in "?~%" and not edtf.UNKNOWN_YEAR.fullmatch(text)


def _date(text: str) -> str:
    about = "about " if text[-1] in "~%" else ""
    doubt = " (uncertain)" if text[-1] in "?%" else ""
    return f"{about}{_plain(text.rstrip('?~%'))}{doubt}"


def _plain(text: str) -> str:
    if edtf.UNKNOWN_YEAR.fullmatch(text):
        return f"between {text.replace('X', '0')} and {text.replace('X', '9')}"
    year, *parts = [part for part in text.split("-") if "X" not in part]
    named = [MONTHS[int(parts[0]) - 1]] if parts else []
    return " ".join([*(str(int(day)) for day in parts[1:]), *named, str(int(year))])


def _one_of(first: str, last: str) -> str:
    """`22 or 23 June 2025` when nothing lies between the two, else `between … and …`."""
    if first == last:
        return in_words(first)
    one, other = edtf.parse(first), edtf.parse(last)
    if len(first) == len(last) and one.latest + dt.timedelta(days=1) == other.earliest:
        return _together(first, last, " or ")
    return f"between {_together(first, last, ' and ')}"


def _together(first: str, last: str, join: str) -> str:
    """Two dates, the first without the month and year that it shares with the last: `24–25 June 2025`."""
    if first == last:
        return _date(first)
    if edtf.DAY.fullmatch(first) and edtf.DAY.fullmatch(last) and first[:4] == last[:4]:
        short = _date(first).split()[: 1 if first[:7] == last[:7] else 2]
        join = "–" if join == " – " and len(short) == 1 else join
        return f"{' '.join(short)}{join}{_date(last)}"
    return f"{_date(first)}{join}{_date(last)}"
