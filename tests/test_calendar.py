"""The strip and the years beside the timeline count what their links list."""

from __future__ import annotations

import datetime as dt
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from projections.calendar import MOST, binned, in_bins
from tests.test_pages import page


@pytest.fixture
def reader(sample_app: Flask) -> FlaskClient:
    return sample_app.test_client()


DAYS = st.dates(dt.date(1, 1, 1), dt.date(9999, 12, 31))
SPANS = st.lists(st.tuples(DAYS, DAYS).map(lambda pair: (min(pair), max(pair))), min_size=1, max_size=8)


@given(SPANS)
def test_every_span_is_certain_in_one_bin_or_possible_in_each_it_touches(spans: list[tuple[dt.date, dt.date]]) -> None:
    found = binned([(*span, 1) for span in spans])
    assert found.unit == "decade" or len(found.bins) <= MOST + 1
    for each in (*found.bins, *found.years):
        inside = [span for span in spans if each.first <= span[0] and span[1] <= each.last]
        touching = [span for span in spans if span[0] <= each.last and span[1] >= each.first]
        assert (each.certain, each.possible) == (len(inside), len(touching) - len(inside))
    assert found.bins[0].first <= min(span[0] for span in spans)
    assert found.bins[-1].last >= max(span[1] for span in spans)


def test_a_few_old_actions_do_not_make_the_bins_coarse() -> None:
    recent = [
        (dt.date(2025, month, day), dt.date(2025, month, day), 1) for month in range(1, 12) for day in range(1, 9)
    ]
    found = binned([(dt.date(1997, 1, 1), dt.date(1997, 12, 31), 1), *recent])
    assert (found.unit, found.before, len(found.bins)) == ("month", True, 13)
    assert (found.bins[0].first, found.bins[0].last) == (dt.date(1997, 1, 1), dt.date(2024, 11, 30))
    assert (found.bins[0].certain, found.bins[1].certain, found.bins[-1].certain) == (1, 0, 8)


def test_no_bin_begins_after_the_day_that_is_asked_about() -> None:
    found = in_bins([(24_000, 24_011, 1), (24_005, 24_005, 2)], 24_006)
    assert (found.bins[-1].first, found.years[-1].first) == (dt.date(2000, 7, 1), dt.date(2000, 1, 1))
    assert [(each.certain, each.possible) for each in found.bins[-2:]] == [(2, 1), (0, 1)]


def test_nothing_has_no_bins() -> None:
    assert binned([]).bins == ()


def test_every_bar_of_the_strip_lists_what_it_says(reader: FlaskClient) -> None:
    shown = page(reader, "/en/?party=CA&as_of=2025-11-05")
    bars = [each for each in shown.all("a") if "action" in each.get("aria-label", "")]
    assert len(bars) >= 8
    for bar in bars:
        query = parse_qs(urlsplit(bar["href"]).query)
        told = reader.get("/api/v1/timeline", query_string={**query, "limit": 500}).json["items"]
        numbers = [int(part.split()[0]) for part in bar["aria-label"].partition(": ")[2].split(", ")]
        assert sum(numbers) == len(told)


def test_words_that_were_searched_for_are_marked_without_regard_to_accents(reader: FlaskClient) -> None:
    shown = page(reader, "/en/?q=cárney")
    assert len(shown.all("mark")) >= 20
