"""The replay shows at every step what the interface says at the same two clocks, with and without its module."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from projections import replay
from projections.replay import ReplayQuery, TooMuch
from tests.test_pages import page


@pytest.fixture
def reader(sample_app: Flask) -> FlaskClient:
    return sample_app.test_client()


@pytest.fixture
def film(reader: FlaskClient) -> dict[str, Any]:
    answer = reader.get("/en/replay.json")
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def seen(rows: list[list[Any]], day: int, position: int) -> list[list[Any]]:
    """As the module does it."""
    return [row for row in rows if row[0] <= position < row[1] and row[2] <= day < row[3]]


def iso(day: int) -> str:
    return dt.date.fromordinal(day).isoformat()


def test_at_every_step_the_replay_counts_what_the_interface_counts(reader: FlaskClient, film: dict[str, Any]) -> None:
    chance = random.Random(5)
    positions = [position for position, _ in film["times"]]
    for day, position in [(chance.choice(film["days"]), chance.choice(positions)) for _ in range(8)]:
        clocks = {"as_of": iso(day), "at_position": position, "limit": 500}
        told = reader.get("/api/v1/timeline", query_string={**clocks, "certain": "true"}).json["items"]
        assert {row[4] for row in seen(film["actions"], day, position)} == {item["id"] for item in told}
        tallies = reader.get("/api/v1/tallies", query_string=clocks).json["tallies"]
        parties = [row[4] for row in seen(film["meetings"], day, position)]
        counted = {row["party"]: row["count"] for row in tallies if row["count"]}
        assert {code: parties.count(code) for code in parties} == counted
        standing = reader.get("/api/v1/partnerships", query_string={**clocks, "status": "all"}).json["items"]
        assert [row[5] for row in seen(film["standing"], day, position)] == [item["name"] for item in standing]


def test_the_frame_made_on_the_server_says_the_same(reader: FlaskClient, film: dict[str, Any]) -> None:
    shown = page(reader, "/en/replay?as_of=2025-06-20&at_position=295")
    day = next(day for day in reversed(film["days"]) if iso(day) <= "2025-06-20")
    assert f"{len(seen(film['actions'], day, 295))} actions" in shown.text


@pytest.mark.parametrize(("by", "clock"), [("event", "as_of"), ("record", "at_position")])
def test_without_its_module_every_step_is_a_link_to_the_next_change(reader: FlaskClient, by: str, clock: str) -> None:
    link = f"/en/replay?by={by}&kind=partnership&as_of=2025-05-01&at_position=40"
    passed = []
    for _ in range(3):
        steps = {each.get("data-step"): each.get("href") for each in page(reader, link).all("a")}
        link = steps["next"] or ""
        passed.append(link.partition(f"{clock}=")[2].partition("&")[0])
    assert passed == sorted(set(passed), key=lambda text: text.zfill(12))
    assert page(reader, link).links()


def test_more_than_can_be_watched_is_refused(sample_app: Flask) -> None:
    generations = {"timeline": 1, "tallies": 1, "partnerships": 1}
    with sample_app.extensions["depositary"].database.read() as connection, pytest.raises(TooMuch):
        replay.reel(connection, generations, 295, ReplayQuery(), most=10)
