"""Dates in words, as precise as they are known and never more: no day is made up for a month or a year.

The texts are EDTF in the profile of `events.edtf`; they are trusted to be valid. Names of months are those of CLDR,
in the language of the page; the first of a month is "1er" in French.
"""

from __future__ import annotations

import datetime as dt

from events import edtf
from events.clock import parse_instant
from events.types import instant_text
from service.translations import LOCALES, _, language

ONE_MONTH = dt.timedelta(days=31)


def month_name(month: int) -> str:
    """The name of a month, 1 to 12: `January`, `janvier`."""
    return str(LOCALES[language()].months["format"]["wide"][month])


def month_short(month: int) -> str:
    """The short name of a month: `Jan`, `janv.`."""
    return str(LOCALES[language()].months["format"]["abbreviated"][month]).removesuffix(".")


def in_words(text: str) -> str:
    """A date in words: `30 October 2025`, `in 2007`, `22 or 23 June 2025`, `about May 2025 (uncertain)`."""
    return _words(text, alone=True)


def date_in_words(text: str) -> str:
    """As `in_words`, where another word goes before it: `since 2007`."""
    return _words(text, alone=False)


def heading(text: str) -> str:
    """What an action stands under in a list by months: its first month, or what is known when that is less."""
    span = edtf.parse(text)
    words = date_in_words(text.rstrip("?~%"))
    if span.latest - span.earliest <= ONE_MONTH:
        words = month_and_year(span.earliest)
    return words[0].upper() + words[1:]


def month_and_year(day: dt.date) -> str:
    """The month of a day: `October 2025`."""
    return f"{month_name(day.month)} {day.year}"


def day_in_words(day: dt.date) -> str:
    """A civil day: `30 October 2025`, `1er octobre 2025`."""
    return f"{day_of_month(day.day)} {month_and_year(day)}"


def instant_in_words(text: str) -> str:
    """An RFC 3339 instant to the second, in UTC: `2025-11-05 12:00:00 UTC`."""
    return f"{instant_text(parse_instant(text))[:19].replace('T', ' ')} UTC"


def day_of_month(day: int) -> str:
    """`30`, and in French `1er` for the first."""
    return "1er" if day == 1 and language() == "fr" else str(day)


def _words(text: str, *, alone: bool) -> str:
    if text.startswith("["):
        return _one_of(*text[1:-1].split(".."), alone=alone)
    if "/" in text:
        first, _slash, last = text.partition("/")
        return _together(first, last, " – ")
    return _("in %(date)s", date=_date(text)) if alone and _is_vague(text) else _date(text)


def _is_vague(text: str) -> bool:
    """Whether only a month or year is known, and nothing more is said of it."""
    return not edtf.DAY.fullmatch(text) and text[-1] not in "?~%" and not edtf.UNKNOWN_YEAR.fullmatch(text)


def _date(text: str) -> str:
    plain = _plain(text.rstrip("?~%"))
    if text[-1] in "~%":
        plain = _("about %(date)s", date=plain)
    return _("%(date)s (uncertain)", date=plain) if text[-1] in "?%" else plain


def _plain(text: str) -> str:
    if edtf.UNKNOWN_YEAR.fullmatch(text):
        return _("between %(first)s and %(last)s", first=text.replace("X", "0"), last=text.replace("X", "9"))
    year, *parts = [part for part in text.split("-") if "X" not in part]
    named = [month_name(int(parts[0]))] if parts else []
    return " ".join([*(day_of_month(int(day)) for day in parts[1:]), *named, str(int(year))])


def _one_of(first: str, last: str, *, alone: bool) -> str:
    """`22 or 23 June 2025` when nothing lies between the two, else `between … and …`."""
    if first == last:
        return _words(first, alone=alone)
    one, other = edtf.parse(first), edtf.parse(last)
    if len(first) == len(last) and one.latest + dt.timedelta(days=1) == other.earliest:
        return _together(first, last, _(" or "))
    return _("between %(first)s and %(last)s", first=_first(first, last), last=_date(last))


def _together(first: str, last: str, join: str) -> str:
    """Two dates, the first without the month and year that it shares with the last: `24–25 June 2025`."""
    if first == last:
        return _date(first)
    short = _first(first, last)
    join = "–" if join == " – " and " " not in short and short != _date(first) else join
    return f"{short}{join}{_date(last)}"


def _first(first: str, last: str) -> str:
    """The first of two dates without what it shares with the last."""
    if edtf.DAY.fullmatch(first) and edtf.DAY.fullmatch(last) and first[:4] == last[:4]:
        return " ".join(_date(first).split()[: 1 if first[:7] == last[:7] else 2])
    return _date(first)
