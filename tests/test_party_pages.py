"""Parties, people and partnerships: every figure is the interface's, and leads to exactly what it counts."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from projections.measures import CHANGING
from tests import builders
from tests.test_action_page import written
from tests.test_pages import Page, page

STATE = "as_of=2025-11-05&at_position=295"
TALKS = "partnership:ca-us-economic-security-talks"


@pytest.fixture
def reader(sample_app: Flask) -> FlaskClient:
    return sample_app.test_client()


def told(reader: FlaskClient, path: str) -> Any:
    return reader.get(f"/api/v1/{path}{'&' if '?' in path else '?'}{STATE}").json


def figures(shown: Page) -> list[dict[str, str]]:
    """The links whose name begins with a number."""
    return [each for each in shown.all("a") if each.get("aria-label", " ")[0].isdigit()]


def counted(each: dict[str, str]) -> int:
    return int(each["aria-label"].split()[0].replace(",", ""))


def test_the_parties_and_their_figures_are_those_of_the_interface(reader: FlaskClient) -> None:
    shown = page(reader, f"/en/parties?{STATE}")
    rows = {row["name"]["en"]: row["actions"] for row in told(reader, "parties")["items"]}
    assert {each["aria-label"].partition(" with ")[2]: counted(each) for each in figures(shown)} == rows


def test_a_party_is_found_by_name_in_either_language_and_by_code(reader: FlaskClient) -> None:
    for q in ("royaume", "kingdom unit", "gb"):
        assert [each["aria-label"] for each in figures(page(reader, f"/en/parties?{STATE}&q={q}"))] == [
            "25 actions with United Kingdom"
        ]
    assert "No party has this name" in page(reader, "/en/parties?q=atlantis").text


def test_the_people_and_their_figures_are_those_of_the_interface(reader: FlaskClient) -> None:
    shown = page(reader, f"/en/people?{STATE}&limit=500")
    rows = [(row["name"], row["actions"]) for row in told(reader, "people")["items"]]
    assert [(each["aria-label"].partition(" with ")[2], counted(each)) for each in figures(shown)] == rows
    assert "Keir Starmer" in page(reader, "/en/people?party=GB&q=keir+prime").text
    assert "Nobody by this name" in page(reader, "/en/people?q=nemo").text


def test_people_are_paged_and_each_is_shown_once(reader: FlaskClient) -> None:
    path: str | None = f"/en/people?{STATE}&limit=60"
    seen: list[str] = []
    while path:
        shown = page(reader, path)
        seen += [each["aria-label"] for each in figures(shown)]
        path = next((each["href"] for each in shown.all("a") if each.get("rel") == "next"), None)
    assert len(seen) == len(set(seen)) == len(told(reader, "people")["items"])


def test_one_person_however_spelled_is_one_row_that_lists_what_it_counts(app: Flask, client: FlaskClient) -> None:
    for person in ({"name": "José Díaz", "party": "KR"}, {"name": "JOSE DIAZ"}):
        written(app, builders.meeting("CA", "KR", data={"people": [person]}))
    (figure,) = figures(page(client, "/en/people"))
    assert counted(figure) == page(client, figure["href"]).listed() == 2


@pytest.mark.parametrize("code", ["GB", "CN", "CA", "NATO"])
def test_the_figures_of_a_party_are_those_of_the_interface_and_list_that_many(reader: FlaskClient, code: str) -> None:
    shown = page(reader, f"/en/parties/{code}?{STATE}")
    about = told(reader, f"parties/{code}")
    total = next(link for link in shown.links() if link.startswith(f"/en/?party={code}&"))
    assert page(reader, f"{total}&limit=500").listed() == about["actions"]
    for each in figures(shown):
        assert page(reader, f"{each['href']}&limit=500").listed() == counted(each)
    met = {row["name"]: row["count"] for row in about["tallies"]}
    meetings = {each["aria-label"].partition(" with ")[2]: counted(each) for each in figures(shown)}
    assert {name: count for name, count in met.items() if name in meetings} == {
        name: count for name, count in meetings.items() if name in met
    }
    standing = told(reader, f"partnerships?party={code}&kinds=partnership,agreement&limit=50")["items"]
    links = [link.partition("?")[0].removeprefix("/en/partnerships/") for link in shown.links() if ":" in link]
    assert links[: len(standing)] == [item["stream"] for item in standing]


def test_a_party_says_first_and_last_meeting_and_what_was_the_first_since(reader: FlaskClient) -> None:
    text = " ".join(page(reader, f"/en/parties/CN?{STATE}&since=2025-03-14").text.split())
    row = told(reader, "tallies?of=CA&party=CN&since=2025-03-14")["tallies"][0]
    assert (row["first"], row["previous"]) == ("2025-06-05", "2017")
    assert "The meeting of 5 June 2025 was the first since 2017." in text
    assert "Last31 October 2025: Carney meets Xi in Gyeongju" in text
    assert "The meeting of 5 June 2025 was the first since 2017." in page(reader, f"/en/parties/CN?{STATE}").text
    assert "was the first since" not in page(reader, f"/en/parties/GB?{STATE}").text


def test_measures_in_force_are_told_by_who_imposed_them(reader: FlaskClient) -> None:
    text = " ".join(page(reader, f"/en/parties/US?{STATE}").text.split())
    by, _, on = text.partition("By United States")[2].partition("On United States")
    assert "US puts" in by
    assert "counter-tariffs on US vehicles" in on
    assert "quotas on steel" in on.partition("By others, on all")[2]
    assert "on US goods" not in on, "those were lifted on 1 September 2025"
    assert "on US goods" in page(reader, "/en/parties/US?as_of=2025-08-31").text


@pytest.mark.parametrize("act", [act for act, stands in CHANGING.items() if not stands])
def test_a_measure_is_in_force_until_it_is_not(app: Flask, client: FlaskClient, act: str) -> None:
    measure = {"by": "US", "category": "tariff", "targets": ["CA"]}
    written(
        app, builders.act("measure.imposed", "measure:x", "2025-01-01", data={**measure, "effective_on": "2025-02"})
    )
    written(app, builders.act(f"measure.{act}", "measure:x", "2025-03-05", data={**measure}))
    days = ("2025-01-31", "2025-02-28", "2025-03-04", "2025-03-05")
    shown = ["Measures in force" in page(client, f"/en/parties/CA?as_of={day}").text for day in days]
    assert shown == [False, True, True, False]


def test_a_party_unknown_is_404_and_one_without_actions_says_so(app: Flask, client: FlaskClient) -> None:
    builders.catch_up(app.extensions["depositary"].database)
    assert "Write GB." in page(client, "/en/parties/UK", 404).text
    shown = page(client, "/en/parties/TV")
    assert "Tuvalu" in shown.text
    assert "holds no action of it" in shown.text
    assert "names no party yet" in page(client, "/en/parties").text
    assert "names nobody yet" in page(client, "/en/people").text


def test_every_partnership_has_the_status_of_the_interface_on_its_own_page(reader: FlaskClient) -> None:
    for day in ("2025-06-28", "2025-11-05"):
        path = f"/api/v1/partnerships?as_of={day}&at_position=295&status=all&kinds=partnership,agreement"
        for item in reader.get(path).json["items"]:
            shown = page(reader, f"/en/partnerships/{item['stream']}?as_of={day}&at_position=295")
            marks = [
                each["class"].split()[1] for each in shown.all("span") if each.get("class", "").startswith("mark ")
            ]
            assert marks[0] == item["status"]
            assert item["name"] in shown.text


def test_a_partnership_is_drawn_and_told_from_span_to_span(reader: FlaskClient) -> None:
    shown = page(reader, f"/en/partnerships/{TALKS}?{STATE}")
    drawn = [each["class"] for each in shown.all("rect")]
    assert drawn == ["active", "suspended", "active", "suspended", *["tick"] * 4]
    text = " ".join(shown.text.split())
    assert "suspended from 27 June 2025 to 28 June 2025 active from 29 June 2025 to 22 October 2025" in text


def test_what_expired_and_what_is_not_certain_is_told(app: Flask, client: FlaskClient) -> None:
    until = {"expires_on": "2025-02-01"}
    written(app, builders.act("partnership.established", "partnership:a", "2025-01-01", data=until))
    written(app, builders.act("partnership.established", "partnership:b", "2025"))
    text = " ".join(page(client, "/en/partnerships/partnership:a?as_of=2025-03-01").text.split())
    assert "active from 1 January 2025 to 1 February 2025 expired from 2 February 2025" in text
    assert "None of its acts is certain" in page(client, "/en/partnerships/partnership:b?as_of=2025-03-01").text
    assert page(client, "/en/partnerships/partnership:a?as_of=2024-12-31", 404)


def test_a_life_line_reaches_the_last_day_of_the_calendar(reader: FlaskClient) -> None:
    assert "31 December 9999" in page(reader, f"/en/partnerships/{TALKS}?as_of=9999-12-31").text


@pytest.mark.parametrize("stream", ["partnership:none", "meeting:x", "PARTNERSHIP:X", "partnership:%00"])
def test_a_partnership_unknown_is_404(client: FlaskClient, stream: str) -> None:
    assert client.get(f"/en/partnerships/{stream}").status_code in (404, 503)


def test_every_link_of_these_pages_leads_somewhere(reader: FlaskClient) -> None:
    starts = ("parties?limit=5", "people?limit=5", "parties/CL", f"partnerships/{TALKS}", "partnerships?limit=3")
    links = {link for start in starts for link in page(reader, f"/en/{start}").links() if link.startswith("/")}
    assert len(links) > 60
    assert {link: status for link in links if (status := reader.get(link).status_code) != 200} == {}
