"""What a chart of the tallies says of itself: a title made from the filters, what was counted, and both clocks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from service.pages import dates, labels
from service.pages.words import party
from service.reading import Reading
from service.translations import N_, _, ngettext

WHAT = {
    ("any", False): N_("%(party)s: bilateral meetings"),
    ("any", True): N_("%(party)s: bilateral meetings with select parties"),
    ("true", False): N_("%(party)s: formal bilateral meetings"),
    ("true", True): N_("%(party)s: formal bilateral meetings with select parties"),
    ("false", False): N_("%(party)s: informal bilateral meetings"),
    ("false", True): N_("%(party)s: informal bilateral meetings with select parties"),
}


def title(of: str, args: Mapping[str, Any]) -> str:
    """The title given, else one made from the filters."""
    if "title" in args:
        return str(args["title"])
    made = _(WHAT[args["formal"], bool(args["party"])], party=party(of))
    return (
        _("%(title)s since %(date)s", title=made, date=dates.day_in_words(args["since"])) if "since" in args else made
    )


def statement(of: str, args: Mapping[str, Any], reading: Reading) -> str:
    """What was counted, as of which day, and known at which state of the record."""
    counted = _("Counted: %(what)s.", what="; ".join(_counted(of, args)))
    return f"{counted} {clocks(reading)}"


def _counted(of: str, args: Mapping[str, Any]) -> Iterator[str]:
    yield _("meetings of exactly two parties, one of them %(party)s", party=party(of))
    if args["formal"] != "any":
        yield _("formal only") if args["formal"] == "true" else _("informal only")
    if "level" in args:
        yield _("level: %(level)s", level=labels.plain(args["level"]))
    if args["mode"]:
        yield ", ".join(map(labels.plain, args["mode"]))
    if "person" in args:
        yield _("with %(person)s taking part", person=args["person"])
    if "since" in args:
        yield _("since %(date)s", date=_day(args["since"]))
    if args["party"]:
        yield ngettext("%(n)s chosen party", "%(n)s chosen parties", len(args["party"]))


def clocks(reading: Reading) -> str:
    """Both clocks in one sentence."""
    day = reading.clocks.as_of
    as_of = _("As of %(date)s", date=_day(day)) if day else _("As of every day")
    return _("%(as_of)s, %(known)s.", as_of=as_of, known=known(reading))


def _day(day: dt.date) -> str:
    """A day in words that stay on one line."""
    return dates.day_in_words(day).replace(" ", "\u00a0")


def known(reading: Reading) -> str:
    """The state of the record."""
    position = reading.clocks.position
    if reading.known_text is None:
        return _("at position %(position)s of the record", position=position)
    instant = dates.instant_in_words(reading.known_text)
    return _("as known at %(instant)s (position %(position)s)", instant=instant, position=position)


def told(rows: list[dict[str, Any]]) -> str:
    """Every figure in one text."""
    return "; ".join(party(row["party"]) + _(": ") + label(row) for row in rows) or nothing()


def label(row: Mapping[str, Any]) -> str:
    """A row's figures: "7", or "3 + 1 possible"."""
    if not row["possible"]:
        return str(row["count"])
    return _("%(count)s + %(possible)s possible", count=row["count"], possible=row["possible"])


def figure(row: Mapping[str, Any]) -> str:
    """A row in words, as what its bar leads to."""
    return _("%(count)s with %(party)s", count=label(row), party=party(row["party"]))


def nothing() -> str:
    """Instead of figures."""
    return _("No meeting is counted, as of this day and at this state of the record.")
