"""Cursors: where a list goes on. Each belongs to the filters it was made for and is refused under others."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from service.problems import Refusal, wrong_query

BESIDE = ("limit", "cursor", "after", "facets", "known_at", "at_position", "min_position", "wait")


def make(args: Mapping[str, Any], place: Sequence[int | str]) -> str:
    """The cursor behind a place in the list that these parameters ask for."""
    return base64.urlsafe_b64encode(orjson.dumps([_digest(args), *place])).decode().rstrip("=")


def read(args: Mapping[str, Any], kinds: Sequence[type]) -> tuple[Any, ...] | None:
    """The place a request's cursor names, with values of these types; None without a cursor. Raises Refusal."""
    text = args.get("cursor")
    if text is None:
        return None
    try:
        digest, *place = orjson.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (ValueError, TypeError):
        raise _wrong("This cursor does not decode. Follow `next` as it was given.") from None
    if digest != _digest(args):
        raise _wrong("This cursor belongs to other filters. Begin again without it.")
    sound = len(place) == len(kinds) and all(type(v) is kind for v, kind in zip(place, kinds, strict=True))
    if not sound or any(not 0 <= value < 2**62 if isinstance(value, int) else "\x00" in value for value in place):
        raise _wrong("This cursor does not decode. Follow `next` as it was given.")
    return tuple(place)


def _digest(args: Mapping[str, Any]) -> str:
    filters = {name: str(value) for name, value in args.items() if name not in BESIDE}
    return hashlib.sha256(orjson.dumps(filters, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def _wrong(detail: str) -> Refusal:
    return wrong_query({"cursor": detail})


def page(args: Mapping[str, Any], items: Sequence[Any]) -> tuple[Sequence[Any], list[int] | None]:
    """One page of a short list that is made whole each time, and the place behind it when there is more."""
    start = (read(args, [int]) or (0,))[0]
    limit = args.get("limit") or len(items)
    end = start + limit
    return items[start:end], [end] if end < len(items) else None
