"""Which sequences of acts are possible: nothing is resumed before it was suspended, nothing follows the end.

A life cycle stands in the order in which its acts are certain to have happened, whatever order they arrived in.
All functions are pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from events.kind import Kind
from events.streams import Act

SEARCH_LIMIT = 20_000
"""How many partial orders are tried before giving up on finding one that would be possible."""


SEARCHED = 100
"""How many acts a stream may have for such an order to be looked for; the log waits meanwhile."""

_Place = tuple[int, int, int]
"""Where an act stands in its life cycle: (latest, earliest, position), the days as `toordinal` counts them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Acts that cannot stand in this order, and a sentence that says why."""

    acts: tuple[Act, ...]
    detail: str


@dataclass(frozen=True, slots=True)
class _State:
    suspended: Act | None = None
    closed: Act | None = None
    once: tuple[Act, ...] = ()


def conflicts(kind: Kind, acts: Sequence[Act]) -> list[Conflict]:
    """Every conflict among the standing acts of one stream, given in life-cycle order."""
    if not kind.life_cycle:
        return _one_only(kind, acts)
    found = list(_walk(kind, acts))
    if found and _possible_order(kind, acts):
        hint = " Their dates overlap: a narrower date would make a possible order certain."
        found = [Conflict(acts=one.acts, detail=one.detail + hint) for one in found]
    return found


def missing_on_first(kind: Kind, acts: Sequence[Act]) -> list[str]:
    """The fields of the first act that only it must carry, and that are not there."""
    return [name for name in kind.on_first if acts and acts[0].content.data.get(name) is None]


def _one_only(kind: Kind, acts: Sequence[Act]) -> list[Conflict]:
    if len(acts) < 2:
        return []
    return [Conflict(acts=tuple(acts), detail=f"A stream of the kind {kind.name} holds one act. Use another stream.")]


def _walk(kind: Kind, acts: Sequence[Act]) -> Iterator[Conflict]:
    state = _State()
    for index, act in enumerate(acts):
        detail, others, state = _step(kind, state, act, first=index == 0)
        if detail and index == 0:
            others = tuple(one for one in acts[1:] if one.event.act in kind.opens)
        if detail:
            yield Conflict(acts=(*others, act), detail=detail)


def _step(kind: Kind, state: _State, act: Act, *, first: bool) -> tuple[str, tuple[Act, ...], _State]:
    name = act.event.act
    if first and name not in kind.opens:
        names = " or ".join(sorted(kind.opens))
        return f"{name} stands before the first act; a {kind.name} begins with {names}.", (), state
    if state.closed:
        return (
            f"{name} follows {state.closed.event.act}, after which nothing can stand.",
            (state.closed,),
            state,
        )
    if name in kind.once:
        earlier = tuple(one for one in state.once if one.event.act == name)
        if earlier:
            return f"{name} stands twice.", earlier, state
        return "", (), _State(state.suspended, state.closed, (*state.once, act))
    if name == "suspended":
        if state.suspended:
            return "suspended while it was suspended already.", (state.suspended,), state
        return "", (), _State(act, state.closed, state.once)
    if name == "resumed":
        if not state.suspended:
            return "resumed while it was not suspended.", (), state
        return "", (), _State(None, state.closed, state.once)
    if name in kind.closes and act.content.data.get("party") is None:
        return "", (), _State(state.suspended, act, state.once)
    return "", (), state


def _possible_order(kind: Kind, acts: Sequence[Act]) -> bool:
    """Whether narrower dates could put the acts in an order that is possible."""
    if len(acts) > SEARCHED or all(act.earliest == act.latest for act in acts):
        return False
    budget = SEARCH_LIMIT
    seen: dict[tuple[frozenset[int], _State], _Place] = {}
    todo: list[tuple[frozenset[int], _State, _Place]] = [(frozenset(), _State(), (0, 0, 0))]
    while todo and budget > 0:
        done, state, last = todo.pop()
        budget -= 1 + len(acts) - len(done)
        if len(done) == len(acts):
            return True
        left = [i for i in range(len(acts)) if i not in done]
        for i in left:
            place = _narrowed(acts[i], last)
            if place is None or any(acts[j].latest < acts[i].earliest for j in left):
                continue
            detail, _, after = _step(kind, state, acts[i], first=not done)
            key = (done | {i}, after)
            if not detail and (key not in seen or place < seen[key]):
                seen[key] = place
                todo.append((*key, place))
    return False


def _narrowed(act: Act, last: _Place) -> _Place | None:
    """The first place behind `last` that narrower dates can give to an act; None when there is none."""
    latest, earliest, _ = last
    first, position = act.earliest.toordinal(), act.event.position
    places = ((latest, max(earliest, first)), (latest, max(earliest + 1, first)), (max(latest + 1, first), first))
    for day, begin in places:
        if begin <= day <= act.latest.toordinal() and (day, begin, position) > last:
            return day, begin, position
    return None
