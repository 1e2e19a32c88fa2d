"""A partnership: parties bind themselves to work together, and may suspend, resume or end it."""

from __future__ import annotations

from typing import ClassVar

from events.fields import Choice, Day, Parties, Text, Words
from events.kind import Kind, LaterFacts


class Act(LaterFacts):
    """The data of any act of a partnership."""

    not_null: ClassVar[frozenset[str]] = frozenset({"parties"})

    name = Text(required=True)
    parties = Parties(least=2)
    form = Choice("partnership", "alliance", "dialogue", "membership")
    scope = Words()
    reason = Text()


class Renewed(Act):
    """The data of `partnership.renewed`: it may say until when."""

    expires_on = Day()


class Established(Renewed):
    """The data of `partnership.established`. It is always the first act, so nothing is there to clear."""

    not_null: ClassVar[frozenset[str]] = frozenset({"parties", "form", "scope", "reason", "expires_on"})

    parties = Parties(least=2, required=True)


KIND = Kind(
    name="partnership",
    life_cycle=True,
    acts={
        "established": Established(),
        "upgraded": Act(),
        "renewed": Renewed(),
        "suspended": Act(),
        "resumed": Act(),
        "ended": Act(),
    },
    opens=frozenset({"established"}),
    once=frozenset({"established"}),
    closes=frozenset({"ended"}),
    on_first=("parties",),
)
