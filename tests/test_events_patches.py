"""Merge patches do what RFC 7396 says, and differences name what a patch changed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.patches import differences, merge

APPENDIX_A = """
{"a":"b"}           {"a":"c"}                   {"a":"c"}
{"a":"b"}           {"b":"c"}                   {"a":"b","b":"c"}
{"a":"b"}           {"a":null}                  {}
{"a":"b","b":"c"}   {"a":null}                  {"b":"c"}
{"a":["b"]}         {"a":"c"}                   {"a":"c"}
{"a":"c"}           {"a":["b"]}                 {"a":["b"]}
{"a":{"b":"c"}}     {"a":{"b":"d","c":null}}    {"a":{"b":"d"}}
{"a":[{"b":"c"}]}   {"a":[1]}                   {"a":[1]}
["a","b"]           ["c","d"]                   ["c","d"]
{"a":"b"}           ["c"]                       ["c"]
{"a":"foo"}         null                        null
{"a":"foo"}         "bar"                       "bar"
{"e":null}          {"a":1}                     {"e":null,"a":1}
[1,2]               {"a":"b","c":null}          {"a":"b"}
{}                  {"a":{"bb":{"ccc":null}}}   {"a":{"bb":{}}}
"""
ROWS = [[json.loads(cell) for cell in line.split()] for line in APPENDIX_A.strip().splitlines()]

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.text("ab~/", max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("ab~/", max_size=2), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text("ab~/", max_size=2), VALUES, max_size=4)


@pytest.mark.parametrize(("original", "patch", "result"), ROWS)
def test_the_examples_of_the_rfc_hold(original: Any, patch: Any, result: Any) -> None:
    assert merge(original, patch) == result


@given(original=VALUES, patch=VALUES)
def test_a_patch_leaves_what_it_was_given_alone(original: Any, patch: Any) -> None:
    before = json.dumps([original, patch])
    merge(original, patch)
    assert json.dumps([original, patch]) == before


@given(original=VALUES, patch=VALUES)
def test_a_patch_applied_twice_does_no_more(original: Any, patch: Any) -> None:
    once = merge(original, patch)
    assert merge(once, patch) == once


def at(value: Any, pointer: str) -> Any:
    """What stands at a JSON pointer; a missing field is null."""
    for step in pointer.split("/")[1:]:
        value = value.get(step.replace("~1", "/").replace("~0", "~"))
    return value


@given(old=OBJECTS, new=OBJECTS)
def test_a_difference_names_what_stood_and_what_stands_there(old: Any, new: Any) -> None:
    for change in differences(old, new):
        assert (change["old"], change["new"]) == (at(old, change["path"]), at(new, change["path"]))
        assert json.dumps(change["old"]) != json.dumps(change["new"])


@given(value=VALUES)
def test_nothing_differs_from_itself(value: Any) -> None:
    assert list(differences(value, json.loads(json.dumps(value)))) == []


@given(old=OBJECTS, new=OBJECTS)
def test_a_difference_is_empty_only_between_equals(old: Any, new: Any) -> None:
    if not list(differences(old, new)):
        assert without_null(old) == without_null(new)


def without_null(value: Any) -> Any:
    """A JSON value in which fields with null are missing, as a difference sees it; told apart from 0 and false."""
    if isinstance(value, dict):
        return {name: without_null(inner) for name, inner in value.items() if inner is not None}
    return json.dumps(value)


def test_a_difference_goes_field_by_field_and_takes_lists_whole() -> None:
    old = {"title": {"en": "A"}, "data": {"parties": ["CA", "KR"], "formal": True, "a/b": 1}}
    new = {"title": {"en": "A", "fr": "B"}, "data": {"parties": ["CA"], "formal": 1}}
    assert list(differences(old, new)) == [
        {"path": "/data/a~1b", "old": 1, "new": None},
        {"path": "/data/formal", "old": True, "new": 1},
        {"path": "/data/parties", "old": ["CA", "KR"], "new": ["CA"]},
        {"path": "/title/fr", "old": None, "new": "B"},
    ]
