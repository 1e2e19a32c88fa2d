"""A pledge: a party says it will give or do something, and later fulfils or withdraws it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import marshmallow as ma

from events.fields import Amount, Currency, Party, Text, Whole
from events.kind import Kind, LaterFacts, MoneyFacts


class Act(LaterFacts):
    """The data of a later act of a pledge."""

    by = Party(required=True)
    purpose = Text(required=True)
    to = Party()
    amount = Amount()
    currency = Currency()
    from_year = Whole(1, 9999)
    to_year = Whole(1, 9999)
    items = Whole()

    @ma.validates_schema(skip_on_field_errors=True)
    def _years(self, data: Mapping[str, Any], **kwargs: Any) -> None:
        MoneyFacts._years(self, data)


class Made(Act, MoneyFacts):
    """The data of `pledge.made`. It is always the first act, so nothing is there to clear."""

    not_null: ClassVar[frozenset[str]] = frozenset({"to", "amount", "currency", "from_year", "to_year", "items"})


KIND = Kind(
    name="pledge",
    life_cycle=True,
    acts={"made": Made(), "fulfilled": Act(), "withdrawn": Act()},
    opens=frozenset({"made"}),
    once=frozenset({"made"}),
    closes=frozenset({"fulfilled", "withdrawn"}),
)
