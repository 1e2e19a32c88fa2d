"""The oracle itself, held against the real record and against small cases worked out by hand."""

import ast
import json
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests import oracle

SAMPLE = Path(__file__).parent.parent / "service" / "sample"
EXPECTED = json.loads((SAMPLE / "carney-2025.expected.json").read_text("utf-8"))
SINCE, AS_OF, END = "2025-03-14", "2025-11-05", 10**9


def as_log(events):
    """Number the writer's events as the server would, one a second, with its bounds and defaults."""
    log = []
    for position, event in enumerate(events, 1):
        version = 1 + sum(other["stream"] == event["stream"] for other in log)
        recorded_at = f"2026-01-01T{position // 3600:02}:{position // 60 % 60:02}:{position % 60:02}Z"
        event = {**event, "version": version, "position": position, "recorded_at": recorded_at}
        if "occurred_on" in event:
            event["earliest"], event["latest"], _ = oracle.bounds(event["occurred_on"])
        if event["type"] == "meeting.held":
            event["data"] = {"formal": True, "level": "leader", **event["data"]}
        log.append(event)
    return log


LINES = (SAMPLE / "carney-2025.jsonl").read_text("utf-8").splitlines()
RECORD = as_log([json.loads(line) for line in LINES])


def act(id, type, on, stream="one", **data):
    kind = type.split(".")[0]
    title = {"en": f"Title of {id}"}
    return {"id": id, "type": type, "stream": f"{kind}:{stream}", "occurred_on": on, "title": title, "data": data}


def meeting(id, on, *parties, **data):
    return act(id, "meeting.held", on, id, parties=list(parties) or ["CA", "GB"], mode="in_person", **data)


def record(act_name, id, **data):
    return {"id": f"{act_name} {id}", "type": f"record.{act_name}", "stream": "any:one", "data": {"event": id, **data}}


def correct(id, **changes):
    return record("corrected", id, changes=changes)


def shown(log, as_of=None, **filters):
    return [item["id"] for item in oracle.timeline(log, END, as_of, **{"order": "asc", **filters})]


def one_partnership(log, as_of=None, **options):
    options = {"today": "2026-01-01", "status": "all", "kinds": ("partnership", "agreement"), **options}
    rows = oracle.partnerships(log, END, as_of, **options)
    return rows[0] if rows else None


# The oracle stands alone


def test_it_imports_nothing_but_the_standard_library():
    tree = ast.parse(Path(oracle.__file__).read_text("utf-8"))
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names


# The real record


@pytest.mark.parametrize("name", [name for name in EXPECTED if name.startswith("tallies") and "first" not in name])
def test_tallies_of_the_real_record(name):
    wanted = EXPECTED[name]
    filters = {key: wanted[key] for key in ("of", "since", "formal", "level") if key in wanted}
    if "mode" in wanted:
        filters["mode"] = [wanted["mode"]]
    rows = oracle.tallies(RECORD, END, wanted["as_of"], **filters)
    assert {row["party"]: row["count"] for row in rows if row["count"]} == wanted["counts"]
    if "possible" in wanted:
        assert {row["party"]: row["possible"] for row in rows if row["possible"]} == wanted["possible"]


def test_the_real_tallies_agree_with_the_newsletter():
    rows = oracle.tallies(RECORD, END, AS_OF, of="CA", since=SINCE, formal=True)
    counts = {row["party"]: row["count"] for row in rows}
    assert EXPECTED["newsletter"]["counts"].items() <= counts.items()


def test_first_last_and_previous_of_the_real_record():
    rows = oracle.tallies(RECORD, END, AS_OF, of="CA", since=SINCE, formal=True)
    assert {row["party"]: [row["first"], row["last"]] for row in rows} == EXPECTED["tallies_first_last"]
    assert {row["party"]: row["previous"] for row in rows if row["previous"]} == {"CN": "2017"}


def test_the_last_steps_of_the_real_series_are_the_tallies():
    steps = oracle.series(RECORD, END, AS_OF, of="CA", since=SINCE, formal=True)
    assert {step["party"]: step["count"] for step in steps} == EXPECTED["tallies"]["counts"]
    assert steps == sorted(steps, key=lambda step: (step["on"], step["party"]))


@pytest.mark.parametrize("status", ["active", "suspended"])
def test_partnerships_of_the_real_record(status):
    rows = oracle.partnerships(RECORD, END, AS_OF, today=AS_OF, status=status)
    assert [row["stream"] for row in rows] == EXPECTED[f"{status}_partnerships_as_of_2025-11-05"]


def test_the_talks_with_the_united_states_day_by_day():
    talks = "partnership:ca-us-economic-security-talks"
    for day, wanted in EXPECTED[f"partnership_status_of_{talks.split(':')[1]}"].items():
        rows = oracle.partnerships(RECORD, END, day, today=day, status="all")
        assert {row["stream"]: row["status"] for row in rows}.get(talks) == wanted


def test_the_timeline_holds_the_whole_real_record():
    items = oracle.timeline(RECORD, END, AS_OF)
    assert sum(item["certain"] for item in items) == len(items) == EXPECTED["happened_as_of_2025-11-05"]
    assert Counter(item["type"] for item in items) == EXPECTED["events_per_type"]
    assert len({item["stream"] for item in items}) == EXPECTED["streams"]


# Event time


@pytest.mark.parametrize(
    ("text", "earliest", "latest", "end"),
    [
        ("2025-10-30", "2025-10-30", "2025-10-30", None),
        ("2025-10-30?", "2025-10-30", "2025-10-30", None),
        ("2024-02", "2024-02-01", "2024-02-29", None),
        ("1900-02~", "1900-02-01", "1900-02-28", None),
        ("2023%", "2023-01-01", "2023-12-31", None),
        ("2025-04-XX", "2025-04-01", "2025-04-30", None),
        ("2025-XX", "2025-01-01", "2025-12-31", None),
        ("2025-XX-XX", "2025-01-01", "2025-12-31", None),
        ("198X", "1980-01-01", "1989-12-31", None),
        ("19XX?", "1900-01-01", "1999-12-31", None),
        ("0001", "0001-01-01", "0001-12-31", None),
        ("99XX", "9900-01-01", "9999-12-31", None),
        ("2025-05/2025-06-10~", "2025-05-01", "2025-05-31", "2025-06-10"),
        ("2025-05-17/2025-06", "2025-05-17", "2025-05-17", "2025-06-30"),
        ("[2025-02..2025-03-XX?]", "2025-02-01", "2025-03-31", None),
    ],
)
def test_bounds_of_a_date(text, earliest, latest, end):
    assert oracle.bounds(text) == (earliest, latest, end)


def test_a_meeting_of_some_day_in_may_may_have_happened_by_the_tenth():
    log = as_log([meeting("a", "2025-05")])
    assert oracle.timeline(log, END, "2025-04-30") == []
    assert [item["certain"] for item in oracle.timeline(log, END, "2025-05-10")] == [False]
    assert [item["certain"] for item in oracle.timeline(log, END, "2025-05-31")] == [True]
    assert shown(log, "2025-05-10", certain=True) == []


def test_a_meeting_that_straddles_a_border_of_the_window_is_possible_not_counted():
    log = as_log([meeting("a", "2025-05"), meeting("b", "2025-05-20"), meeting("c", "2025-04-30")])
    (row,) = oracle.tallies(log, END, "2025-06-01", of="CA", since="2025-05-10")
    assert row == {
        "party": "GB",
        "count": 1,
        "possible": 1,
        "first": "2025-05-20",
        "last": "2025-05-20",
        "previous": "2025-04-30",
    }
    (row,) = oracle.tallies(log, END, "2025-05-15", of="CA", since="2025-05-10")
    assert (row["count"], row["possible"], row["first"], row["last"]) == (0, 1, None, None)


def test_the_days_at_both_ends_of_a_window_belong_to_it():
    log = as_log([meeting("a", "2025-05"), meeting("b", "2025-05-31")])
    windows = {"since": "2025-05-31", "until": "2025-05-31"}, {"since": "2025-05-01", "until": "2025-05-01"}
    assert [shown(log, **window) for window in windows] == [["a", "b"], ["a"]]
    assert shown(log, since="2025-05-01", until="2025-05-31", certain=True) == ["a", "b"]
    assert shown(log, since="2025-05-02", until="2025-05-31", certain=True) == ["b"]
    assert shown(log, since="2025-05-01", until="2025-05-30", certain=True) == []
    (row,) = oracle.tallies(log, END, of="CA", since="2025-05-31")
    assert (row["count"], row["possible"], row["previous"]) == (1, 1, None)
    (row,) = oracle.tallies(log, END, of="CA", since="2025-05-01")
    assert (row["count"], row["possible"]) == (2, 0)


def test_a_window_that_begins_after_it_ends_is_empty():
    log = as_log([meeting("a", "2025-05")])
    assert oracle.tallies(log, END, "2025-05-10", of="CA", since="2025-05-20") == []
    assert oracle.series(log, END, "2025-05-10", of="CA", since="2025-05-20") == []
    assert shown(log, "2025-05-10", since="2025-05-20") == []


def test_the_timeline_is_ordered_by_first_day_then_last_day_then_position():
    log = as_log([meeting("a", "2025"), meeting("b", "2025-01-01"), meeting("c", "2025-01"), meeting("d", "2025-01")])
    assert shown(log) == ["b", "c", "d", "a"]
    assert shown(log, order="desc") == ["a", "d", "c", "b"]


# Record events


def test_a_correction_counts_from_its_own_position_whatever_the_day():
    log = as_log([meeting("a", "2025-05-10"), correct("a", occurred_on="2025-06-10", note="Wrong month")])
    (before,), (after,) = oracle.timeline(log, 1), oracle.timeline(log, 2)
    assert (before["occurred_on"], before["note"], before["revisions"]) == ("2025-05-10", None, 0)
    assert (after["earliest"], after["note"], after["revisions"]) == ("2025-06-10", "Wrong month", 1)
    assert (after["position"], after["recorded_at"]) == (1, "2026-01-01T00:00:01Z")
    assert oracle.timeline(log, 2, "2025-05-31") == []


def test_corrections_merge_one_upon_the_other():
    first = correct("a", data={"place": {"name": "Rome", "party": "IT"}, "formal": False}, note="Said")
    second = correct("a", data={"place": {"party": None}, "formal": None}, note=None)
    (item,) = oracle.timeline(as_log([meeting("a", "2025"), first, second]), END)
    assert item["data"]["place"] == {"name": "Rome"}
    assert item["data"]["formal"] is True
    assert (item["note"], item["revisions"]) == (None, 2)


def test_a_correction_of_the_parties_moves_the_count():
    log = as_log([meeting("a", "2025-05-10"), correct("a", data={"parties": ["CA", "FR"]})])
    assert [oracle.tallies(log, position, of="CA")[0]["party"] for position in (1, 2)] == ["GB", "FR"]


def test_a_retracted_act_counts_nowhere_until_it_is_reinstated():
    log = as_log([meeting("a", "2025-05-10"), record("retracted", "a"), record("reinstated", "a")])
    assert [len(oracle.timeline(log, position)) for position in (1, 2, 3)] == [1, 0, 1]
    assert [len(oracle.tallies(log, position, of="CA")) for position in (1, 2, 3)] == [1, 0, 1]
    (item,) = oracle.timeline(log, 2, retracted=True)
    assert (item["retracted"], item["revisions"]) == (True, 1)


# Filters


def test_carried_over_parties_are_involved_but_are_not_the_acts_own_data():
    log = as_log(
        [
            act("end", "measure.lifted", "2025-03", by="CA", category="tariff"),
            act("start", "measure.imposed", "2025-01", by="CA", category="tariff", targets=["CN"]),
        ]
    )
    assert shown(log, between=("CA", "CN")) == ["start", "end"]
    assert "targets" not in oracle.timeline(log, END, type=["measure.lifted"])[0]["data"]


def test_null_clears_what_was_carried_over_and_a_retracted_act_carries_nothing():
    log = as_log(
        [
            act("made", "pledge.made", "2025-01-01", by="CA", purpose="Aid", to="UA"),
            act("done", "pledge.fulfilled", "2025-02-01", by="CA", purpose="Aid", to=None),
            act("x", "measure.imposed", "2025-01-01", by="US", targets=["CA"]),
            act("y", "measure.amended", "2025-02-01", by="US"),
            record("retracted", "x"),
        ]
    )
    assert shown(log, party=["UA"]) == ["made"]
    assert shown(log, party=["CA"], kind=["measure"]) == []
    assert shown(log, party=["CA"], kind=["measure"], retracted=True) == ["x"]


def test_an_act_carries_over_nothing_from_what_cannot_have_happened_yet():
    log = as_log(
        [
            act("a", "representation.opened", "2025-01-01", sender="CA", host="AM"),
            act("b", "representation.appointed", "2025-06-01", sender="CA", host="AM", person="Ann Ba"),
            act("c", "representation.closed", "[2025-05-01..2025-07-01]", sender="CA", host="AM"),
        ]
    )
    assert shown(log, person="ann bá") == ["c", "b"]
    assert shown(log, "2025-05-15", person="Ann Ba") == []


def test_words_are_found_without_regard_to_case_and_accents_and_only_whole():
    data = {"people": [{"name": "Recep Erdoğan"}], "place": {"name": "Montréal"}, "occasion": "UN week"}
    log = as_log([{**meeting("a", "2025", **data), "note": "On the margins", "sources": []}])
    assert shown(log, q="ERDOGAN, montreal; margins title") == ["a"]
    assert shown(log, q="marg") == []
    assert shown(log, person="recep erdogan", sourced=False) == ["a"]
    assert shown(log, person="erdogan") == []


def test_each_filter_leaves_out_what_it_does_not_name():
    ann = {"people": [{"name": "Ann Ba"}], "topics": ["Énergie"], "formal": False, "level": "minister"}
    sources = [{"url": "https://example.org"}]
    log = as_log([{**meeting("a", "2025", **ann), "sources": sources}, meeting("b", "2025", "CA", "FR")])
    named = [{"topic": "energie"}, {"formal": False}, {"level": "minister"}, {"person": "ANN BA"}, {"sourced": True}]
    assert [shown(log, **filters) for filters in named] == [["a"]] * 5
    assert shown(log, mode=["phone", "video"]) == []
    for filters in [*named[1:4], {"party": ["GB"]}]:
        assert [row["party"] for row in oracle.tallies(log, END, of="CA", **filters)] == ["GB"]
        assert [step["party"] for step in oracle.series(log, END, of="CA", **filters)] == ["GB"]


def test_a_meeting_of_three_adds_to_nobody_but_stands_on_the_timeline():
    log = as_log([meeting("a", "2025", "CA", "GB", "FR"), meeting("b", "2025", "GB", "FR"), meeting("c", "2025")])
    assert [row["party"] for row in oracle.tallies(log, END, of="CA")] == ["GB"]
    assert shown(log, between=("CA", "GB")) == ["c"]
    assert shown(log, party=["CA"]) == ["a", "c"]


def test_the_series_has_one_step_per_party_and_day():
    log = as_log(
        [meeting("a", "2025-05-02"), meeting("b", "2025-05-02"), meeting("c", "2025-04"), meeting("d", "2025")]
    )
    assert oracle.series(log, END, "2025-06-01", of="CA") == [
        {"on": "2025-04-30", "party": "GB", "count": 1},
        {"on": "2025-05-02", "party": "GB", "count": 3},
    ]


# Partnerships


def partnership(id, type, on, **data):
    return act(id, f"partnership.{type}", on, name="Talks", **data)


def agreement(*acts):
    return as_log([act(f"{n}", f"agreement.{name}", f"2025-0{n}-01", name="Pact") for n, name in enumerate(acts, 1)])


def test_late_news_of_a_suspension_takes_its_place_in_the_life_cycle():
    log = as_log(
        [
            partnership("a", "established", "2020", parties=["CA", "US"], form="dialogue", scope=["trade"]),
            partnership("c", "resumed", "2025-06-29", form="alliance"),
            partnership("b", "suspended", "2025-06"),
            correct("b", occurred_on="2025-06-27"),
        ]
    )
    assert one_partnership(log, "2020-06-01") is None
    assert one_partnership(log, "2025-06-28")["status"] == "suspended"
    assert one_partnership(log, "2025-07-01") == {
        "stream": "partnership:one",
        "name": "Talks",
        "parties": ["CA", "US"],
        "form": "alliance",
        "scope": ["trade"],
        "status": "active",
        "since": "2025-06-29",
        "until": None,
        "expires_on": None,
        "acts": ["a", "b", "c"],
    }


def test_a_partnership_expires_the_day_after_its_last_day_unless_renewed_or_cleared():
    log = as_log(
        [
            partnership("a", "established", "2020-01-01", parties=["CA", "CL"], expires_on="2022-12-31"),
            partnership("b", "renewed", "2023-06-01", expires_on="2024-12-31"),
            partnership("c", "renewed", "2025-06-01", expires_on=None),
        ]
    )
    days = ["2022-12-31", "2023-01-01", "2023-06-01", "2025-01-01", "2025-06-01"]
    statuses = ["active", "expired", "active", "expired", "active"]
    assert [one_partnership(log, day)["status"] for day in days] == statuses
    expired = one_partnership(log, "2023-01-01")
    assert (expired["since"], expired["until"]) == ("2020-01-01", "2022-12-31")
    assert one_partnership(log[:1], today="2023-01-01")["status"] == "expired"


def test_an_ended_partnership_stays_ended_past_its_expiry():
    log = as_log(
        [
            partnership("a", "established", "2020", parties=["CA", "CL"], expires_on="2022-12-31"),
            partnership("b", "ended", "2021-05"),
        ]
    )
    row = one_partnership(log, "2024-01-01")
    assert (row["status"], row["since"], row["until"]) == ("ended", "2021-05", "2021-05")
    assert one_partnership(log, party=["CA", "GB"]) is None
    assert one_partnership(log, party=["CA", "CL"], status="ended") == row


@pytest.mark.parametrize(
    ("acts", "status", "since"),
    [
        (["signed"], "active", 1),
        (["signed", "ratified"], "pending", 2),
        (["ratified", "signed"], "pending", 1),
        (["signed", "ratified", "ratified"], "pending", 2),
        (["signed", "ratified", "in_force"], "active", 3),
        (["signed", "in_force", "in_force", "signed", "ratified"], "active", 2),
        (["signed", "in_force", "suspended", "in_force"], "suspended", 3),
        (["signed", "in_force", "suspended", "in_force", "resumed", "in_force"], "active", 5),
        (["signed", "ratified", "withdrawn", "amended"], "pending", 2),
        (["in_force", "withdrawn", "ended"], "ended", 3),
    ],
)
def test_the_status_of_an_agreement(acts, status, since):
    row = one_partnership(agreement(*acts))
    assert (row["status"], row["since"]) == (status, f"2025-0{since}-01")


def test_agreements_are_listed_only_when_asked_for():
    assert oracle.partnerships(agreement("signed"), END, today=AS_OF, status="all") == []


# Diff


def test_two_views_side_by_side():
    log = as_log(
        [
            meeting("a", "2025-05-10"),
            meeting("b", "2025-05-11", "CA", "FR"),
            partnership("p", "established", "2025-05-12", parties=["CA", "GB"]),
            correct("a", note="More"),
            correct("a"),
            record("retracted", "b"),
        ]
    )
    assert oracle.diff(log, ("2025-05-11", 3), ("2025-05-12", 6), of="CA", today=AS_OF) == {
        "actions": {"added": ["p"], "removed": ["b"], "corrected": ["a"]},
        "tallies": [{"party": "FR", "from": 1, "to": 0}],
        "partnerships": [{"stream": "partnership:one", "from": None, "to": "active"}],
    }
    assert oracle.diff(log, (None, 4), (None, 5), of="CA", today=AS_OF) == {
        "actions": {"added": [], "removed": [], "corrected": []},
        "tallies": [],
        "partnerships": [],
    }
