"""An agreement: a text that parties sign, ratify, bring into force, amend, leave or end."""

from __future__ import annotations

from typing import ClassVar

from events.fields import Choice, Day, Parties, Party, Text, Url
from events.kind import Kind, LaterFacts


class Act(LaterFacts):
    """The data of any act of an agreement."""

    not_null: ClassVar[frozenset[str]] = frozenset({"parties"})

    name = Text(required=True)
    parties = Parties(least=1)
    form = Choice("treaty", "agreement", "memorandum", "declaration")
    text_url = Url()
    expires_on = Day()
    reason = Text()


class PartyAct(Act):
    """The data of an act that may be the act of one party."""

    party = Party()


class Withdrawn(Act):
    """The data of `agreement.withdrawn`: always the act of one party."""

    party = Party(required=True)


KIND = Kind(
    name="agreement",
    life_cycle=True,
    acts={
        "signed": PartyAct(),
        "ratified": PartyAct(),
        "in_force": PartyAct(),
        "withdrawn": Withdrawn(),
        "amended": Act(),
        "suspended": Act(),
        "resumed": Act(),
        "ended": Act(),
    },
    opens=frozenset({"signed", "ratified", "in_force"}),
    closes=frozenset({"ended", "withdrawn"}),
    on_first=("parties",),
)
