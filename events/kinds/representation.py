"""A representation: embassies opened and closed, envoys appointed, recalled and expelled, relations severed."""

from __future__ import annotations

from events.fields import Party, Text
from events.kind import Kind, LaterFacts

ACTS = ("opened", "closed", "appointed", "recalled", "expelled", "severed", "restored")


class Act(LaterFacts):
    """The data of any act of a representation."""

    sender = Party(required=True)
    host = Party(required=True)
    person = Text()
    post = Text()


KIND = Kind(name="representation", life_cycle=True, acts={act: Act() for act in ACTS}, opens=frozenset(ACTS))
