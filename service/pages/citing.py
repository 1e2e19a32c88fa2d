"""How to cite an action: in the manner of APA and Chicago, and for BibTeX.

Each names the record, the title, the date as precise as it is known, the state of the record and the permanent link.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from events import edtf
from service.pages import dates, labels
from service.translations import _, language

RECORD = "Depositary"
SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{mark: f"\\{mark}" for mark in "&%$#_{}"},
}


def citations(item: Mapping[str, Any], known_at: str, address: str) -> list[tuple[str, str]]:
    """The names of the manners, each with the text to copy; `known_at` in words, `address` the permanent link."""
    title = item["title"].get(language()) or item["title"]["en"]
    if item["retracted"]:
        title = _("%(title)s (retracted)", title=title)
    about = {"title": title, "host": urlsplit(address).netloc, "known": known_at, "url": address}
    return [
        (_("APA"), _apa(item, about)),
        (_("Chicago"), _chicago(item, about)),
        (_("BibTeX"), _bibtex(item, about)),
    ]


def _apa(item: Mapping[str, Any], about: Mapping[str, str]) -> str:
    return _(
        "%(record)s. (%(date)s). %(title)s [%(act)s]. %(host)s. As known at %(known)s. %(url)s",
        record=RECORD,
        date=_year_first(item["occurred_on"]),
        act=labels.act(item["type"]),
        **about,
    )


def _chicago(item: Mapping[str, Any], about: Mapping[str, str]) -> str:
    return _(
        "“%(title)s.” %(record)s (%(host)s), %(date)s. As known at %(known)s. %(url)s.",
        record=RECORD,
        date=dates.date_in_words(item["occurred_on"]),
        **about,
    )


def _bibtex(item: Mapping[str, Any], about: Mapping[str, str]) -> str:
    when = dates.in_words(item["occurred_on"])
    note = _("Dated %(date)s; as known at %(known)s", date=when, known=about["known"])
    fields = {
        "author": f"{{{{{RECORD}}}}}",
        "title": f"{{{{{_escaped(about['title'])}}}}}",
        "year": f"{{{_years(item['occurred_on'])}}}",
        "howpublished": f"{{{_escaped(about['host'])}}}",
        "note": f"{{{_escaped(note)}}}",
        "url": f"{{{about['url']}}}",
    }
    lines = "".join(f"  {name} = {value},\n" for name, value in fields.items())
    return f"@misc{{depositary-{item['id'][:13]},\n{lines}}}"


def _year_first(text: str) -> str:
    """A date as APA has it: `2025, October 30`; what is not a day stands in words."""
    if not edtf.DAY.fullmatch(text):
        return dates.date_in_words(text)
    day = edtf.day(text)
    words = _("%(month)s %(day)s", month=dates.month_name(day.month), day=dates.day_of_month(day.day))
    return f"{day.year}, {words}"


def _years(text: str) -> str:
    """The year, or the years between which it lies: `2025`, `2010/2019`."""
    span = edtf.parse(text)
    first, last = span.earliest.year, span.latest.year
    return str(first) if first == last else f"{first}/{last}"


def _escaped(text: str) -> str:
    return re.sub(r"[\\~^&%$#_{}]", lambda found: SPECIAL[found[0]], text)
