"""The data of an act as labelled values, each with the link that leads on from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from events.types import TYPES
from service.pages import dates
from service.pages.labels import answer, field, plain
from service.pages.words import party
from service.translations import _, language, number

PARTIES = ("parties", "party", "visitor", "host", "by", "to", "targets", "sender", "organisation", "about")
WORDS = ("mode", "level", "form", "category", "area")

Link = Callable[..., str]


@dataclass(frozen=True, kw_only=True)
class Value:
    """One value: its text, where it leads, and whether that is outside of this service."""

    text: str
    href: str | None = None
    outside: bool = False


def facts(type: str, data: Mapping[str, Any], link: Link, path: str) -> list[tuple[str, list[Value]]]:
    """The fields of `data` in the order of their schema; `path` is the timeline's, for links that filter it."""
    names = [name for name in TYPES[type].fields if name in data and name != "currency"]
    return [(field(name), _values(name, data, link, path)) for name in names]


def _values(name: str, data: Mapping[str, Any], link: Link, path: str) -> list[Value]:
    value = data[name]
    if value is None:
        return [Value(text=_("no longer given"))]
    if value == []:
        return [Value(text=_("all") if name == "targets" else _("none"))]
    if name in PARTIES:
        codes = value if isinstance(value, list) else [value]
        return [Value(text=party(code), href=link(f"{path}parties/{code}")) for code in codes]
    match name:
        case "people":
            return [Value(text=_person(each), href=link(path, person=each["name"])) for each in value]
        case "person":
            return [Value(text=value, href=link(path, person=value))]
        case "topics":
            return [Value(text=each, href=link(path, topic=each)) for each in value]
        case "text_url":
            return [Value(text=value, href=value, outside=True)]
        case "amount":
            return [Value(text=f"{_grouped(value)} {data.get('currency') or ''}".strip())]
        case _:
            return [Value(text=each) for each in _texts(name, value)]


def _texts(name: str, value: Any) -> Sequence[str]:
    match name, value:
        case "place", _value:
            return [", ".join(filter(None, [value.get("name"), value.get("party") and party(value["party"])]))]
        case (("effective_on" | "expires_on"), _value):
            return [dates.date_in_words(value)]
        case _name, bool():
            return [answer(value)]
        case _name, list():
            return [str(each) for each in value]
        case _:
            return [plain(value, name) if name in WORDS else str(value)]


def _person(person: Mapping[str, str]) -> str:
    who = person.get("party")
    return ", ".join(filter(None, [person["name"], person.get("role"), who and party(who)]))


def _grouped(amount: str) -> str:
    whole, dot, fraction = amount.partition(".")
    comma = "," if language() == "fr" else "."
    return f"{number(int(whole))}{comma if dot else dot}{fraction}" if len(whole) <= 30 else amount


def shown(value: Any) -> str | None:
    """One side of a field-by-field change as lines of text; None where nothing is given."""
    match value:
        case None:
            return None
        case bool():
            return answer(value)
        case list():
            join = ", " if all(isinstance(each, str) for each in value) else "\n"
            return join.join(shown(each) or "" for each in value) or _("none")
        case dict():
            return ", ".join(shown(each) or "" for each in value.values())
        case _:
            return str(value)
