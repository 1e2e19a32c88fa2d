"""Which sequences of acts the log lets stand, rule by rule; judged by pure functions, without a database."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import lifecycle
from events.decide import Head, Situation, decide
from events.errors import Fault, Refused
from events.streams import Act, act_of, carried
from events.types import KINDS, Content, Event
from service.envelope import draft
from tests import builders

NOON = 1_762_344_000_000_000
NOTHING = Situation(head=Head())
NARROWER = "a narrower date would make a possible order certain"
OWN: dict[str, dict[str, Any]] = {
    "partnership": {},
    "agreement": {"parties": ["CA", "FR"]},
    "pledge": {"by": "CA", "purpose": "Aid"},
    "measure": {"by": "CA", "category": "tariff", "targets": ["US"]},
    "representation": {"sender": "CA", "host": "IR"},
}
"""What the acts of each kind carry here, beside what the builder gives."""


def id_of(name: str) -> str:
    """The id of the act that a test calls by this name."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))


def act(type: str, on: str, called: str | None = None, **data: Any) -> dict[str, Any]:
    """An act in the one stream of its kind, called by its type where the test gives no other name."""
    kind = type.partition(".")[0]
    return builders.act(type, f"{kind}:one", on, data={**OWN[kind], **data}, id=id_of(called or type))


def after(situation: Situation, *batch: dict[str, Any]) -> Situation:
    """The log after one more batch. Raises Refused."""
    drafts = [draft(event, index) for index, event in enumerate(batch)]
    return decide(situation, drafts, now=NOON, author="test").after


def refusal(situation: Situation, *batch: dict[str, Any]) -> Fault:
    """The one fault for which a batch is refused."""
    with pytest.raises(Refused) as caught:
        after(situation, *batch)
    [fault] = caught.value.faults
    return fault


def named(fault: Fault) -> list[str]:
    """The ids of the acts in conflict, which the sentence names as well."""
    ids = [one["id"] for one in fault.facts["acts"]]
    assert fault.code == "impossible-sequence"
    assert all(id in fault.detail for id in ids)
    return ids


def corrected(name: str, changes: dict[str, Any]) -> dict[str, Any]:
    return builders.corrected(id_of(name), changes)


def retracted(name: str) -> dict[str, Any]:
    return builders.retracted(id_of(name))


def reinstated(name: str) -> dict[str, Any]:
    return builders.reinstated(id_of(name))


# Which acts may follow which. Each stands a year after the one before it.

POSSIBLE = [
    "partnership: established",
    "partnership: established upgraded renewed upgraded ended",
    "partnership: established suspended upgraded resumed suspended renewed ended",
    "partnership: established suspended ended",
    "agreement: signed ratified in_force amended suspended resumed ended",
    "agreement: ratified signed signed in_force in_force",
    "agreement: in_force withdrawn amended withdrawn suspended ended",
    "pledge: made",
    "pledge: made fulfilled",
    "pledge: made withdrawn",
    "measure: announced imposed amended suspended amended resumed lifted",
    "measure: imposed announced imposed",
    "representation: expelled expelled severed restored opened closed closed recalled appointed",
    *(f"representation: {name}" for name in KINDS["representation"].acts),
]
IMPOSSIBLE = [
    # what is in conflict, by place in the sequence
    ("partnership: upgraded", [0]),
    ("partnership: upgraded established", [1, 0]),
    ("partnership: established established", [0, 1]),
    ("partnership: established renewed established", [0, 2]),
    ("partnership: established suspended suspended", [1, 2]),
    ("partnership: established suspended upgraded renewed suspended", [1, 4]),
    ("partnership: established resumed", [1]),
    ("partnership: established upgraded resumed", [2]),
    ("partnership: established suspended resumed upgraded resumed", [4]),
    ("partnership: established ended upgraded", [1, 2]),
    ("partnership: established ended ended", [1, 2]),
    ("partnership: established suspended ended resumed", [2, 3]),
    ("agreement: withdrawn", [0]),
    ("agreement: amended signed ratified", [1, 2, 0]),
    ("agreement: signed ended withdrawn", [1, 2]),
    ("agreement: in_force ended ratified", [1, 2]),
    ("pledge: fulfilled", [0]),
    ("pledge: withdrawn made", [1, 0]),
    ("pledge: made made", [0, 1]),
    ("pledge: made withdrawn fulfilled", [1, 2]),
    ("pledge: made fulfilled withdrawn", [1, 2]),
    ("measure: amended", [0]),
    ("measure: imposed lifted imposed", [1, 2]),
    ("measure: imposed suspended amended suspended", [1, 3]),
    ("measure: announced resumed", [1]),
]


def sequence(line: str) -> list[dict[str, Any]]:
    """The acts of a line like `pledge: made fulfilled`, called 0, 1, 2 …"""
    kind, _, acts = line.partition(": ")
    own = {"agreement.withdrawn": {"party": "US"}}
    types = [f"{kind}.{name}" for name in acts.split()]
    return [act(type, str(2000 + n), str(n), **own.get(type, {})) for n, type in enumerate(types)]


@pytest.mark.parametrize("line", POSSIBLE)
def test_a_possible_sequence_stands_in_whatever_order_it_arrives(line: str) -> None:
    acts = sequence(line)
    assert after(NOTHING, *acts).head.position == len(acts)
    assert after(NOTHING, *reversed(acts)).head.position == len(acts)


@pytest.mark.parametrize(("line", "conflict"), IMPOSSIBLE)
def test_an_impossible_sequence_is_refused_and_names_the_acts_in_conflict(line: str, conflict: list[int]) -> None:
    acts = sequence(line)
    wanted = [id_of(str(n)) for n in conflict]
    assert named(refusal(NOTHING, *acts)) == wanted
    assert sorted(named(refusal(NOTHING, *reversed(acts)))) == sorted(wanted)


def test_a_sequence_that_arrives_act_by_act_is_refused_at_the_first_impossible_one() -> None:
    first, second, third = sequence("partnership: established ended upgraded")
    ended = after(after(NOTHING, first), second)
    fault = refusal(ended, third)
    assert named(fault) == [second["id"], third["id"]]
    assert (fault.index, fault.pointer, fault.facts["stream"]) == (0, "", "partnership:one")


def test_one_party_s_withdrawal_ends_nothing_while_a_pledge_s_closes_it() -> None:
    agreed = after(NOTHING, act("agreement.signed", "2000"), act("agreement.withdrawn", "2001", party="FR"))
    assert after(agreed, act("agreement.amended", "2002")).head.position == 3
    pledged = after(NOTHING, act("pledge.made", "2000"), act("pledge.withdrawn", "2001"))
    assert named(refusal(pledged, act("pledge.fulfilled", "2002")))[0] == id_of("pledge.withdrawn")


# Late news.

LIFE = after(
    NOTHING,
    act("partnership.established", "2000-01-01"),
    act("partnership.suspended", "2010-01-01"),
    act("partnership.ended", "2020-01-01"),
)


def test_late_news_is_inserted_where_it_happened() -> None:
    late = [act("partnership.resumed", "2006-01-01"), act("partnership.suspended", "2005-01-01", "first")]
    late.append(act("partnership.renewed", "2019-12-31"))
    stream = after(LIFE, *late).streams["partnership:one"]
    names = [one.event.act for one in stream.standing()]
    assert names == ["established", "suspended", "resumed", "suspended", "renewed", "ended"]
    assert stream.version == 6


@pytest.mark.parametrize(
    ("late", "conflict"),
    [
        (("partnership.suspended", "2005-01-01"), "partnership.suspended"),
        (("partnership.resumed", "2005-01-01"), None),
        (("partnership.established", "1990-01-01"), "partnership.established"),
        (("partnership.upgraded", "1999-12-31"), "partnership.established"),
        (("partnership.upgraded", "2020-01-01"), "partnership.ended"),
    ],
)
def test_late_news_that_cannot_be_is_refused(late: tuple[str, str], conflict: str | None) -> None:
    acts = named(refusal(LIFE, act(*late, "late")))
    assert sorted(acts) == sorted([id_of("late"), *([id_of(conflict)] if conflict else [])])


def test_of_two_acts_on_one_day_the_one_that_was_written_first_stands_first() -> None:
    day = [act("partnership.suspended", "2001-05-05"), act("partnership.resumed", "2001-05-05")]
    begun = after(NOTHING, act("partnership.established", "2000"))
    assert after(begun, *day).head.position == 3
    assert NARROWER not in refusal(begun, *reversed(day)).detail


# What a correction, retraction or reinstatement would leave.


def test_the_first_act_is_retracted_only_with_or_after_those_that_follow_it() -> None:
    two = after(NOTHING, act("partnership.established", "2000"), act("partnership.upgraded", "2001"))
    assert named(refusal(two, retracted("partnership.established"))) == [id_of("partnership.upgraded")]
    both = [retracted("partnership.established"), retracted("partnership.upgraded")]
    for batch in (both, both[::-1]):
        assert after(two, *batch).streams["partnership:one"].standing() == []
    assert after(after(two, both[1]), both[0]).streams["partnership:one"].standing() == []


def test_an_end_that_is_retracted_no_longer_ends_anything() -> None:
    open_again = after(LIFE, retracted("partnership.ended"))
    resumed = after(open_again, act("partnership.resumed", "2021-01-01"))
    fault = refusal(resumed, reinstated("partnership.ended"))
    assert named(fault) == [id_of("partnership.ended"), id_of("partnership.resumed")]


def test_reinstating_what_was_replaced_is_refused() -> None:
    begun = after(NOTHING, act("pledge.made", "2000"))
    replaced = after(begun, retracted("pledge.made"), act("pledge.made", "2001", "better"))
    assert named(refusal(replaced, reinstated("pledge.made"))) == [id_of("pledge.made"), id_of("better")]


def test_two_dates_are_swapped_in_one_batch_by_two_corrections() -> None:
    acts = [("established", "2000"), ("suspended", "2001"), ("resumed", "2002"), ("suspended", "2003")]
    log = after(NOTHING, *(act(f"partnership.{name}", on, on) for name, on in acts))
    swap = [corrected("2001", {"occurred_on": "2003"}), corrected("2003", {"occurred_on": "2001"})]
    for alone in swap:
        with pytest.raises(Refused, match="while it was"):
            after(log, alone)
    standing = after(log, *swap).streams["partnership:one"].standing()
    assert [one.event.id for one in standing] == [id_of(name) for name in ("2000", "2003", "2002", "2001")]


def test_a_correction_that_leaves_an_impossible_order_is_refused() -> None:
    fault = refusal(LIFE, corrected("partnership.ended", {"occurred_on": "2009-12-31"}))
    assert named(fault) == [id_of("partnership.ended"), id_of("partnership.suspended")]
    assert {one["occurred_on"] for one in fault.facts["acts"]} == {"2009-12-31", "2010-01-01"}
    assert named(refusal(LIFE, corrected("partnership.established", {"occurred_on": "2011"})))
    assert after(LIFE, corrected("partnership.ended", {"occurred_on": "2010-01-02"})).head.position == 4


def test_a_party_taken_from_a_withdrawal_by_a_correction_is_missed() -> None:
    log = after(NOTHING, act("agreement.signed", "2000"), act("agreement.withdrawn", "2001", party="FR"))
    fault = refusal(log, corrected("agreement.withdrawn", {"data": {"party": None}}))
    assert (fault.code, fault.pointer) == ("invalid", "/data/changes/data/party")


def test_only_the_state_at_the_end_of_a_batch_is_judged() -> None:
    batch = [
        act("pledge.fulfilled", "2001"),
        act("pledge.made", "2002"),
        corrected("pledge.made", {"occurred_on": "2000"}),
    ]
    assert after(NOTHING, *batch).head.position == 3


def test_every_stream_of_a_batch_is_judged() -> None:
    others = [{**act("pledge.fulfilled", "2000", name), "stream": f"pledge:{name}"} for name in ("a", "b")]
    with pytest.raises(Refused) as caught:
        after(NOTHING, *others)
    assert [fault.index for fault in caught.value.faults] == [0, 1]


# Narrower dates.

HINTED = [
    ["established 2000", "suspended 2005", "resumed 2005-05-05"],
    ["established 2000", "suspended [2005-05-05..2005-05-07]", "resumed 2005-05-06"],
    ["established 2005", "suspended 2005-05"],
    ["established 2005-12", "ended 2005-12", "suspended 2005-12"],
    ["established 2000", "resumed 2005-05-05", "suspended [2005-05-04..2005-05-06]"],
]
PLAIN = [
    ["established 2000", "suspended 2005-05-06", "resumed 2005-05-05"],
    ["established 2000", "suspended 2006", "resumed 2005"],
    ["established 2000", "suspended 2005", "suspended 2005"],
    ["established 2005", "established 2005", "upgraded 2005"],
    ["established 2005-06", "upgraded 2005-05"],
    ["established 2000", "resumed 2005-05-05", "suspended 2005-05-05", "upgraded 2007"],
    ["established 2000", "resumed 2005-05-05", "suspended [2005-05-05..2005-05-06]"],
]


def overlapping(line: Sequence[str]) -> list[dict[str, Any]]:
    parts = [entry.split() for entry in line]
    return [act(f"partnership.{name}", on, str(n)) for n, (name, on) in enumerate(parts)]


@pytest.mark.parametrize("line", HINTED)
def test_the_refusal_says_so_when_a_narrower_date_would_help(line: list[str]) -> None:
    assert NARROWER in refusal(NOTHING, *overlapping(line)).detail


@pytest.mark.parametrize("line", PLAIN)
def test_the_refusal_says_nothing_of_dates_when_no_narrower_one_would_help(line: list[str]) -> None:
    assert NARROWER not in refusal(NOTHING, *overlapping(line)).detail


SPAN = st.integers(1, 3).flatmap(lambda first: st.tuples(st.just(first), st.integers(first, 4)))
LIVES = st.lists(st.tuples(st.sampled_from(list(KINDS["partnership"].acts)), SPAN), min_size=1, max_size=4)


def standing(lives: Sequence[tuple[str, tuple[int, int]]]) -> list[Act]:
    """Acts of a partnership, written in this order, each within a span of days; in life-cycle order."""
    acts = []
    for position, (name, (first, last)) in enumerate(lives, 1):
        on = f"[2005-01-{first:02}..2005-01-{last:02}]"
        content = Content(occurred_on=on, data={"name": "A partnership", "parties": ["CA", "FR"]})
        days = {"earliest": dt.date(2005, 1, first), "latest": dt.date(2005, 1, last)}
        server = {"recorded_at": NOON, "recorded_by": "test", "schema_version": 1, "version": position, **days}
        type = f"partnership.{name}"
        acts.append(
            act_of(Event(id=str(position), type=type, stream="x", position=position, content=content, **server))
        )
    return sorted(acts, key=lambda one: one.order)


def spans(span: tuple[int, int]) -> list[tuple[int, int]]:
    """Every span of days within a span."""
    return [(a, b) for a, b in product(range(span[0], span[1] + 1), repeat=2) if a <= b]


@given(LIVES)
def test_the_hint_is_given_exactly_when_some_narrower_dates_would_do(
    lives: list[tuple[str, tuple[int, int]]],
) -> None:
    kind = KINDS["partnership"]
    found = lifecycle.conflicts(kind, standing(lives))
    if not found:
        return
    names = [name for name, _ in lives]
    choices = product(*(spans(span) for _, span in lives))
    orders = (standing(list(zip(names, choice, strict=True))) for choice in choices)
    helps = any(not lifecycle.conflicts(kind, acts) for acts in orders)
    assert (NARROWER in found[0].detail) == helps


# One act.


def meeting(name: str, **more: Any) -> dict[str, Any]:
    return builders.meeting(stream="meeting:one", id=id_of(name), **more)


def test_a_stream_of_a_kind_with_one_act_holds_one() -> None:
    held = after(NOTHING, meeting("first"))
    assert sorted(named(refusal(held, meeting("second")))) == sorted([id_of("first"), id_of("second")])
    assert sorted(named(refusal(NOTHING, meeting("first"), meeting("second")))) == sorted(
        [id_of("first"), id_of("second")]
    )


def test_another_takes_the_place_of_one_that_was_retracted_and_keeps_it() -> None:
    held = after(NOTHING, meeting("first"))
    replaced = after(held, retracted("first"), meeting("second"))
    assert [one.event.id for one in replaced.streams["meeting:one"].standing()] == [id_of("second")]
    assert sorted(named(refusal(replaced, reinstated("first")))) == sorted([id_of("first"), id_of("second")])
    assert after(replaced, retracted("second"), reinstated("first")).head.position == 5


# What only the first act must carry.

MISSING = [
    ("agreement.signed", "parties"),
    ("agreement.ratified", "parties"),
    ("agreement.in_force", "parties"),
    ("measure.announced", "targets"),
    ("measure.imposed", "targets"),
]


def without(type: str, on: str, field: str, called: str | None = None) -> dict[str, Any]:
    """An act that lacks a field."""
    made = act(type, on, called)
    return {**made, "data": {key: value for key, value in made["data"].items() if key != field}}


@pytest.mark.parametrize(("type", "field"), [*MISSING, ("partnership.established", "parties")])
def test_the_first_act_must_say_whom_it_concerns(type: str, field: str) -> None:
    fault = refusal(NOTHING, without(type, "2000", field))
    assert (fault.code, fault.pointer, fault.index) == ("invalid", f"/data/{field}", 0)


@pytest.mark.parametrize(("type", "field"), MISSING)
def test_a_later_act_need_not_until_it_becomes_the_first(type: str, field: str) -> None:
    kind = type.partition(".")[0]
    opening = {"agreement": "agreement.signed", "measure": "measure.announced"}[kind]
    log = after(NOTHING, act(opening, "2000", "first"), without(type, "2001", field, "second"))
    assert named(refusal(log, retracted("first"))) == [id_of("second")]
    assert named(refusal(log, corrected("first", {"occurred_on": "2002"}))) == [id_of("second")]
    assert named(refusal(log, corrected("second", {"occurred_on": "1999"}))) == [id_of("second")]
    repaired = corrected("second", {"data": {field: ["FR"]}})
    assert after(log, repaired, retracted("first")).head.position == 4
    assert after(log, retracted("first"), repaired).head.position == 4


def test_late_news_that_becomes_the_first_act_must_carry_what_the_first_must() -> None:
    log = after(NOTHING, act("agreement.in_force", "2000"))
    fault = refusal(log, without("agreement.signed", "1999", "parties"))
    assert (fault.code, fault.pointer) == ("invalid", "/data/parties")
    assert after(log, without("agreement.signed", "2001", "parties")).head.position == 2


def test_what_a_first_act_must_carry_is_not_taken_from_it_by_a_correction() -> None:
    log = after(NOTHING, act("agreement.signed", "2000"))
    assert named(refusal(log, corrected("agreement.signed", {"data": {"parties": None}}))) == [
        id_of("agreement.signed")
    ]


# Null.


def test_null_on_a_later_act_clears_what_earlier_ones_gave() -> None:
    log = after(
        NOTHING,
        act("partnership.established", "2000", form="alliance", scope=["trade"], expires_on="2030-01-01"),
        act("partnership.upgraded", "2001", scope=None),
        act("partnership.renewed", "2002", expires_on=None),
    )
    *_, upgraded, renewed = carried(log.streams["partnership:one"].standing())
    assert (upgraded["form"], upgraded["scope"], upgraded["expires_on"]) == ("alliance", None, "2030-01-01")
    assert (renewed["form"], renewed["scope"], renewed["expires_on"]) == ("alliance", None, None)


FIRST = [
    ("agreement.signed", "form"),
    ("agreement.in_force", "party"),
    ("measure.imposed", "rate"),
    ("representation.appointed", "person"),
    ("partnership.established", "scope"),
    ("partnership.established", "expires_on"),
    ("pledge.made", "to"),
]
REQUIRED = [
    ("partnership.upgraded", "name"),
    ("partnership.upgraded", "parties"),
    ("agreement.ratified", "parties"),
    ("agreement.withdrawn", "party"),
    ("pledge.fulfilled", "by"),
    ("measure.amended", "targets"),
    ("measure.amended", "category"),
    ("representation.closed", "host"),
]
OPENING = {
    "partnership": "partnership.established",
    "agreement": "agreement.signed",
    "pledge": "pledge.made",
    "measure": "measure.imposed",
    "representation": "representation.opened",
}


@pytest.mark.parametrize(("type", "field"), FIRST)
def test_null_on_a_first_act_is_refused(type: str, field: str) -> None:
    fault = refusal(NOTHING, act(type, "2000", **{field: None}))
    assert (fault.code, fault.pointer) == ("invalid", f"/data/{field}")


@pytest.mark.parametrize(("type", "field"), REQUIRED)
def test_null_on_a_field_that_an_act_must_carry_is_refused(type: str, field: str) -> None:
    log = after(NOTHING, act(OPENING[type.partition(".")[0]], "2000"))
    fault = refusal(log, act(type, "2001", **{field: None}))
    assert (fault.code, fault.pointer) == ("invalid", f"/data/{field}")


def test_null_on_a_kind_without_a_life_cycle_is_refused() -> None:
    fault = refusal(NOTHING, builders.meeting(data={"occasion": None}))
    assert (fault.code, fault.pointer) == ("invalid", "/data/occasion")


def test_late_news_with_null_is_refused_when_it_becomes_the_first_act() -> None:
    log = after(NOTHING, act("measure.imposed", "2000"))
    late = act("measure.announced", "1999", rate=None)
    assert refusal(log, late).pointer == "/data/rate"
    assert after(log, {**late, "occurred_on": "2001"}).head.position == 2
