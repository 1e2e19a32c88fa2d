"""Forms that lose nothing: what was typed stays, and what is wrong is said beside its field.

An empty field means that nothing was given. Everything else is judged by the same schemas as the interface's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import marshmallow as ma
from werkzeug.datastructures import MultiDict

from service.negotiation import of_messages
from service.problems import Refusal, wrong_query
from service.query import ONCE, Query, Several

CLOCKS = ("as_of", "known_at", "at_position")
BESIDE = (*CLOCKS, "min_position", "wait", "limit", "cursor", "order")


@dataclass(frozen=True, kw_only=True)
class Form:
    """The fields given, as typed, and the messages about them: `errors["party/1"]` is about the second `party`."""

    given: Mapping[str, Sequence[str]]
    errors: Mapping[str, str] = field(default_factory=dict)

    def value(self, name: str) -> str:
        """The first value typed into a field, or nothing."""
        return next(iter(self.given.get(name, ())), "")

    def values(self, name: str) -> Sequence[str]:
        """All values of a field that may be repeated."""
        return self.given.get(name, ())

    def error(self, name: str, nth: int | None = None) -> str | None:
        """What is wrong with a field, or with one value of it."""
        return self.errors.get(name if nth is None else f"{name}/{nth}")

    @property
    def filters(self) -> Mapping[str, Sequence[str]]:
        """What was given besides the clocks, the order and the page."""
        return {name: values for name, values in self.given.items() if name not in BESIDE}

    @property
    def pinned(self) -> bool:
        """Whether a clock was set."""
        return any(name in self.given for name in CLOCKS)

    def refused(self, refusal: Refusal) -> Form:
        """The same with the messages of a refusal."""
        found: dict[str, str] = {}
        for error in refusal.errors:
            found.setdefault(error["pointer"].strip("/"), error["detail"])
        return replace(self, errors=found)

    def load(self, schema: type[Query]) -> dict[str, Any]:
        """The values as the interface takes them. Raises Refusal (422)."""
        several = {name for name, each in schema().fields.items() if isinstance(each, Several)}
        twice = [name for name, values in self.given.items() if len(values) > 1 and name not in several]
        if twice:
            raise wrong_query(dict.fromkeys(twice, ONCE))
        raw = {name: list(values) if name in several else values[0] for name, values in self.given.items()}
        try:
            loaded: dict[str, Any] = schema().load(raw)
        except ma.ValidationError as error:
            raise of_messages(error.normalized_messages()) from None  # type: ignore[no-untyped-call]
        return loaded


def typed(query: MultiDict[str, str]) -> Form:
    """The form of a request's query, without empty fields."""
    given = {name: [value.strip() for value in values if value.strip()] for name, values in query.lists()}
    return Form(given={name: values for name, values in given.items() if values})
