"""A cooperation: parties did something together, such as an exercise or relief."""

from __future__ import annotations

from events.fields import Choice, Parties, Place, Words
from events.kind import Facts, Kind


class Undertaken(Facts):
    """The data of `cooperation.undertaken`."""

    parties = Parties(least=1, required=True)
    form = Choice("exercise", "deployment", "relief", "intelligence", "extradition", "other", required=True)
    place = Place()
    topics = Words()


KIND = Kind(name="cooperation", acts={"undertaken": Undertaken()})
