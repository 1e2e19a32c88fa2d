"""Compare and editions: what changed between two ends, as the interface tells it, and since what was published."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import builders
from tests.test_action_page import written
from tests.test_pages import Page, page

ENDS = "from_as_of=2025-08-27&from_position=250&to_as_of=2025-09-30&to_position=295&of=CA"


def edition(number: int, as_of: str, position: int) -> dict[str, object]:
    url = f"/en/tallies?formal=true&as_of={as_of}&at_position={position}"
    return {
        "type": "edition.published",
        "stream": f"edition:n{number}",
        "data": {"name": f"Number {number}", "url": url},
    }


@pytest.fixture
def reader(sample_app: Flask) -> FlaskClient:
    return sample_app.test_client()


@pytest.fixture
def record(app: Flask) -> tuple[FlaskClient, list[str]]:
    """Three meetings, an edition, and then a correction, a retraction and news; and another edition."""
    ids = written(app, *(builders.meeting("CA", code, on="2025-10-01") for code in ("KR", "FR", "GB")))
    ids += written(app, edition(1, "2025-10-31", 3))
    written(app, builders.corrected(ids[0], {"data": {"parties": ["CA", "JP"]}}), builders.retracted(ids[1]))
    ids += written(app, builders.meeting("CA", "GB", on="2025-11-02"), edition(2, "2025-11-05", 7))
    return app.test_client(), ids


def actions(shown: Page) -> list[str]:
    """The actions that the page leads to, without those that its frame leads to."""
    return [link.partition("?")[0].removeprefix("/en/actions/") for link in shown.links() if "/en/actions/" in link]


def test_a_comparison_tells_what_the_interface_tells(reader: FlaskClient) -> None:
    told = reader.get(f"/api/v1/diff?{ENDS}").json
    shown = page(reader, f"/en/diff?{ENDS}")
    text = " ".join(shown.text.split())
    counts = {name: len(rows) for name, rows in told["actions"].items()}
    assert f"{counts['added']} added · {counts['corrected']} corrected · {counts['removed']} removed" in text
    assert set(actions(shown)) == {row["id"] for rows in told["actions"].values() for row in rows}
    moved = [each for each in shown.all("a") if each.get("aria-label", "").startswith(("from ", "to "))]
    words = [f"{end} {row[end]} with {row['name']}" for row in told["tallies"] for end in ("from", "to")]
    assert [each["aria-label"] for each in moved] == words
    for each in moved:
        assert page(reader, each["href"]).listed() == int(each["aria-label"].split()[1])
    assert [row["name"] in text for row in told["partnerships"]] == [True] * len(told["partnerships"])


def test_every_link_of_a_comparison_leads_somewhere(reader: FlaskClient) -> None:
    shown = page(reader, f"/en/diff?{ENDS}")
    links = {link for link in shown.links() if link.startswith("/")}
    assert len(links) > 40
    assert {link: status for link in links if (status := reader.get(link).status_code) != 200} == {}


def test_what_changed_since_the_last_edition_is_one_address(record: tuple[FlaskClient, list[str]]) -> None:
    client, ids = record
    shown = page(client, f"/en/diff?since={ids[3]}&to_as_of=2025-11-05")
    text = " ".join(shown.text.split())
    assert "1 added · 1 corrected · 1 removed" in text
    assert "Parties data/partiesCanada, South KoreaCanada, Japan" in text
    assert "retracted" in text
    assert "as of 31 October 2025 , known at" in text.replace("2025,", "2025 ,")
    assert set(actions(shown)) == {ids[0], ids[1], ids[4]}
    latest = page(client, "/en/diff?since=latest&to_as_of=2025-11-05")
    assert "0 added · 0 corrected · 0 removed" in " ".join(latest.text.split())
    assert "1 added" in page(client, f"/en/diff?since={ids[3]}&until={ids[5]}").text


def test_a_comparison_can_be_shared_with_all_its_clocks(record: tuple[FlaskClient, list[str]]) -> None:
    client, ids = record
    shown = page(client, f"/en/diff?since={ids[3]}")
    link = next(each["data-copy"] for each in shown.all("p") if "data-copy" in each).removeprefix("http://localhost")
    assert all(f"{side}_{clock}=" in link for side in ("from", "to") for clock in ("as_of", "position"))
    assert actions(page(client, link)) == actions(shown)
    assert page(client, link).field("from_position")["value"] == "3"


def test_every_reason_for_a_difference_is_named(app: Flask, client: FlaskClient) -> None:
    (id,) = written(app, builders.meeting(on="2025-10-01"))
    written(app, builders.retracted(id), builders.reinstated(id), builders.corrected(id, {"occurred_on": "2025-12-01"}))
    state = "from_as_of=2025-11-01&to_as_of=2025-11-01"
    pairs = {(1, 2): "retracted", (2, 3): "reinstated", (3, 4): "date corrected", (4, 3): "date corrected"}
    for (one, other), words in pairs.items():
        assert words in page(client, f"/en/diff?{state}&from_position={one}&to_position={other}").text
    assert "newly recorded" in page(client, f"/en/diff?{state}&from_position=0&to_position=1").text
    assert "not happened yet" in page(client, "/en/diff?from_as_of=2025-12-02&to_as_of=2025-11-01").text
    assert "happened since" in page(client, "/en/diff?from_as_of=2025-11-01&to_as_of=2025-12-02").text


def test_the_forms_alone_are_shown_while_nothing_is_named(client: FlaskClient, app: Flask) -> None:
    builders.catch_up(app.extensions["depositary"].database)
    shown = page(client, "/en/diff")
    assert shown.field("from_as_of")["value"] == ""
    assert not any(each.get("name") == "since" for each in shown.all("select"))
    assert "No edition has been published yet" in page(client, "/en/diff?since=latest", 422).text
    assert "No edition has been published yet" in page(client, "/en/editions").text


@pytest.mark.parametrize(
    "query",
    [
        "since=lost",
        "from_position=999",
        "from_as_of=soon",
        "to_known_at=noon",
        "of=ZZ",
        "since=latest&from_position=1",
        "to_position=1&to_known_at=2025-01-01T00:00:00Z",
        "colour=red",
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(record: tuple[FlaskClient, list[str]], query: str) -> None:
    shown = page(record[0], f"/en/diff?to_as_of=2025-01-02&{query}", 422)
    assert {"role": "alert", "class": "alert"} in shown.all("div")
    assert shown.field("to_as_of")["value"] == "2025-01-02"


def test_editions_lead_to_what_was_published_to_now_and_to_what_changed(
    record: tuple[FlaskClient, list[str]],
) -> None:
    client, ids = record
    shown = page(client, "/en/editions")
    names = [name for name in ("Number 2", "Number 1") if name in shown.text]
    assert shown.text.index("Number 2") < shown.text.index("Number 1")
    assert len(names) == 2
    links = shown.links()
    assert "/en/tallies?formal=true&as_of=2025-10-31&at_position=3" in links
    assert "/en/tallies?formal=true" in links
    assert f"/en/diff?since={ids[3]}" in links
    assert {link: status for link in links if link[0] == "/" and (status := client.get(link).status_code) != 200} == {}


def test_an_edition_is_not_known_before_it_was_published(record: tuple[FlaskClient, list[str]]) -> None:
    text = page(record[0], "/en/editions?at_position=5").text
    assert "Number 1" in text
    assert "Number 2" not in text
