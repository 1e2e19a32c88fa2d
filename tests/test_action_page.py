"""The page of an action tells its whole history in words, its course of events, and how to cite it."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service.pages.changes import change
from service.pages.citing import citations
from service.pages.lifeline import merged
from tests import builders
from tests.test_pages import Page, page

SOURCE = {"url": "https://example.org/a", "title": "Readout", "publisher": "The Office", "published_on": "2025-11-06"}
TALKS = "partnership:ca-fr-talks"


def written(app: Flask, *events: dict[str, object]) -> list[str]:
    """The ids of events appended in their order, with the views caught up."""
    database = app.extensions["depositary"].database
    ids = [builders.append(database, event).events[0].id for event in events]
    builders.catch_up(database)
    return ids


@pytest.fixture
def talks(app: Flask) -> list[str]:
    first = builders.act("partnership.established", TALKS, "2024-05", sources=[SOURCE])
    return written(app, first, builders.act("partnership.suspended", TALKS, "2025-06-01"))


def test_acts_of_one_course_stand_in_order_with_the_present_one_marked(client: FlaskClient, talks: list[str]) -> None:
    html = client.get(f"/en/actions/{talks[1]}").text
    line = html.partition('<ol class="lifeline">')[2].partition("</ol>")[0]
    assert re.findall(r'/en/actions/([^?]*)[^>]*?(aria-current="page")?>', line) == [
        (talks[0], ""),
        (talks[1], 'aria-current="page"'),
    ]
    assert f"/en/partnerships/{TALKS}?" in html


def test_an_act_that_stands_alone_has_no_course(app: Flask, client: FlaskClient) -> None:
    (id,) = written(app, builders.meeting())
    assert "In the same course" not in page(client, f"/en/actions/{id}").text


def test_a_correction_is_told_in_words_with_who_when_why_and_whether_it_is_cosmetic(
    app: Flask, client: FlaskClient
) -> None:
    (id,) = written(app, builders.meeting("CA", "KR"))
    changes = {"occurred_on": "2025-10", "data": {"parties": ["CA", "JP"], "formal": False}, "sources": [SOURCE]}
    written(app, builders.corrected(id, changes, cosmetic=True))
    text = " ".join(page(client, f"/en/actions/{id}").text.split())
    assert "Corrected cosmetic" in text
    assert "by test it was wrong" in text
    for words in (
        "Date occurred_on30 October 2025in October 2025",
        "Parties data/partiesCanada, South KoreaCanada, Japan",
        "Formal data/formalyesno",
        "none" + "Readout, The Office, 6 November 2025, https://example.org/a",
    ):
        assert words in text


def test_a_retracted_action_leads_to_the_one_it_repeats(app: Flask, client: FlaskClient) -> None:
    one, two = written(app, builders.meeting(), builders.meeting())
    written(app, builders.retracted(two, duplicate_of=one))
    shown = page(client, f"/en/actions/{two}", 410)
    assert any(link.startswith(f"/en/actions/{one}?") for link in shown.links())
    assert "Retracted" in shown.text
    assert "it did not happen" in shown.text
    assert "(retracted)" in shown.text


def test_a_citation_names_record_title_date_state_and_a_link_that_stays(app: Flask, client: FlaskClient) -> None:
    (id,) = written(app, builders.meeting())
    shown = page(client, f"/en/actions/{id}?as_of=2025-11-05&at_position=1")
    copied = [each["data-copy"] for each in shown.all("p") if "data-copy" in each]
    link = f"http://localhost/en/actions/{id}?as_of=2025-11-05&at_position=1"
    texts = [text for text in copied if text != link]
    assert len(texts) == 3
    for text in texts:
        assert all(words in text for words in ("Depositary", "They meet", "2025", "localhost", "UTC", link))
    assert copied.count(link) == 2


ITEM = {"id": "01968f0e-7c1b-7c3a-9b0f", "type": "meeting.held", "retracted": False}


@pytest.mark.parametrize(
    ("date", "apa", "year"),
    [
        ("2025-10-30", "(2025, October 30)", "2025"),
        ("2025-06", "(June 2025)", "2025"),
        ("201X", "(between", "2010/2019"),
    ],
)
def test_a_citation_is_no_more_precise_than_the_date(date: str, apa: str, year: str) -> None:
    item = {**ITEM, "title": {"en": "R&D {100%}"}, "occurred_on": date}
    shown = dict(citations(item, "now", "https://example.org/x"))
    assert apa in shown["APA"]
    assert f"year = {{{year}}}" in shown["BibTeX"]
    assert r"{{R\&D \{100\%\}}}" in shown["BibTeX"]


def test_a_change_keeps_its_path_and_names_its_field() -> None:
    told = change({"path": "/data/place/party", "old": None, "new": "FR"})
    assert told == {"path": "data/place/party", "label": "Place · Party", "old": None, "new": "France"}


def test_spans_of_one_status_are_one() -> None:
    states = [{"status": status, "first": day, "last": day} for day, status in enumerate("aabb")]
    assert merged(states) == [{"status": "a", "first": 0, "last": 1}, {"status": "b", "first": 2, "last": 3}]


def test_the_pages_read_one_at_a_time_are_well_formed(client: FlaskClient, talks: list[str]) -> None:
    for path in (f"/en/actions/{talks[0]}", f"/fr/actions/{talks[0]}", f"/en/partnerships/{TALKS}"):
        shown = page(client, path)
        ids = [each["id"] for _, each in shown.tags if "id" in each]
        assert len(shown.all("h1")) == 1
        assert len(ids) == len(set(ids))
        assert not any("style" in attributes for _, attributes in shown.tags)


def test_wrong_clocks_are_answered_with_a_way_out(client: FlaskClient, talks: list[str]) -> None:
    for path in (f"/en/actions/{talks[0]}", f"/en/partnerships/{TALKS}", "/en/parties/CA"):
        assert path in page(client, f"{path}?as_of=soon", 422).links() or "value" in Page(client.get(path).text).field(
            "as_of"
        )
