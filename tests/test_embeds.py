"""What others put into their pages: it may be framed, it opens outside, and it owns up to later corrections."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import builders, golden
from tests.conftest import Databases
from tests.golden import SELECT

EMBEDS = ("/en/embed/tallies", "/fr/embed/tallies?chart=lines", "/en/embed/timeline", "/fr/embed/timeline?party=JP")
PINNED = "as_of=2025-11-05&at_position=295"


@pytest.fixture(scope="module")
def reader(databases: Databases) -> Iterator[FlaskClient]:
    """The sample record as it was written; nothing is written to it."""
    app = golden.application(databases.new())
    yield app.test_client()
    app.extensions["depositary"].close()


@pytest.mark.parametrize("path", EMBEDS)
def test_an_embed_may_be_framed_by_anyone_and_a_page_by_none_but_ours(reader: FlaskClient, path: str) -> None:
    policy = reader.get(path).headers["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors *")
    assert "unsafe" not in policy
    for page in ("/en/", "/en/tallies"):
        assert reader.get(page).headers["Content-Security-Policy"].endswith("frame-ancestors 'self'")


@pytest.mark.parametrize("path", EMBEDS)
def test_every_link_of_an_embed_opens_outside(reader: FlaskClient, path: str) -> None:
    links = re.findall(r"<a [^>]*>", reader.get(path).text)
    assert len(links) > 5
    assert all('target="_blank" rel="noopener"' in link for link in links)


def test_an_embed_takes_the_theme_it_is_given(reader: FlaskClient) -> None:
    assert '<html lang="en" data-theme="dark">' in reader.get("/en/embed/tallies?theme=dark").text
    assert '<html lang="en">' in reader.get("/en/embed/timeline").text
    assert reader.get("/en/embed/timeline?theme=pink").status_code == 422


def correct(app: Flask, *events: dict[str, object]) -> None:
    database = app.extensions["depositary"].database
    builders.append(database, *events)
    builders.catch_up(database)


def badge(client: FlaskClient, path: str) -> str | None:
    found = re.search(r'<a class="mark bad"[^>]*>([^<]*)</a>', client.get(path).text)
    return found and found[1]


def test_an_embed_counts_the_corrections_of_what_it_shows_since_its_pin(sample_app: Flask) -> None:
    reader = sample_app.test_client()
    met = reader.get("/api/v1/timeline?between=CA,GB&type=meeting.held&formal=true&since=2025-03-14").json["items"]
    other = reader.get("/api/v1/timeline?between=CA,FR&type=meeting.held").json["items"][0]["id"]
    change = {"data": {"formal": False}}
    correct(
        sample_app,
        builders.corrected(met[0]["id"], change),
        builders.retracted(met[1]["id"]),
        builders.retracted(other),
    )
    tallies = f"/en/embed/tallies?{SELECT}&at_position=295"
    assert badge(reader, tallies) == "2 corrections since"
    assert badge(reader, f"/en/embed/tallies?party=FR&{PINNED}") == "1 correction since"
    assert badge(reader, f"/en/embed/tallies?party=DE&{PINNED}") is None
    assert badge(reader, f"/en/embed/timeline?{PINNED}") == "3 corrections since"
    assert badge(reader, "/en/embed/timeline") is None, "what is not pinned is as it is now"
    link = re.search(r'href="(/en/diff[^"]*)"', reader.get(tallies).text)
    assert link
    assert unescape(link[1]) == "/en/diff?from_position=295&from_as_of=2025-11-05&to_as_of=2025-11-05&of=CA"


def test_a_meeting_that_a_correction_moves_into_an_embed_counts(sample_app: Flask) -> None:
    reader = sample_app.test_client()
    met = reader.get("/api/v1/timeline?between=CA,GB&type=meeting.held&formal=false").json["items"][0]["id"]
    correct(sample_app, builders.corrected(met, {"data": {"formal": True}}))
    assert badge(reader, f"/en/embed/tallies?formal=true&party=GB&{PINNED}") == "1 correction since"


def test_oembed_gives_the_frame_of_a_page(reader: FlaskClient) -> None:
    page = reader.get(f"/en/tallies?{SELECT}").text
    found = re.search(r'<link rel="alternate" type="application/json\+oembed" href="([^"]*)"', page)
    assert found
    told = reader.get(unescape(found[1])).json
    assert (told["version"], told["type"], told["width"]) == ("1.0", "rich", 720)
    assert told["title"] == "Canada: formal bilateral meetings with select parties since 14 March 2025"
    source = re.search(r'src="([^"]*)"', told["html"])
    assert source
    assert "at_position=295" in source[1]
    assert reader.get(unescape(source[1])).status_code == 200


def test_oembed_keeps_to_the_size_it_is_given(reader: FlaskClient) -> None:
    told = reader.get("/oembed?url=http://localhost/fr/?party=JP&maxwidth=400&maxheight=300").json
    assert (told["width"], told["height"]) == (400, 300)
    assert 'src="http://localhost/fr/embed/timeline?party=JP" ' in told["html"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("url=http://elsewhere.example/en/tallies", 404),
        ("url=http://localhost/en/partnerships", 404),
        ("url=http://[", 404),
        ("url=http://localhost.elsewhere.example/en/tallies", 404),
        ("url=http://localhost/en/tallies&format=xml", 501),
        ("url=http://localhost/en/tallies?since=tomorrow", 422),
        ("url=http://localhost/en/&maxwidth=wide", 422),
        ("", 422),
    ],
)
def test_oembed_refuses_what_it_cannot_describe(reader: FlaskClient, query: str, status: int) -> None:
    assert reader.get(f"/oembed?{query}").status_code == status
