"""A measure: a party puts a tariff, sanction or subsidy on others, and amends, suspends or lifts it."""

from __future__ import annotations

from typing import ClassVar

from events.fields import Choice, Edtf, Parties, Party, Text
from events.kind import Kind, LaterFacts

CATEGORIES = ("tariff", "quota", "export_control", "import_control", "sanction", "subsidy", "other")


class Act(LaterFacts):
    """The data of any act of a measure. `targets` may be empty, which means all."""

    not_null: ClassVar[frozenset[str]] = frozenset({"targets"})

    by = Party(required=True)
    category = Choice(*CATEGORIES, required=True)
    targets = Parties()
    goods = Text()
    rate = Text()
    effective_on = Edtf()
    reason = Text()


KIND = Kind(
    name="measure",
    life_cycle=True,
    acts={act: Act() for act in ("announced", "imposed", "amended", "suspended", "resumed", "lifted")},
    opens=frozenset({"announced", "imposed"}),
    closes=frozenset({"lifted"}),
    on_first=("targets",),
)
