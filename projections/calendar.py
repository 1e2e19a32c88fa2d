"""How many actions of the timeline lie where in time: counted in bins of a month, a year or a decade.

An action with an imprecise date may lie in several bins; it is counted in each as possible, and in none as certain.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from projections.counts import Counts
from projections.timeline import month

FEWEST, MOST = 12, 130
"""How many bins are shown at least, and at most before coarser ones are used."""

SPARSE = 0.05
"""Which part of the actions may lie before the bins, in one bin of their own, so that the others can be fine."""

UNITS = {"month": 1, "year": 12, "decade": 120}
Spans = Sequence[tuple[int, int, int]]
"""(month of `earliest`, month of `latest`, how many actions)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """The days from `first` to `last`: how many actions lie wholly inside, and how many more may."""

    first: dt.date
    last: dt.date
    certain: int
    possible: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The bins in order, their unit, and the same by years. With `before`, the first bin holds all that came before."""

    unit: str
    bins: tuple[Bin, ...]
    years: tuple[Bin, ...]
    before: bool = False


def calendar(counts: Counts, as_of: dt.date | None) -> Calendar:
    """Where the counted actions lie, until the month of `as_of`: nothing is looked for behind it."""
    return in_bins(counts.months(), month(as_of) if as_of else None)


def binned(spans: Sequence[tuple[dt.date, dt.date, int]]) -> Calendar:
    """As `in_bins`, by days."""
    return in_bins([(month(first), month(last), n) for first, last, n in spans])


def in_bins(spans: Spans, until: int | None = None) -> Calendar:
    """The counts in bins of the finest unit that is still readable, none of which begins after the month `until`."""
    if not spans:
        return Calendar(unit="month", bins=(), years=())
    first, dense = min(span[0] for span in spans), _dense(spans)
    last = max(min(span[1], until or span[1]) for span in spans)
    unit = next((unit for unit, size in UNITS.items() if last // size - dense // size < MOST), "decade")
    size = UNITS[unit]
    low = first // size if unit == "decade" else max(min(dense // size, last // size - FEWEST + 1), first // size)
    edges = [nth * size for nth in range(low, last // size + 2)]
    before = first < edges[0]
    years = [nth * 12 for nth in range(first // 12, last // 12 + 2)]
    bins = _bins(spans, [first, *edges] if before else edges)
    return Calendar(unit=unit, bins=tuple(bins), years=tuple(_bins(spans, years)), before=before)


def _dense(spans: Spans) -> int:
    """The month from which on nearly all actions lie."""
    rest = SPARSE * sum(n for _, _, n in spans)
    for span in sorted(spans):
        rest -= span[2]
        if rest < 0:
            return span[0]
    raise AssertionError("unreachable")


def _bins(spans: Spans, edges: Sequence[int]) -> Iterator[Bin]:
    """Bins between these months. Only the ends of each span are noted, so its length costs nothing."""
    certain, change = [0] * len(edges), [0] * (len(edges) + 1)
    for span in spans:
        begin, end = bisect_right(edges, span[0]) - 1, bisect_right(edges, span[1]) - 1
        if begin == end:
            certain[begin] += span[2]
        else:
            change[begin] += span[2]
            change[end + 1] -= span[2]
    possible = 0
    for nth, (start, following) in enumerate(pairwise(edges)):
        possible += change[nth]
        last = _last_before(following)
        yield Bin(first=_first_of(max(start, 12)), last=last, certain=certain[nth], possible=possible)


def _first_of(number: int) -> dt.date:
    return dt.date(number // 12, number % 12 + 1, 1)


def _last_before(number: int) -> dt.date:
    return dt.date.max if number // 12 > dt.MAXYEAR else _first_of(number) - dt.timedelta(days=1)
