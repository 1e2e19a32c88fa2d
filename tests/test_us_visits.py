"""A real correction log of ten years, imported with its record times, can be read as it stood at any of them."""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient

from service.app import create_app
from service.settings import Settings
from tests import builders
from tests.archives.us_visits import FILE, FOLDER, Conversion, convert, state_at
from tests.processes import run

UNSAYABLE = {"Hawaii": 6, "Kosovo": 2, "ends before it begins": 2, "no code": 1, "used again": 1}
INSTANTS = 20


@pytest.fixture(scope="module")
def log() -> Path:
    path = FOLDER / FILE
    if not path.exists():
        missing = f"the archive {FILE} is not there; DEPOSITARY_TEST_ARCHIVES says in which folder to look"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)
    return path


@pytest.fixture(scope="module")
def conversion(log: Path) -> Conversion:
    return convert(log)


@pytest.fixture
def client(url: str, conversion: Conversion, tmp_path: Path) -> Any:
    file = tmp_path / "visits.jsonl"
    file.write_bytes(b"".join(orjson.dumps(event) + b"\n" for event in conversion.events))
    for appended in (len(conversion.events), 0):
        done = run(url, "import", "--keep-recorded-at", str(file))
        assert done.returncode == 0, done.stderr
        assert f": {appended} appended" in done.stdout
    app = create_app(Settings(database_url=url, home="US"))
    builders.catch_up(app.extensions["depositary"].database)
    yield app.test_client()
    app.extensions["depositary"].close()


def timeline(client: FlaskClient, instant: str) -> dict[str, tuple[Any, ...]]:
    found: dict[str, tuple[Any, ...]] = {}
    link: str | None = f"/api/v1/timeline?limit=500&known_at={instant}"
    while link:
        page = client.get(link).json
        for item in page["items"]:
            record = item["stream"].removeprefix("visit:us-")
            assert record not in found
            who = item["data"]["people"][0]["name"]
            found[record] = (item["occurred_on"], item["data"]["visitor"], who, item["title"]["en"], item["note"])
        link = page["next"]
    return found


def test_the_timeline_at_twenty_instants_is_what_the_file_says(
    client: FlaskClient, conversion: Conversion, log: Path
) -> None:
    instants = sorted(set(conversion.instants))
    chosen = {instants[0], instants[-1], *random.Random(7).sample(instants, min(INSTANTS, len(instants)) - 2)}
    assert len(chosen) >= min(INSTANTS, len(instants)) - 2
    for instant in sorted(chosen):
        assert timeline(client, instant) == state_at(log, instant), instant


def test_what_the_contract_cannot_say_is_listed(conversion: Conversion) -> None:
    reasons = Counter(why for _, _, why in conversion.unsayable)
    for record, instant, why in conversion.unsayable:
        print(f"not imported: record {record} as of {instant}: {why}")
    assert sum(reasons.values()) == sum(UNSAYABLE.values()), reasons
