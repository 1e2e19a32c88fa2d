"""What a kind of event is made of.

A kind with one act (`meeting`) needs only its acts. A kind with a life cycle (`partnership`) also says which
acts may open it, which may stand only once, which close it, and what its first act must carry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import marshmallow as ma

from events.fields import Strict

Family = Literal["act", "record", "edition"]


class Facts(Strict):
    """The strict storage schema of one type's `data`."""

    not_null: ClassVar[frozenset[str]] = frozenset()


class LaterFacts(Facts):
    """As `Facts`, for acts that may follow others: null clears what earlier acts of the stream gave.

    What an act must carry (required, or named in `not_null`) cannot be cleared.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        for name, each in self.fields.items():
            each.allow_none = not each.required and name not in self.not_null


class MoneyFacts(Facts):
    """A check for data with an amount of money over some years."""

    @ma.validates_schema(skip_on_field_errors=True)
    def _money(self, data: Mapping[str, Any], **kwargs: Any) -> None:
        if data.get("amount") is not None and data.get("currency") is None:
            raise ma.ValidationError('An amount needs its currency. Add it, such as "CAD".', "currency")

    @ma.validates_schema(skip_on_field_errors=True)
    def _years(self, data: Mapping[str, Any], **kwargs: Any) -> None:
        first, last = data.get("from_year"), data.get("to_year")
        if first is not None and last is not None and last < first:
            raise ma.ValidationError("to_year lies before from_year. Exchange or correct them.", "to_year")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of event: `acts` maps each act's name to the storage schema of its data."""

    name: str
    acts: Mapping[str, Facts]
    family: Family = "act"
    life_cycle: bool = False
    opens: frozenset[str] = frozenset()
    once: frozenset[str] = frozenset()
    closes: frozenset[str] = frozenset()
    on_first: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
