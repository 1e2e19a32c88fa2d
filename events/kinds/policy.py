"""A policy: a party announced what it will do at home that bears on others."""

from __future__ import annotations

from events.fields import Amount, Choice, Currency, Parties, Party, Whole
from events.kind import Kind, MoneyFacts


class Announced(MoneyFacts):
    """The data of `policy.announced`."""

    by = Party(required=True)
    area = Choice("budget", "defence", "immigration", "trade", "development", "other", required=True)
    amount = Amount()
    currency = Currency()
    from_year = Whole(1, 9999)
    to_year = Whole(1, 9999)
    about = Parties()


KIND = Kind(name="policy", acts={"announced": Announced()})
