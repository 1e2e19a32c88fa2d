"""Who has part in an act: the parties and people it names, and those carried over from earlier acts of its life cycle.

As of a day, an act carries over only from acts that have happened by then, or may have. So what an imprecise act
carries can differ from day to day, and involvement holds between two days.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from events.streams import Act, carried
from projections.view import ALWAYS

Person = tuple[str, str | None, str | None]
"""(name, party, role)."""

SINGLES = ("party", "visitor", "host", "by", "to", "sender", "organisation")
AT_ONCE = frozenset(SINGLES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Involvement:
    """The data of an act with what is carried over, as of any day in `from_day` ≤ D < `until_day`."""

    from_day: int
    until_day: int
    data: Mapping[str, Any]


def involvements(acts: Sequence[Act]) -> list[list[Involvement]]:
    """For each act, given in life-cycle order, what it carries from when to when."""
    whole = carried(acts)
    result: list[list[Involvement]] = []
    latest_begin = 0
    for index, act in enumerate(acts):
        begin = act.earliest.toordinal()
        if latest_begin <= begin:
            result.append([Involvement(from_day=0, until_day=ALWAYS + 1, data=whole[index])])
        else:
            result.append(list(_segments(acts[: index + 1])))
        latest_begin = max(latest_begin, begin)
    return result


def last_involvement(acts: Sequence[Act]) -> list[Involvement]:
    """As `involvements`, of the last of these acts alone."""
    begin = acts[-1].earliest.toordinal()
    if all(act.earliest.toordinal() <= begin for act in acts):
        return [Involvement(from_day=0, until_day=ALWAYS + 1, data=_carried(acts))]
    return list(_segments(acts))


def _carried(acts: Sequence[Act]) -> Mapping[str, Any]:
    """The data of the last of these acts with what the others gave."""
    data: dict[str, Any] = {}
    for act in acts:
        data.update(act.content.data)
    return data


def _segments(acts: Sequence[Act]) -> Iterator[Involvement]:
    """The last of these acts, split where an act it carries from begins to be possible."""
    begin = acts[-1].earliest.toordinal()
    starts = sorted({0, *(day for act in acts if (day := act.earliest.toordinal()) > begin)})
    for start, end in zip(starts, [*starts[1:], ALWAYS + 1], strict=True):
        known = [act for act in acts if act.earliest.toordinal() <= max(start, begin)]
        yield Involvement(from_day=start, until_day=end, data=carried(known)[-1])


def parties_in(data: Mapping[str, Any]) -> list[str]:
    """The parties involved, each once."""
    codes = [*(data.get("parties") or ()), *(data.get("targets") or ())]
    if not AT_ONCE.isdisjoint(data):
        codes += [data[name] for name in SINGLES if data.get(name)]
    return list(dict.fromkeys(codes))


def people_in(data: Mapping[str, Any]) -> list[Person]:
    """The people involved as (name, party, role); an envoy acts for the sender, in the post."""
    people = [(one["name"], one.get("party"), one.get("role")) for one in data.get("people") or ()]
    if data.get("person"):
        people.append((data["person"], data.get("sender"), data.get("post")))
    return list(dict.fromkeys(people))
