"""A quick way through a schema for what is right, which nearly everything is; what may be wrong goes the plain way.

`compiled(schema)` gives a function that returns what `schema.load` returns, or raises Unsure where that may refuse.
It never says what is wrong: only marshmallow does. `tests/test_quick.py` holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import marshmallow as ma
from marshmallow import fields
from marshmallow.decorators import VALIDATES_SCHEMA

from events.fields import Checked, ListOf, Parties, Sub

Check = Callable[[Any], Any]
_MISSING = ma.missing


class Unsure(Exception):
    """The value may be wrong; ask the schema itself."""


def load(schema: ma.Schema, quick: Check, value: Any) -> Any:
    """What `schema.load(value)` returns. Raises marshmallow's ValidationError."""
    try:
        return quick(value)
    except (Unsure, ValueError, ma.ValidationError):
        return schema.load(value)


def compiled(schema: ma.Schema) -> Check:
    """The quick way through a schema. Raises TypeError for one it was not made for."""
    hooks = [name for name, found in schema._hooks.items() if found]
    if schema.unknown != ma.RAISE or schema.many or schema.partial or set(hooks) - {VALIDATES_SCHEMA}:
        raise TypeError(f"{type(schema).__name__} has what the quick way does not know")
    rules = [getattr(schema, name) for name, _many, _options in schema._hooks[VALIDATES_SCHEMA]]
    plan = [(name, _default(field), field.allow_none, _check(field)) for name, field in schema.load_fields.items()]

    def quick(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise Unsure
        found, seen = {}, 0
        for name, default, allow_none, check in plan:
            if name in value:
                given = value[name]
                seen += 1
                if given is not None:
                    found[name] = check(given)
                elif allow_none:
                    found[name] = None
                else:
                    raise Unsure
            elif default is Unsure:
                raise Unsure
            elif default is not _MISSING:
                found[name] = default
        if seen != len(value):
            raise Unsure
        for rule in rules:
            rule(found, many=False, partial=False, unknown=ma.RAISE)
        return found

    return quick


def _default(field: fields.Field[Any]) -> Any:
    """What stands where nothing was given: a value, `missing`, or Unsure where something must be given."""
    if field.data_key or field.attribute or field.validators or callable(field.load_default):
        raise TypeError(f"{field.name} has what the quick way does not know")
    return Unsure if field.required else field.load_default


def _check(field: fields.Field[Any]) -> Check:
    match field:
        case Checked():
            return field.check
        case Sub():
            return compiled(field.schema)
        case ListOf():
            return _list(field)
        case _ if type(field) is fields.Raw:
            return lambda value: value
        case _:
            raise TypeError(f"{type(field).__name__} is not known to the quick way")


def _list(field: ListOf) -> Check:
    least, most, twice = field.least, field.most, isinstance(field, Parties)
    check = _check(field.inner)

    def quick(value: Any) -> list[Any]:
        if type(value) is not list or len(value) < least or (most is not None and len(value) > most) or None in value:
            raise Unsure
        found = [check(one) for one in value]
        if twice and len(set(found)) != len(found):
            raise Unsure
        return found

    return quick
