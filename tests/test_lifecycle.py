"""The order of a life cycle: which sequences of acts are possible, and what is judged again when one is taken back."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.decide import Decision, Head, Situation, decide
from events.errors import Refused
from events.lifecycle import conflicts, missing_on_first
from events.streams import Act
from events.types import KINDS
from service.envelope import draft
from tests import builders

NOTHING = Situation(head=Head())
HINT = "a narrower date would make a possible order certain"
BARE = {
    "partnership": {"name": "Talks"},
    "agreement": {"name": "Pact"},
    "pledge": {"by": "CA", "purpose": "Aid"},
    "measure": {"by": "CA", "category": "tariff"},
    "representation": {"sender": "CA", "host": "FR"},
}
FIRST = {"partnership": {"parties": ["CA", "FR"]}, "agreement": {"parties": ["CA", "FR"]}, "measure": {"targets": []}}


def uuid(number: int) -> str:
    """The id of the event with this number."""
    return f"00000000-0000-4000-8000-{number:012}"


def life(kind: str, *acts: str, **more: Any) -> list[dict[str, Any]]:
    """Acts of one stream, one a month unless they say when: `suspended` or `suspended 2025-06`."""
    made = []
    for number, act in enumerate(acts, 1):
        name, _, on = act.partition(" ")
        data = {**BARE[kind], **(FIRST.get(kind, {}) if name in KINDS[kind].opens else {}), **more}
        if f"{kind}.{name}" == "agreement.withdrawn":
            data["party"] = "CA"
        event = {"id": uuid(number), "type": f"{kind}.{name}", "stream": f"{kind}:one", "title": {"en": act}}
        made.append({**event, "occurred_on": on or f"2025-{number:02}-01", "data": data})
    return made


def append(before: Situation, *batch: dict[str, Any]) -> Decision:
    """Judge a batch; its `after` is where the next begins."""
    return decide(before, [draft(event, index) for index, event in enumerate(batch)], now=0, author="test")


def written(*events: dict[str, Any]) -> Situation:
    """What the log holds after these events, sent as one batch."""
    return append(NOTHING, *events).after


def refusal(before: Situation, *batch: dict[str, Any]) -> str:
    """The code and sentence with which a batch is refused."""
    with pytest.raises(Refused) as refused:
        append(before, *batch)
    fault = refused.value.faults[0]
    return f"{fault.code}: {fault.detail}"


def moved(number: int, on: str) -> dict[str, Any]:
    """A correction of the date of one act."""
    return builders.corrected(uuid(number), {"occurred_on": on})


def taken_back(number: int) -> dict[str, Any]:
    """A retraction of one act."""
    return builders.retracted(uuid(number))


POSSIBLE = [
    ("partnership", "established upgraded renewed suspended upgraded renewed resumed suspended resumed ended"),
    ("partnership", "established suspended ended"),
    ("agreement", "signed ratified in_force amended suspended amended resumed ended"),
    ("agreement", "signed signed ratified ratified in_force in_force"),
    ("agreement", "ratified signed"),
    ("agreement", "in_force ended"),
    ("agreement", "signed withdrawn withdrawn amended ended"),
    ("pledge", "made fulfilled"),
    ("pledge", "made withdrawn"),
    ("measure", "announced imposed amended suspended resumed lifted"),
    ("measure", "imposed announced imposed"),
    ("representation", "appointed recalled closed severed restored opened expelled"),
    ("representation", "restored closed"),
]

IMPOSSIBLE = [
    ("partnership", "renewed", "renewed stands before the first act"),
    ("partnership", "suspended established", "suspended stands before the first act"),
    ("partnership", "established established", "established stands twice"),
    ("partnership", "established ended established", "established follows ended"),
    ("partnership", "established ended ended", "ended follows ended"),
    ("partnership", "established ended renewed", "renewed follows ended"),
    ("partnership", "established resumed", "resumed while it was not suspended"),
    ("partnership", "established suspended suspended", "suspended while it was suspended already"),
    ("partnership", "established suspended upgraded suspended", "suspended while it was suspended already"),
    ("partnership", "established suspended resumed renewed resumed", "resumed while it was not suspended"),
    ("agreement", "amended", "amended stands before the first act"),
    ("agreement", "withdrawn", "withdrawn stands before the first act"),
    ("agreement", "signed ended ratified", "ratified follows ended"),
    ("pledge", "fulfilled", "fulfilled stands before the first act"),
    ("pledge", "made made", "made stands twice"),
    ("pledge", "made fulfilled withdrawn", "withdrawn follows fulfilled"),
    ("pledge", "made withdrawn fulfilled", "fulfilled follows withdrawn"),
    ("measure", "amended announced", "amended stands before the first act"),
    ("measure", "imposed lifted amended", "amended follows lifted"),
]


@pytest.mark.parametrize(("kind", "acts"), POSSIBLE)
def test_a_possible_life_is_taken_in_whatever_order_its_acts_arrive_in(kind: str, acts: str) -> None:
    events = life(kind, *acts.split())
    for order in (events, events[::-1], events[1::2] + events[::2]):
        assert len(append(NOTHING, *order).events) == len(events)


@pytest.mark.parametrize(("kind", "acts", "why"), IMPOSSIBLE)
def test_an_impossible_life_is_refused_whatever_order_its_acts_arrive_in(kind: str, acts: str, why: str) -> None:
    events = life(kind, *acts.split())
    for order in (events, events[::-1]):
        said = refusal(NOTHING, *order)
        assert said.startswith("impossible-sequence: ")
        assert why in said
        assert HINT not in said


def test_the_acts_in_conflict_are_named() -> None:
    with pytest.raises(Refused) as refused:
        append(NOTHING, *life("partnership", "established", "suspended", "renewed", "suspended"))
    [fault] = refused.value.faults
    assert [act["id"] for act in fault.facts["acts"]] == [uuid(2), uuid(4)]
    assert fault.index == 3


def test_every_conflict_of_a_batch_is_named() -> None:
    events = life("pledge", "made", "fulfilled", "fulfilled", "withdrawn")
    with pytest.raises(Refused) as refused:
        append(NOTHING, *events)
    assert [fault.index for fault in refused.value.faults] == [2, 3]


def test_late_news_takes_its_place_in_the_life_cycle() -> None:
    before = written(*life("partnership", "established", "suspended 2025-05-01", "ended 2025-09-01"))
    late = life("partnership", *["renewed 2025-06-01"] * 4)[3]
    assert append(before, late).events
    resumed = {**late, "type": "partnership.resumed"}
    assert append(before, resumed).events
    assert "not suspended" in refusal(before, {**resumed, "occurred_on": "2025-04-30"})
    assert "follows ended" in refusal(before, {**resumed, "occurred_on": "2025-09-01"})


def test_acts_of_one_day_stand_in_the_order_of_the_log() -> None:
    suspended, resumed = life("partnership", "established", "suspended 2025-03-01", "resumed 2025-03-01")[1:]
    before = written(life("partnership", "established")[0])
    assert append(before, suspended, resumed).events
    assert "not suspended" in refusal(before, resumed, suspended)


def test_an_act_stands_where_it_is_certain_to_have_happened() -> None:
    before = written(*life("partnership", "established", "suspended 2025-06-27"))
    resumed = life("partnership", *["resumed 2025-06"] * 3)[2]
    assert append(before, resumed).events
    early = refusal(before, {**resumed, "occurred_on": "[2025-06-01..2025-06-26]"})
    assert "not suspended" in early
    assert HINT not in early


def test_acts_of_one_day_are_no_reason_to_ask_for_narrower_dates() -> None:
    before = written(*life("pledge", "made 2025-06-01", "fulfilled 2025-06-10"))
    before = append(before, taken_back(2), taken_back(1)).after
    fulfilled, made = life("pledge", "fulfilled 2025-06-01", "made [2025-06-01..2025-06-02]")
    fulfilled, made = ({**event, "id": uuid(n)} for n, event in ((3, fulfilled), (4, made)))
    assert HINT not in refusal(before, fulfilled, made)
    assert HINT in refusal(before, fulfilled, {**made, "occurred_on": "[2025-05-31..2025-06-02]"})


def test_a_party_that_withdraws_ends_nothing() -> None:
    events = life("agreement", "signed", "in_force", "withdrawn", "withdrawn", "amended", "suspended", "resumed")
    assert len(append(NOTHING, *events).events) == 7


# What was taken in is judged again when it is corrected, retracted or reinstated


def test_a_first_act_is_retracted_only_with_those_that_follow_it() -> None:
    before = written(*life("partnership", "established", "suspended", "resumed"))
    assert "suspended stands before the first act" in refusal(before, taken_back(1))
    for order in itertools.permutations((1, 2, 3)):
        after = append(before, *map(taken_back, order)).after
        assert after.streams["partnership:one"].standing() == []
    before = append(before, taken_back(3), taken_back(2)).after
    assert append(before, taken_back(1)).events


def test_a_first_act_is_reinstated_before_or_with_those_that_follow_it() -> None:
    before = append(written(*life("pledge", "made", "fulfilled")), taken_back(2), taken_back(1)).after
    assert "fulfilled stands before the first act" in refusal(before, builders.reinstated(uuid(2)))
    assert append(before, builders.reinstated(uuid(2)), builders.reinstated(uuid(1))).events


def test_two_dates_are_swapped_in_one_batch_but_not_one_by_one() -> None:
    before = written(*life("partnership", "established", "suspended", "ended"))
    swapped = moved(2, "2025-03-01"), moved(3, "2025-02-01")
    assert "suspended follows ended" in refusal(before, *swapped)
    before = written(*life("partnership", "established", "suspended", "resumed", "suspended", "ended"))
    swapped = moved(2, "2025-04-01"), moved(4, "2025-02-01")
    assert append(before, *swapped).events
    assert "not suspended" in refusal(before, swapped[0])
    assert "suspended already" in refusal(before, swapped[1])


def test_a_correction_that_moves_an_act_past_the_end_is_refused() -> None:
    before = written(*life("measure", "imposed", "amended", "lifted"))
    assert append(before, moved(2, "2025-02-28")).events
    assert "amended follows lifted" in refusal(before, moved(2, "2025-03-02"))
    assert "amended stands before the first act" in refusal(before, moved(2, "2024"))


def test_a_retracted_act_is_no_longer_in_the_way() -> None:
    before = written(*life("partnership", "established", "ended"))
    renewed = life("partnership", *["renewed"] * 3)[2]
    assert "follows ended" in refusal(before, renewed)
    after = append(before, taken_back(2), renewed).after
    assert "renewed follows ended" in refusal(after, builders.reinstated(uuid(2)))


def test_the_end_of_an_agreement_becomes_one_when_its_correction_says_so() -> None:
    before = written(*life("agreement", "signed", "withdrawn", "amended"))
    assert append(before, builders.corrected(uuid(2), {"data": {"party": "FR"}})).events
    assert "invalid" in refusal(before, builders.corrected(uuid(2), {"data": {"party": None}}))


# The first act


@pytest.mark.parametrize("kind", sorted(FIRST))
def test_the_first_act_says_whom_it_is_about(kind: str) -> None:
    [name] = FIRST[kind]
    opener = min(KINDS[kind].opens)
    event = life(kind, opener)[0]
    del event["data"][name]
    said = refusal(NOTHING, event)
    assert said.startswith("invalid: ")
    if kind != "partnership":  # there the act itself asks for it
        assert said == f"invalid: {name} is required on the first act of a {kind}. Add it."


@pytest.mark.parametrize(
    ("kind", "later", "field"), [("agreement", "ratified", "parties"), ("measure", "imposed", "targets")]
)
def test_what_the_first_act_must_say_is_judged_again_when_another_becomes_the_first(
    kind: str, later: str, field: str
) -> None:
    first, second = life(kind, min(KINDS[kind].opens - {later}), later)
    del second["data"][field]
    before = written(first, second)
    said = refusal(before, taken_back(1))
    assert said.startswith("impossible-sequence: ")
    assert f"lacks {field}" in said
    assert f"lacks {field}" in refusal(before, moved(1, "2025-03-01"))
    added = builders.corrected(uuid(2), {"data": FIRST[kind]})
    assert append(before, added, taken_back(1)).events
    assert append(before, taken_back(1), taken_back(2)).events


def test_an_act_that_arrives_before_the_first_must_say_what_the_first_says() -> None:
    before = written(*life("agreement", "signed 2025-06-01"))
    ratified = life("agreement", "signed", "ratified 2025-05-01")[1]
    del ratified["data"]["parties"]
    assert "parties is required on the first act" in refusal(before, ratified)
    assert append(before, {**ratified, "occurred_on": "2025-07-01"}).events


def test_the_first_act_has_nothing_to_clear() -> None:
    announced, imposed = life("measure", "announced", "imposed", rate=None)
    assert "null clears what earlier acts gave, and this is the first act" in refusal(NOTHING, announced)
    del announced["data"]["rate"]
    assert append(NOTHING, imposed, announced).events


def test_nothing_is_missing_where_nothing_stands() -> None:
    assert [missing_on_first(kind, []) for kind in KINDS.values()] == [[]] * len(KINDS)


# Kinds with one act

ONE_ACT = [name for name, kind in KINDS.items() if kind.family == "act" and not kind.life_cycle]


def test_the_kinds_with_one_act_are_those_of_the_contract() -> None:
    assert sorted(ONE_ACT) == ["cooperation", "meeting", "policy", "statement", "summit", "visit"]
    assert {len(KINDS[name].acts) for name in ONE_ACT} == {1}


def test_a_stream_of_a_kind_with_one_act_holds_one_that_stands() -> None:
    first, second = (builders.meeting(stream="meeting:one", id=uuid(number)) for number in (1, 2))
    before = written(first)
    assert "holds one act" in refusal(before, second)
    assert "holds one act" in refusal(NOTHING, first, second)
    after = append(before, taken_back(1), second).after
    assert "holds one act" in refusal(after, builders.reinstated(uuid(1)))


# The hint

NAMES = ("established", "upgraded", "suspended", "suspended", "resumed", "ended")
DAYS = st.integers(1, 3)
SPANS = st.tuples(DAYS, DAYS).map(sorted).map(lambda days: f"[2025-01-{days[0]:02}..2025-01-{days[1]:02}]")
LIVES = st.lists(st.tuples(st.sampled_from(NAMES), SPANS | DAYS.map("2025-01-{:02}".format)), min_size=1, max_size=4)


def acts_of(events: Sequence[dict[str, Any]]) -> list[Act]:
    """The acts that these events are, in life-cycle order, whether they may stand so or not."""
    made = []
    for position, event in enumerate(events, 1):
        alone = {**event, "type": "partnership.established", "data": {**BARE["partnership"], **FIRST["partnership"]}}
        [act] = written(alone).streams[event["stream"]].standing()
        made.append(replace(act, event=replace(act.event, type=event["type"], position=position)))
    return sorted(made, key=lambda act: act.order)


def narrowed(act: Act) -> Iterator[Act]:
    """The act with every narrower date it could have."""
    days = [act.earliest + dt.timedelta(n) for n in range((act.latest - act.earliest).days + 1)]
    for first, last in itertools.combinations_with_replacement(days, 2):
        yield replace(act, earliest=first, latest=last)


def some_narrower_dates_will_do(acts: Sequence[Act]) -> bool:
    """By trying all."""
    ways = itertools.product(*map(narrowed, acts))
    return any(not conflicts(KINDS["partnership"], sorted(way, key=lambda act: act.order)) for way in ways)


@given(LIVES)
@settings(max_examples=150)
def test_a_refusal_speaks_of_narrower_dates_exactly_when_they_would_make_an_order_possible(
    lives: list[tuple[str, str]],
) -> None:
    acts = acts_of(life("partnership", *(f"{name} {on}" for name, on in lives)))
    found = conflicts(KINDS["partnership"], acts)
    hints = {HINT in conflict.detail for conflict in found}
    assert hints in (set(), {some_narrower_dates_will_do(acts)})


def test_dates_that_overlap_are_hinted_at_and_a_narrower_one_is_taken_in() -> None:
    before = written(*life("partnership", "established", "suspended 2025-06-10"))
    resumed = life("partnership", *["resumed 2025-06"] * 3)[2]
    after = append(before, resumed).after
    ended = life("partnership", *["ended [2025-05-01..2025-06-28]"] * 4)[3]
    assert HINT in refusal(after, ended)
    assert append(after, ended, moved(3, "2025-06-20")).events
