"""The rules for what a writer says of an event, told apart by its type; the same for new events and for corrections.

`load` judges and raises; `read` trusts what the log already holds, so a code that left the register since
never makes an old event unreadable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import marshmallow as ma

from events import quick
from events.errors import Fault
from events.fields import Edtf, ListOf, Strict, Sub, Text, Url
from events.quick import Check, compiled
from events.types import TYPES, Content, kind_of

LARGEST_EVENT = 64 * 1024
"""How many bytes of JSON an event has at most, and an act with its corrections."""


class TitleSchema(Strict):
    """A title in English, and in French where there is one."""

    en = Text(300, required=True)
    fr = Text(300)


class SourceSchema(Strict):
    """Where it was read."""

    url = Url(required=True)
    title = Text()
    publisher = Text()
    published_on = Edtf()


class AnyContent(Strict):
    """What may stand on events of every family; `data` is judged by the type's own schema."""

    title = Sub(TitleSchema())
    sources = ListOf(Sub(SourceSchema()), 0, 50)
    note = Text()


class ActContent(AnyContent):
    """What an act needs besides."""

    occurred_on = Edtf(required=True)
    title = Sub(TitleSchema(), required=True)


ACT, OTHER = ActContent(), AnyContent()
QUICK: dict[ma.Schema, Check] = {schema: compiled(schema) for schema in (ACT, OTHER, *TYPES.values())}


class Invalid(Exception):
    """The content breaks rules; `faults` names each with a pointer from the content's root."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(faults[0].detail)
        self.faults = faults


def load(type: str, raw: Mapping[str, Any]) -> Content:
    """Judge `{occurred_on, title, data, sources, note}` of a known type; give it back with defaults filled in.

    Raises Invalid with every fault.
    """
    rest = {name: value for name, value in raw.items() if name != "data"}
    errors: dict[str, Any] = {}
    is_act = kind_of(type).family == "act"
    if not is_act and "occurred_on" in rest:
        del rest["occurred_on"]
        errors["occurred_on"] = ["Only acts have a date. Remove it; the log notes when this was recorded."]
    data = _judge(TYPES[type], raw.get("data", ma.missing), errors.setdefault("data", {}))
    common = _judge(ACT if is_act else OTHER, rest, errors)
    faults = list(_faults(errors))
    if faults:
        raise Invalid(faults)
    return _content(common, data)


def read(type: str, raw: Mapping[str, Any]) -> Content:
    """The content of a stored event, defaults filled in, without judging it."""
    return _content(raw, {**kind_of(type).defaults, **raw["data"]})


def _content(rest: Mapping[str, Any], data: Mapping[str, Any]) -> Content:
    return Content(
        occurred_on=rest.get("occurred_on"),
        title=rest.get("title"),
        data=data,
        sources=tuple(rest.get("sources", ())),
        note=rest.get("note"),
    )


def _judge(schema: ma.Schema, value: Any, errors: dict[str, Any]) -> dict[str, Any]:
    if value is ma.missing:
        errors["_schema"] = ["This field is required. Add it."]
        return {}
    try:
        loaded: dict[str, Any] = quick.load(schema, QUICK[schema], value)
    except ma.ValidationError as error:
        errors.update(error.normalized_messages())  # type: ignore[no-untyped-call]
        return {}
    return loaded


def _faults(errors: Any, pointer: str = "") -> Iterator[Fault]:
    for where, what in errors.items() if isinstance(errors, Mapping) else ():
        step = "" if where == "_schema" else "/" + str(where).replace("~", "~0").replace("/", "~1")
        if isinstance(what, Mapping):
            yield from _faults(what, pointer + step)
        else:
            for detail in what:
                if isinstance(detail, str):
                    yield Fault(code="invalid", pointer=pointer + step, detail=detail)
                else:
                    yield from _faults(detail, pointer + step)


def faults_of(errors: Mapping[Any, Any]) -> list[Fault]:
    """The messages of a marshmallow ValidationError as faults with JSON pointers."""
    return list(_faults(errors))
