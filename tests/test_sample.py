"""The sample record gives the figures that were counted from it by hand and by brute force."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests import builders

EXPECTED = builders.expected()
TALLIES = [name for name, value in EXPECTED.items() if name.startswith("tallies") and "counts" in value]


def get(app: Flask, path: str, **query: Any) -> dict[str, Any]:
    response = app.test_client().get(f"/api/v1/{path}", query_string=query)
    assert response.status_code == 200, response.text
    return dict(response.json)


@pytest.mark.parametrize("name", TALLIES)
def test_a_tally_of_the_sample_is_as_counted(sample_app: Flask, name: str) -> None:
    wanted = EXPECTED[name]
    query = {key: wanted[key] for key in ("of", "since", "as_of", "mode", "level") if key in wanted}
    if "formal" in wanted:
        query["formal"] = str(wanted["formal"]).lower()
    rows = get(sample_app, "tallies", **query)["tallies"]
    assert {row["party"]: row["count"] for row in rows if row["count"]} == wanted["counts"]
    if "possible" in wanted:
        assert {row["party"]: row["possible"] for row in rows if row["possible"]} == wanted["possible"]


def test_the_newsletters_tally_comes_out(sample_app: Flask) -> None:
    query = {"of": "CA", "since": "2025-03-14", "as_of": "2025-11-05", "formal": "true"}
    rows = {row["party"]: row for row in get(sample_app, "tallies", **query)["tallies"]}
    newsletter = EXPECTED["newsletter"]["counts"]
    assert {code: rows[code]["count"] for code in newsletter} == newsletter
    assert rows["CN"]["previous"] == EXPECTED["previous"]["CN"] == "2017"
    assert {code: [row["first"], row["last"]] for code, row in rows.items()} == EXPECTED["tallies_first_last"]


def test_each_count_leads_to_exactly_the_meetings_it_counts(sample_app: Flask) -> None:
    query = {"of": "CA", "since": "2025-03-14", "as_of": "2025-10-31", "formal": "true"}
    client = sample_app.test_client()
    for row in get(sample_app, "tallies", **query)["tallies"]:
        items = client.get(row["actions"]).json["items"]
        assert len(items) == row["count"]
        assert "at_position=" in row["actions"]


@pytest.mark.parametrize("status", ["active", "suspended"])
def test_the_partnerships_of_the_sample_stand_as_counted(sample_app: Flask, status: str) -> None:
    items = get(sample_app, "partnerships", as_of="2025-11-05", status=status)["items"]
    assert sorted(item["stream"] for item in items) == EXPECTED[f"{status}_partnerships_as_of_2025-11-05"]


def test_the_talks_are_suspended_resumed_and_suspended_again(sample_app: Flask) -> None:
    stream = "partnership:ca-us-economic-security-talks"
    for day, status in EXPECTED["partnership_status_of_ca-us-economic-security-talks"].items():
        items = get(sample_app, "partnerships", as_of=day, status="all", party="US")["items"]
        assert next((item["status"] for item in items if item["stream"] == stream), None) == status


def test_imprecise_dates_stay_as_they_were_written(sample_app: Flask) -> None:
    items = {}
    page = get(sample_app, "timeline", limit=500)
    for item in page["items"]:
        items[item["stream"]] = item["occurred_on"]
    assert EXPECTED["imprecise_dates"].items() <= items.items() | EXPECTED["imprecise_dates"].items()
    assert len(page["items"]) == EXPECTED["events"]
