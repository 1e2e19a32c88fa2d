"""Request bodies as JSON, read strictly: whatever two parsers could understand in two ways is refused."""

from __future__ import annotations

import json
from typing import Any

import orjson

DEEPEST = 32


class Unparseable(Exception):
    """The body is not the JSON it must be; the message says where and what to do."""


def parse(body: bytes) -> Any:
    """The JSON value of a body in UTF-8.

    Raises Unparseable for what RFC 8259 does not have (NaN, Infinity), for doubled names, lone surrogates, bytes
    that are not UTF-8, and nesting deeper than `DEEPEST`.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unparseable(f"The body is not UTF-8 (byte {error.start}). Encode it as UTF-8.") from None
    try:
        value = orjson.loads(body)
        if body.count(b"[") + body.count(b"{") > DEEPEST and too_deep(value):
            raise Unparseable(f"The body is nested deeper than {DEEPEST} levels. No event needs that.")
        if not _plainly_once(value, body):
            json.loads(text, object_pairs_hook=_once)
    except Doubled as error:
        raise Unparseable(f"The name {error} stands twice in one object. Give each name once.") from None
    except (orjson.JSONDecodeError, ValueError) as error:
        raise Unparseable(f"The body is not JSON: {error}. Correct it there.") from None
    return value


def _plainly_once(value: Any, body: bytes) -> bool:
    """Whether no name stands twice, where that is quickly told: a doubled one would be missing from the value."""
    if orjson.dumps(value) == body.strip():
        return True
    quotes = body.count(b'"') - body.count(b'\\"')
    return b"\\\\" not in body and quotes == 2 * _texts(value)


def _texts(value: Any) -> int:
    """How many texts a value holds, names included."""
    found, todo = 0, [value]
    while todo:
        one = todo.pop()
        if isinstance(one, str):
            found += 1
        elif isinstance(one, dict):
            found += len(one)
            todo.extend(one.values())
        elif isinstance(one, list):
            todo.extend(one)
    return found


class Doubled(Exception):
    """A name that stands twice in one object."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise Doubled(next(name for name in names if names.count(name) > 1)[:80])
    return found


def too_deep(value: Any) -> bool:
    """Whether arrays and objects are nested deeper than `DEEPEST`; told level by level, without recursion."""
    nests = (dict, list)
    level = [value] if isinstance(value, nests) else []
    for _ in range(DEEPEST):
        if not level:
            return False
        within = [outer.values() if isinstance(outer, dict) else outer for outer in level]
        level = [one for inner in within for one in inner if isinstance(one, nests)]
    return bool(level)
