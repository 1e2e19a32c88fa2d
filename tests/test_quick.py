"""The quick way through a schema returns what marshmallow returns, and leaves to it all that it refuses."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import marshmallow as ma
import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import fields

from events import content
from events.fields import CONTROL, Strict, text, url
from events.quick import Unsure, compiled
from events.types import TYPES, kind_of
from service import envelope
from tests.builders import PAYLOADS, SAMPLE

ODD: list[Any] = [None, "", " ", "x", "CA", "2025-10-30", 0, -1, 1.5, True, [], {}, ["CA", "CA"], [None], {"en": 1}]
ODD += [
    "\x00",
    "a\tb",
    "\u3164",
    "é",
    "https://a@b.org/",
    "https://b.org/ x",
    "http://[",
    10**20,
    {"name": "x", "z": 1},
    "x" * 301,
]


def events() -> list[dict[str, Any]]:
    """Real events of every type."""
    found = [json.loads(line) for line in SAMPLE.read_text().splitlines()]
    for path in sorted(PAYLOADS.rglob("*.json")):
        value = json.loads(path.read_text())
        found += [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]
    return [one for one in found if one.get("type") in TYPES]


EVENTS = events()


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every place within a JSON value, as (holder, key)."""
    pairs = list(value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ())
    return [(value, key) for key, _ in pairs] + [place for _, inner in pairs for place in places(inner)]


def spoiled(raw: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The event with up to three places left out, doubled, renamed or made odd; often it stays right."""
    made = copy.deepcopy(raw)
    for _ in range(chance.randrange(4)):
        holder, key = chance.choice(places(made))
        match chance.randrange(5):
            case 0 if isinstance(holder, dict):
                del holder[key]
            case 1 if isinstance(holder, dict):
                holder[f"{key}s"] = holder[key]
            case 2 if isinstance(holder, list):
                holder.append(holder[key])
            case 3:
                holder[key] = chance.choice(ODD)
            case _ if isinstance(holder, dict):
                holder[chance.choice(["note", "name", "party", "amount", "to_year", "reason"])] = chance.choice(ODD)
    return made


def plainly(schema: ma.Schema, value: Any) -> Any:
    """What marshmallow says: the value, or Unsure where it refuses."""
    try:
        return schema.load(copy.deepcopy(value))
    except ma.ValidationError:
        return Unsure


def quickly(schema: ma.Schema, value: Any) -> Any:
    """What the quick way says."""
    try:
        return compiled(schema)(copy.deepcopy(value))
    except (Unsure, ValueError, ma.ValidationError):
        return Unsure


def test_there_are_events_of_every_kind_to_try() -> None:
    assert {kind_of(one["type"]).name for one in EVENTS} >= {"meeting", "pledge", "partnership", "record", "measure"}


@pytest.mark.parametrize("seed", range(6))
def test_the_quick_way_says_what_marshmallow_says(seed: int) -> None:
    chance = random.Random(seed)
    right = 0
    for _ in range(400):
        raw = spoiled(chance.choice(EVENTS), chance)
        rest = {name: raw[name] for name in raw if name in envelope.CONTENT and name != "data"}
        type = raw.get("type")
        schemas: list[tuple[ma.Schema, Any]] = [(envelope.ARCHIVE, raw), (content.ACT, rest)]
        schemas += [(TYPES[type], raw.get("data"))] if isinstance(type, str) and type in TYPES else []
        for schema, value in schemas:
            plain = plainly(schema, value)
            assert quickly(schema, value) == plain
            right += plain is not Unsure
    assert 300 < right < 1_150


@pytest.mark.parametrize("name", sorted(TYPES))
def test_every_type_has_a_quick_way(name: str) -> None:
    assert compiled(TYPES[name])


def test_a_schema_it_was_not_made_for_is_refused() -> None:
    class Dated(Strict):
        day = fields.Date()

    with pytest.raises(TypeError, match="Date"):
        compiled(Dated())


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=6))
def test_text_is_blank_when_nothing_in_it_can_be_seen(value: str) -> None:
    ascii_only = value.isascii()
    good = bool(value.strip()) and not CONTROL.search(value)
    try:
        assert text(value) == value
        assert good
    except ValueError:
        assert not (good and ascii_only)


@pytest.mark.parametrize(
    "address",
    ["https://a.b", "http://a-b.c/d?e=f#g", "https://a/@x", "https://1.2.3.4/%41", "https://a.b/c:d", "http://a/\\"],
)
def test_a_plain_url_is_taken(address: str) -> None:
    assert url(address) == address


@pytest.mark.parametrize(
    "address", ["https://", "https://a b", "https://a/\t", "https://a@b/", "https://-/", "ftp://a/"]
)
def test_a_url_that_is_not_one_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="URL"):
        url(address)
