"""Every figure on a page that opens onto a list is the number of things the interface lists at the same address."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from events import store
from tests import builders

PAGES = {
    "en/?": 40,
    "en/?q=trade&order=asc&": 10,
    "en/tallies?": 20,
    "en/tallies?since=2025-06-01&formal=true&mode=in_person&": 8,
    "fr/parties?": 20,
    "en/parties/GB?": 4,
    "en/parties/EU?": 4,
    "en/people?": 20,
}
"""Each page, with the least number of figures it shows."""

CLOCKS = {"as_of=2025-11-05": 1, "as_of=2025-09-01&at_position=250": 0.6, "as_of=2025-11-05&at_position=100": 0.1}
"""The clocks, each with how much of the record they leave."""

COMPARED = ("en/diff?from_as_of=2025-06-01&to_as_of=2025-10-15", "en/diff?from_position=200&to_position=299")
ADDRESSES = [(f"/{path}{clocks}", least * CLOCKS[clocks]) for path, least in PAGES.items() for clocks in CLOCKS]
ADDRESSES += [(f"/{path}", 4) for path in COMPARED]
NUMBER = re.compile(r"\d+(?:[ , \u202f]\d{3})*")


def _leading(text: str) -> str:
    """The figure that a text begins with, such as "25 actions"."""
    found = re.match(r"\s*\d+ [a-z]+", text)
    return found[0] if found else ""


class Figures(HTMLParser):
    """The links of a page to lists of actions, each with what it says, and the count beside it when there is one."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[dict[str, str]] = []
        self._beside = self._inside = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a":
            self.links.append(
                {"href": given.get("href", ""), "label": given.get("aria-label", ""), "count": "", "text": ""}
            )
        self._inside = tag == "a" or (self._inside and tag == "span")
        self._beside = tag == "span" and given.get("class") == "count"

    def handle_endtag(self, tag: str) -> None:
        self._beside, self._inside = False, self._inside and tag != "a"

    def handle_data(self, data: str) -> None:
        if self._beside and self.links:
            self.links[-1]["count"] = data
        if self._inside and self.links:
            self.links[-1]["text"] += data

    def counted(self) -> list[tuple[str, int]]:
        """(address, number): the sum of the numbers that a link says, "3 actions, 1 more possible" being four."""
        found = []
        for each in self.links:
            said = each["count"] or each["label"].rpartition(": ")[2] or _leading(each["text"])
            numbers = [int(re.sub(r"\D", "", one)) for one in NUMBER.findall(said)]
            if numbers and re.match(r"/(en|fr)/\?", each["href"]):
                found.append((each["href"], sum(numbers)))
        return found


@pytest.fixture
def reader(sample_app: Flask) -> FlaskClient:
    """The sample record with corrections and retractions, and a date that is not a day."""
    database = sample_app.extensions["depositary"].database
    with database.read() as connection:
        ids = [event.id for event in store.read(connection, limit=60) if event.type == "meeting.held"]
    changes = [builders.corrected(id, {"occurred_on": "2025-10"}) for id in ids[:4]]
    builders.append(database, *changes, *map(builders.retracted, ids[4:8]), builders.meeting("CA", "GB", on="2025"))
    builders.catch_up(database)
    return sample_app.test_client()


def test_every_figure_is_what_the_interface_lists(reader: FlaskClient) -> None:
    listed: dict[str, int] = {}
    wrong = []
    for address, least in ADDRESSES:
        answer = reader.get(address, headers={"Accept": "text/html"})
        assert answer.status_code == 200, address
        figures = Figures(answer.text).counted()
        assert len(figures) >= least, (address, len(figures))
        for href, number in figures:
            query = urlsplit(href).query
            if query not in listed:
                listed[query] = len(reader.get(f"/api/v1/timeline?{query}&limit=500").get_json()["items"])
            if listed[query] != number:
                wrong.append((address, href, number, listed[query]))
    assert not wrong
    assert len(listed) > 300
