"""A summit: many parties met under a name."""

from __future__ import annotations

from events.fields import Parties, Party, People, Place, Text, Words
from events.kind import Facts, Kind


class Held(Facts):
    """The data of `summit.held`."""

    name = Text(required=True)
    organisation = Party()
    host = Party()
    parties = Parties()
    people = People()
    place = Place()
    topics = Words()


KIND = Kind(name="summit", acts={"held": Held()})
