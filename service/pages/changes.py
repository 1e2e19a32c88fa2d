"""What was changed, field by field, in words: names of fields, dates, parties and people as readers know them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.pages import dates
from service.pages.facts import PARTIES, WORDS
from service.pages.labels import answer, field, plain
from service.pages.words import party
from service.translations import _

ORDER = ("name", "title", "role", "publisher", "party", "published_on", "url")
DATES = ("occurred_on", "published_on", "effective_on", "expires_on")


def change(each: Mapping[str, Any]) -> dict[str, Any]:
    """`{path, label, old, new}` of a change `{path, old, new}`; a side that gives nothing is None."""
    names = [name.replace("~1", "/").replace("~0", "~") for name in each["path"].strip("/").split("/")]
    shown = names[1:] if names[0] == "data" and len(names) > 1 else names
    return {
        "path": each["path"].strip("/"),
        "label": " · ".join(field(name) for name in shown),
        "old": in_words(names[-1], each["old"]),
        "new": in_words(names[-1], each["new"]),
    }


def in_words(name: str, value: Any) -> str | None:
    """The value of a field of this name as lines of text; None where nothing is given."""
    match value:
        case None:
            return None
        case bool():
            return answer(value)
        case list():
            join = "\n" if any(isinstance(each, dict) for each in value) else ", "
            return join.join(in_words(name, each) or "" for each in value) or _("none")
        case dict():
            known = sorted(value, key=lambda inner: ORDER.index(inner) if inner in ORDER else -1)
            return ", ".join(filter(None, (in_words(inner, value[inner]) for inner in known)))
        case str() if name in DATES:
            return dates.in_words(value)
        case str() if name in PARTIES:
            return party(value)
        case str() if name in WORDS:
            return plain(value)
        case _:
            return str(value)
