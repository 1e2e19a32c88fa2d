"""A visit: one party was received by another."""

from __future__ import annotations

from events.fields import Choice, Party, People, Place, Text, Words
from events.kind import Facts, Kind


class Made(Facts):
    """The data of `visit.made`."""

    visitor = Party(required=True)
    host = Party(required=True)
    people = People()
    category = Choice("state", "official", "working", "private")
    place = Place()
    occasion = Text()
    topics = Words()


KIND = Kind(name="visit", acts={"made": Made()})
