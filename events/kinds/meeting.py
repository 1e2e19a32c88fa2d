"""A meeting: two or more parties spoke, in person, by phone or by video."""

from __future__ import annotations

from dataclasses import dataclass

from events.fields import Choice, Flag, Parties, People, Place, Text, Words
from events.kind import Facts, Kind

MODES = ("in_person", "phone", "video")
LEVELS = ("leader", "minister", "official")


@dataclass(frozen=True, kw_only=True)
class Meeting:
    """What the views read of a meeting."""

    parties: tuple[str, ...]
    mode: str
    formal: bool
    level: str


class Held(Facts):
    """The data of `meeting.held`."""

    parties = Parties(least=2, required=True)
    people = People()
    mode = Choice(*MODES, required=True)
    formal = Flag(load_default=True)
    level = Choice(*LEVELS, load_default="leader")
    place = Place()
    occasion = Text()
    topics = Words()


KIND = Kind(name="meeting", acts={"held": Held()}, defaults={"formal": True, "level": "leader"})
