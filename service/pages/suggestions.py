"""What the fields of a form suggest while one types: parties, people of the record, streams to go on with."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Mapping
from typing import Any

from events import parties, store
from projections import browse, register
from projections.browse import TimelineQuery
from projections.words import fold
from service.context import context
from service.pages.composing import name_of
from service.problems import Refusal
from service.reading import Asked, Reading, read

MOST_PEOPLE = 300
MOST_ACTS = 500


def party_names() -> list[tuple[str, str]]:
    """Every party that still exists by name, with its code."""
    named = [(name_of(code), code) for code in parties.codes() if parties.kind(code) != "former_country"]
    return sorted(named, key=lambda one: fold(one[0]))


def people() -> list[dict[str, Any]]:
    """The people of the record that act most: `{name, party, role}`, the party by name."""

    def found(reading: Reading) -> list[dict[str, Any]]:
        return register.people(reading.connection, reading.generation("timeline"), reading.clocks)[:MOST_PEOPLE]

    try:
        rows = read(["timeline"], Asked(), found)
    except Refusal:
        return []
    return [
        {
            "name": row["name"],
            "party": name_of(row["party"]) if row["party"] else "",
            "role": row["roles"][0] if len(row["roles"]) == 1 else "",
        }
        for row in rows
    ]


def streams(kind: str) -> list[tuple[str, str]]:
    """The streams of a kind that moved last, each with what it is called."""

    def found(reading: Reading) -> list[dict[str, Any]]:
        query = TimelineQuery(kinds=(kind,))
        return browse.browse(reading.connection, reading.generation("timeline"), reading.clocks, query, MOST_ACTS).items

    try:
        items = read(["timeline"], Asked(), found)
    except Refusal:
        return []
    names: dict[str, str] = {}
    for item in items:
        names.setdefault(item["stream"], item["data"].get("name") or item["title"]["en"])
    return sorted(names.items())


def new_stream(kind: str, event: Mapping[str, Any]) -> str:
    """A name that no stream has yet, made of the parties and the year, such as `partnership:ca-fr-2025`."""
    data = event["data"]
    given = data.get("parties") or [data.get(name) for name in ("by", "sender", "to", "host")]
    codes = [code for code in given if isinstance(code, str) and parties.exists(code)][:4]
    words = [*codes, *re.findall("^[0-9]{4}", str(event.get("occurred_on", "")))]
    if kind == "edition":
        words = [str(data.get("name", ""))]
    stem = f"{kind}:{_slug('-'.join(words)) or 'new'}"
    names = [stem, *(f"{stem}-{nth}" for nth in range(2, 500))]
    with context().database.read() as connection:
        taken = store.load_streams(connection, names, store.StreamCache())
    return next((name for name in names if name not in taken), f"{stem}-{secrets.token_hex(4)}")


def stream_name(kind: str, text: str) -> str:
    """The name of a stream as it was typed, or made from words that are none."""
    return text if ":" in text else f"{kind}:{_slug(text)}"


def _slug(text: str) -> str:
    """Small letters without accents, digits and hyphens."""
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub("[^a-z0-9]+", "-", bare).strip("-")[:80]
