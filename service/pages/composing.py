"""From what was typed into a form to the event it means, and back from an act to the fields that show it.

What was typed is kept as text in the shape of the event: `{"occurred_on", "title", "data", "sources", "note",
"stream"}`, without blanks, and `clear` with the fields of `data` that no longer hold. A field's name is its place:
`data.people.0.name`. Whatever cannot be understood stays as it was typed, for the log's rules to speak of.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from marshmallow import fields as ma_fields

from events import parties
from events.fields import Flag, Parties, Party, People, Place, Whole, Words
from events.types import TYPES
from projections.words import fold
from service.translations import language

PERSON, PLACE, SOURCE, TITLE = (
    ("name", "party", "role"),
    ("name", "party"),
    ("url", "title", "publisher", "published_on"),
    ("en", "fr"),
)

Typed = dict[str, Any]
Given = Mapping[str, str]


def read(type: str, form: Given) -> Typed:
    """What was typed for an event of this type; rows left empty are left out."""
    data = {name: _read(field, form, f"data.{name}") for name, field in TYPES[type].fields.items()}
    found: Typed = {name: _text(form, name) for name in ("occurred_on", "note", "stream")}
    found |= {"title": _parts(form, "title", TITLE), "sources": _rows(form, "sources", SOURCE)}
    found["clear"] = {name: _text(form, f"clear.{name}") for name in TYPES[type].fields}
    found["clear"] = _given(found["clear"])
    return {**_given(found), "data": _given(data)}


def rows_sent(form: Given, name: str) -> int:
    """How many rows of a list the form had, empty ones too."""
    return max((nth + 1 for nth in _numbers(form, name)), default=0)


def event(type: str, typed: Typed) -> dict[str, Any]:
    """The event as a writer sends it, without id."""
    fields = TYPES[type].fields
    data = {name: _meant(fields[name], value) for name, value in typed["data"].items()}
    cleared = {name: None for name in typed.get("clear", {}) if name not in data}
    rest = {name: value for name, value in typed.items() if name not in ("data", "clear")}
    return {"type": type, **rest, "data": {**data, **cleared}}


def fill(type: str, content: Mapping[str, Any]) -> Typed:
    """The form that shows an act as it stands: `{occurred_on, title, data, sources, note}`, or some of them."""
    fields = TYPES[type].fields
    data = {name: _typed(fields[name], value) for name, value in content.get("data", {}).items() if name in fields}
    rest = {name: _tidied(value) for name, value in content.items() if name != "data"}
    cleared = {name: "1" for name, value in content.get("data", {}).items() if value is None}
    return {**rest, "data": _given(data), **({"clear": cleared} if cleared else {})}


def spread(value: Any, name: str = "") -> dict[str, str]:
    """Every text of what was typed by the name of its field."""
    if isinstance(value, str):
        return {name: value}
    steps = value.items() if isinstance(value, Mapping) else enumerate(value)
    inner = [spread(each, f"{name}.{step}" if name else str(step)) for step, each in steps]
    return {name: text for part in inner for name, text in part.items()}


def code_of(text: str) -> str:
    """The code that a name or code of a party means; the text itself when it means none."""
    code = text.strip().upper()
    return code if parties.exists(code) else _codes(len(parties.codes())).get(fold(text.strip()), text)


def name_of(code: str) -> str:
    """The name by which a form shows a party: one that means its code again."""
    name = parties.name(code, language())
    return name if code_of(name) == code else code


@cache
def _codes(count: int) -> dict[str, str]:
    """The codes of the register by their names in both languages, folded; `count` tells when it has grown."""
    found: dict[str, str] = {}
    for code in sorted(parties.codes(), key=lambda code: (parties.kind(code) == "former_country", code)):
        for each in ("en", "fr"):
            found.setdefault(fold(parties.name(code, each)), code)
    return found


def _read(field: ma_fields.Field[Any], form: Given, name: str) -> Any:
    match field:
        case Parties():
            return [text for nth in _numbers(form, name) if (text := _text(form, f"{name}.{nth}"))]
        case People():
            return _rows(form, name, PERSON)
        case Place():
            return _parts(form, name, PLACE)
        case _:
            return _text(form, name)


def _meant(field: ma_fields.Field[Any], typed: Any) -> Any:
    match field:
        case Party():
            return code_of(typed)
        case Parties():
            return [code_of(each) for each in typed]
        case People():
            return [_coded(each) for each in typed]
        case Place():
            return _coded(typed)
        case Words():
            return [line.strip() for line in typed.split("\n") if line.strip()]
        case Flag():
            return {"true": True, "false": False}.get(typed, typed)
        case Whole():
            return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 16 else typed
        case _:
            return typed


def _typed(field: ma_fields.Field[Any], value: Any) -> Any:
    match field, value:
        case _, None:
            return ""
        case Party(), _:
            return name_of(value)
        case Parties(), _:
            return [name_of(each) for each in value]
        case People(), _:
            return [_named(each) for each in value]
        case Place(), _:
            return _named(value)
        case Words(), _:
            return "\n".join(each.replace("\n", " ") for each in value)
        case Flag(), _:
            return "true" if value else "false"
        case _:
            return _tidy(str(value))


def _coded(parts: Mapping[str, str]) -> dict[str, str]:
    return {name: code_of(text) if name == "party" else text for name, text in parts.items()}


def _named(parts: Mapping[str, str]) -> dict[str, str]:
    return {name: name_of(text) if name == "party" else _tidy(text) for name, text in parts.items()}


def _tidied(value: Any) -> Any:
    match value:
        case str():
            return _tidy(value)
        case Mapping():
            return {name: _tidied(each) for name, each in value.items()}
        case _:
            return [_tidied(each) for each in value]


def _tidy(text: str) -> str:
    return re.sub("\r\n?", "\n", text).strip()


def _text(form: Given, name: str) -> str:
    return _tidy(form.get(name, ""))


def _parts(form: Given, name: str, parts: tuple[str, ...]) -> dict[str, str]:
    return _given({part: _text(form, f"{name}.{part}") for part in parts})


def _rows(form: Given, name: str, parts: tuple[str, ...]) -> list[dict[str, str]]:
    rows = (_parts(form, f"{name}.{nth}", parts) for nth in _numbers(form, name))
    return [row for row in rows if row]


def _numbers(form: Given, name: str) -> list[int]:
    found = (re.match(r"([0-9]{1,3})(?:\.|$)", key[len(name) + 1 :]) for key in form if key.startswith(f"{name}."))
    return sorted({int(match[1]) for match in found if match})


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in ("", [], {})}
