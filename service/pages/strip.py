"""The strip above the timeline: how much happened when, as bars of which each is a link to exactly that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from projections.calendar import Bin, Calendar
from service.pages import dates
from service.translations import _, ngettext, number

HEIGHT = 44
WIDTH = 1000
LABELS = 9


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar: where it stands and how high (its possible part on top), what it says, and where it leads."""

    x: float
    width: float
    height: float
    more: float
    words: str
    href: str


@dataclass(frozen=True, kw_only=True)
class Strip:
    """The bars, the labels below them as (x in per cent, text), and what one bar stands for."""

    unit: str
    bars: Sequence[Bar]
    labels: Sequence[tuple[float, str]]


def strip(found: Calendar, link: Callable[..., str], kept: Mapping[str, Any], path: str) -> Strip | None:
    """The strip of a calendar; None where there would be a single bar."""
    if len(found.bins) < 2:
        return None
    most = max(each.certain + each.possible for each in found.bins)
    step = WIDTH / len(found.bins)
    rest = {name: value for name, value in kept.items() if name not in ("since", "until")}
    bars = []
    for nth, each in enumerate(found.bins):
        if each.certain or each.possible:
            bars.append(
                _bar(
                    each,
                    "before" if found.before and nth == 0 else found.unit,
                    nth * step,
                    step,
                    HEIGHT / most,
                    link,
                    rest,
                    path,
                )
            )
    return Strip(unit=found.unit, bars=bars, labels=list(_labels(found)))


def _bar(
    each: Bin,
    unit: str,
    x: float,
    step: float,
    scale: float,
    link: Callable[..., str],
    rest: Mapping[str, Any],
    path: str,
) -> Bar:
    gap = min(2.0, step * 0.2)
    return Bar(
        x=round(x + gap / 2, 2),
        width=round(step - gap, 2),
        height=round(max(each.certain * scale, 1.5 if each.certain else 0), 2),
        more=round(max(each.possible * scale, 1.5 if each.possible else 0), 2),
        words=_words(each, unit),
        href=link(path, **rest, since=each.first.isoformat(), until=each.last.isoformat()),
    )


def _words(each: Bin, unit: str) -> str:
    name = named(each, unit)
    said = _("%(when)s: %(actions)s", when=name, actions=ngettext("%(n)s action", "%(n)s actions", each.certain))
    return said + (", " + _("%(count)s more possible", count=number(each.possible)) if each.possible else "")


def named(each: Bin, unit: str) -> str:
    """What a bin is called: "October 2025", "2007", "1950–1959"."""
    match unit:
        case "before":
            return _("until %(date)s", date=dates.month_and_year(each.last))
        case "month":
            return dates.month_and_year(each.first)
        case "year":
            return str(each.first.year)
        case _:
            return f"{each.first.year}–{each.last.year}"


def _labels(found: Calendar) -> Iterator[tuple[float, str]]:
    """A few labels: years where they begin, else months."""
    bins = found.bins
    every = max(1, -(-len(bins) // LABELS))
    start = int(found.before)
    if found.before:
        yield 0, _("earlier")
    for nth in range(start, len(bins), every):
        each = bins[nth]
        first = nth == start or each.first.year != bins[nth - every].first.year
        short = dates.month_short(each.first.month)
        text = str(each.first.year) if found.unit != "month" else f"{short} {each.first.year}" if first else short
        yield round(100 * nth / len(bins), 2), text
