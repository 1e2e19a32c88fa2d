"""Views over HTTP: the two clocks, pages that never repeat or skip, links that stay, caches, and waiting."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from events.clock import now
from projections import generations
from projections.generations import begin_generation
from projections.registry import BY_NAME
from service.app import create_app
from service.settings import Settings
from tests import builders
from tests.conftest import Databases
from tests.test_bad_input import problem
from tests.test_http_append import DAY, NOON, Writer, new_id

SECOND = 1_000_000
PATIENCE = 30
VIEWS = ["timeline", "tallies", "tallies/series", "partnerships", "parties", "people", "editions"]
ROWS = {"tallies": "tallies", "tallies/series": "steps"}
PAGE = "/en/tallies?as_of=2025-11-05&at_position=3"


class Reader(Writer):
    """A writer whose views can be brought to the head."""

    def holds(self, *events: dict[str, Any]) -> int:
        """Append a batch and let the views take it in; the head."""
        position: int = self.appended({"events": list(events)})[-1]["position"]
        builders.catch_up(self.database)
        return position

    def pages(self, path: str) -> Iterator[dict[str, Any]]:
        link: str | None = path
        while link:
            response = self.app.test_client().get(link)
            assert response.status_code == 200, response.text
            page = json.loads(response.data)
            yield page
            link = page["next"]


@pytest.fixture
def reader(databases: Databases) -> Iterator[Reader]:
    made = Reader(databases.new())
    yield made
    made.app.extensions["depositary"].close()


@pytest.fixture(scope="module")
def sample(databases: Databases) -> Iterator[Reader]:
    """The sample record, its views caught up, with two editions; read only."""
    made = Reader(databases.new())
    builders.append(made.database, *builders.sample(), at=NOON)
    made.now = NOON + SECOND
    made.holds(*(edition(n) for n in range(3)))
    yield made
    made.app.extensions["depositary"].close()


def edition(n: int) -> dict[str, Any]:
    return {"type": "edition.published", "stream": f"edition:e{n}", "data": {"name": f"Number {n}", "url": PAGE}}


# The clocks


@pytest.fixture(scope="module")
def clocks(databases: Databases) -> Iterator[Reader]:
    """Two meetings recorded at noon, one a second later; the last of the three is dated ahead."""
    made = Reader(databases.new())
    made.holds(builders.meeting("CA", "KR", on="2025-10-01"), builders.meeting("CA", "FR", on="2025-10"))
    made.now = NOON + SECOND
    made.holds(builders.meeting("CA", "JP", on="2025-12-01"))
    made.now = NOON + DAY
    yield made
    made.app.extensions["depositary"].close()


@pytest.mark.parametrize(
    ("known_at", "position"),
    [
        ("2025-11-05T11:59:59.999999Z", 0),
        ("2025-11-05T12:00:00Z", 2),
        ("2025-11-05t12:00:00.000000z", 2),
        ("2025-11-05T07:00:00-05:00", 2),
        ("2025-11-05T12:00:00+00:00", 2),
        ("2025-11-05T12:00:00.9999999Z", 2),
        ("2025-11-05T12:00:01Z", 3),
        ("2025-11-05T12:00:02Z", 3),
    ],
)
def test_an_instant_is_resolved_to_the_last_position_recorded_by_then(
    clocks: Reader, known_at: str, position: int
) -> None:
    body = clocks.get("timeline", known_at=known_at)
    assert (body["position"], body["known_at"]) == (position, known_at)
    assert len(body["items"]) == position


def test_a_plus_that_became_a_space_is_understood(clocks: Reader) -> None:
    response = clocks.app.test_client().get("/api/v1/timeline?known_at=2025-11-05T12:00:00+00:00")
    body = json.loads(response.data)
    assert (body["position"], body["known_at"]) == (2, "2025-11-05T12:00:00+00:00")


def test_an_instant_later_than_now_means_now(clocks: Reader) -> None:
    body = clocks.get("timeline", known_at="2030-01-01T00:00:00Z")
    assert (body["position"], body["known_at"]) == (3, "2025-11-06T12:00:00.000000Z")


@pytest.mark.parametrize("position", [0, 1, 2, 3])
def test_a_position_is_what_the_answer_stands_for(clocks: Reader, position: int) -> None:
    body = clocks.get("timeline", at_position=position)
    assert (body["as_of"], body["position"], len(body["items"])) == (None, position, position)


def test_an_answer_says_what_it_stands_for(clocks: Reader) -> None:
    body = clocks.get("timeline", as_of="2025-10-15")
    assert (body["as_of"], body["known_at"], body["position"]) == ("2025-10-15", "2025-11-05T12:00:01.000000Z", 3)
    assert [(item["data"]["parties"][1], item["certain"]) for item in body["items"]] == [("FR", False), ("KR", True)]


@pytest.mark.parametrize("path", [*VIEWS, "parties/CA"])
def test_every_view_says_what_it_stands_for(sample: Reader, path: str) -> None:
    body = sample.get(path, as_of="2025-06-30", at_position=295)
    assert (body["as_of"], body["known_at"], body["position"]) == ("2025-06-30", "2025-11-05T12:00:00.000000Z", 295)


# Waiting


@pytest.mark.parametrize("path", ["timeline", "tallies", "partnerships", "parties/CA", "people", "diff"])
def test_a_view_that_is_behind_is_waited_for(reader: Reader, path: str) -> None:
    reader.holds(builders.meeting())
    reader.appended(builders.meeting())
    client = reader.app.test_client()
    response = client.get(f"/api/v1/{path}?min_position=2&wait=0")
    problem(response, 503, None, "projection-behind")
    assert int(response.headers["Retry-After"]) > 0
    timer = threading.Timer(0.1, lambda: builders.catch_up(reader.database))
    timer.start()
    assert client.get(f"/api/v1/{path}?min_position=2&wait={PATIENCE}").status_code == 200
    timer.join()


def test_a_pinned_read_waits_as_well(reader: Reader) -> None:
    reader.holds(builders.meeting())
    reader.appended(builders.meeting())
    client = reader.app.test_client()
    for pin in ("at_position=2", "known_at=2025-11-05T12:00:00Z", "known_at=2030-01-01T00:00:00Z"):
        problem(client.get(f"/api/v1/timeline?{pin}&wait=0"), 503, None, "projection-behind")
    problem(client.get("/api/v1/diff?to_position=2&wait=0.01"), 503, None, "projection-behind")
    assert len(reader.get("timeline", at_position=1, wait=0)["items"]) == 1
    assert len(reader.get("timeline", wait=0)["items"]) == 1


def test_views_that_were_never_built_say_so(reader: Reader) -> None:
    reader.appended(builders.meeting())
    for path in ("timeline", "tallies", "partnerships", "diff"):
        problem(reader.app.test_client().get(f"/api/v1/{path}"), 503, None, "projection-behind")


def test_a_view_that_is_built_for_the_first_time_is_waited_for(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generations, "LONG", 1)
    reader.appended(builders.meeting())
    begin_generation(reader.database, BY_NAME["timeline"], now())
    client = reader.app.test_client()
    for path in ("timeline", "timeline?min_position=1&wait=0"):
        response = client.get(f"/api/v1/{path}")
        problem(response, 503, None, "projection-behind")
        assert response.get_json()["detail"].endswith("for this version, so far up to position 0 of 1.")
    timer = threading.Timer(0.1, lambda: builders.catch_up(reader.database))
    timer.start()
    assert client.get(f"/api/v1/timeline?min_position=1&wait={PATIENCE}").status_code == 200
    timer.join()


# Pages


def spread() -> list[dict[str, Any]]:
    """Meetings on days in no order, several on one day, and some on days that are not known."""
    days = [f"2025-{1 + n * 7 % 12:02}-{1 + n * 5 % 28:02}" for n in range(24)]
    return [
        builders.meeting("CA", ("FR", "GB", "JP", "KR")[n % 4], on=day, id=new_id())
        for n, day in enumerate(
            [*days, "2025-03-01", "2025-03-01", "2025-03-01", "2025-03", "2025", "2025-03-01/2025-04"]
        )
    ]


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_pages_at_a_fixed_state_never_repeat_or_skip_whatever_is_appended(reader: Reader, order: str) -> None:
    events = spread()
    reader.holds(*events)
    whole = reader.get("timeline", order=order, limit=500)
    assert whole["next"] is None
    ids = [event["id"] for event in events]
    changes = [
        [builders.meeting("CA", "FR", on="2025-03-01"), builders.retracted(ids[2])],
        [
            builders.corrected(ids[5], {"occurred_on": "2025-12-31"}),
            builders.corrected(ids[9], {"occurred_on": "2024"}),
        ],
        [builders.meeting("CA", "JP", on=day) for day in ("2024-01-01", "2025-06-15", "2026-01-01")],
        [builders.reinstated(ids[2]), builders.retracted(ids[0]), builders.retracted(ids[20])],
    ]
    seen = []
    for page in reader.pages(f"/api/v1/timeline?limit=4&order={order}"):
        assert page["position"] == whole["position"]
        seen += page["items"]
        if changes:
            reader.holds(*changes.pop(0))
    assert seen == whole["items"]


def test_pages_of_one_instant_never_repeat_or_skip(reader: Reader) -> None:
    reader.holds(*spread())
    seen = []
    for page in reader.pages("/api/v1/timeline?limit=7&known_at=2025-11-05T12:00:00Z"):
        seen += [item["id"] for item in page["items"]]
        reader.now += SECOND
        reader.holds(builders.meeting("CA", "US", on="2025-03-01"))
    assert len(seen) == len(set(seen)) == 30


@pytest.mark.parametrize("path", VIEWS)
@pytest.mark.parametrize("as_of", [None, "2025-07-01"])
def test_the_pages_of_a_list_make_up_the_whole(sample: Reader, path: str, as_of: str | None) -> None:
    rows = ROWS.get(path, "items")
    fixed = {"as_of": as_of} if as_of else {}
    whole = sample.get(path, limit=500, **fixed)[rows]
    query = "".join(f"&{name}={value}" for name, value in fixed.items())
    limit = 1 if len(whole) < 10 else len(whole) // 4
    pages = list(sample.pages(f"/api/v1/{path}?limit={limit}{query}"))
    assert [row for page in pages for row in page[rows]] == whole
    assert len(pages) > 3 or path in ("partnerships", "editions")


FILTERED = {
    "timeline": "party=CA&party=US&kind=meeting&since=2025-04-01&mode=phone&formal=true&certain=true&sourced=true",
    "tallies": "since=2025-03-14&formal=true&mode=phone&mode=in_person&level=leader",
    "tallies/series": "since=2025-03-14&formal=true",
    "partnerships": "status=all&kinds=partnership,agreement&party=CA",
    "people": "party=US",
}


@pytest.mark.parametrize("path", FILTERED)
def test_the_next_page_keeps_the_filters(sample: Reader, path: str) -> None:
    rows = ROWS.get(path, "items")
    whole = json.loads(sample.app.test_client().get(f"/api/v1/{path}?limit=500&{FILTERED[path]}").data)[rows]
    paged = [row for page in sample.pages(f"/api/v1/{path}?limit=1&{FILTERED[path]}") for row in page[rows]]
    assert len(whole) > 1
    assert paged == whole


@pytest.mark.parametrize("path", VIEWS)
def test_a_cursor_under_other_filters_is_refused(sample: Reader, path: str) -> None:
    link = sample.get(path, limit=1)["next"]
    client = sample.app.test_client()
    assert client.get(link).status_code == 200
    problem(client.get(f"{link}&as_of=2025-05-01"), 422, "/cursor", "invalid")


def forged(link: str, *place: Any) -> str:
    """The link with a cursor of the same filters and another place."""
    (cursor,) = parse_qs(urlsplit(link).query)["cursor"]
    digest = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))[0]
    made = base64.urlsafe_b64encode(json.dumps([digest, *place]).encode()).decode().rstrip("=")
    return link.replace(quote(cursor), made)


FORGERIES: list[list[Any]] = [[], [1], [1, 2], [1, 2, 3, 4], ["1", 2, 3], [1.5, 2, 3], [True, 2, 3], [None, 2, 3]]
FORGERIES += [[2**62, 2, 3], [-1, 2, 3], [10**30, 2, 3], [[1], 2, 3], [{}, 2, 3], ["a\x00", 1], ["a", -1], ["a", "b"]]
FORGERIES += [["a", 2**63], [2**63], [-1], ["a"], ["", 1.0]]


@pytest.mark.parametrize("place", FORGERIES, ids=ascii)
def test_a_forged_cursor_is_refused(sample: Reader, place: list[Any]) -> None:
    client = sample.app.test_client()
    for path in ("timeline", "tallies", "partnerships", "parties", "editions", "events"):
        if len(place) == 1 and type(place[0]) is int and 0 <= place[0] < 2**62 and path != "timeline":
            continue
        link = sample.get(path, limit=1)["next"]
        problem(client.get(forged(link, *place)), 422, "/cursor", "invalid")


def test_a_cursor_far_away_leads_to_nothing(sample: Reader) -> None:
    client = sample.app.test_client()
    for path, place in {"timeline": [0, 0, 0], "tallies": [2**62 - 1], "partnerships": ["￿", 2**62 - 1]}.items():
        response = client.get(forged(sample.get(path, limit=1)["next"], *place))
        body = json.loads(response.data)
        assert (response.status_code, body[ROWS.get(path, "items")], body["next"]) == (200, [], None)


# Links and figures


def links(value: Any) -> Iterator[str]:
    """Every link to this service in an answer."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from links(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from links(inner)
    elif isinstance(value, str) and value.startswith("/api/"):
        yield value


@pytest.mark.parametrize("path", [*VIEWS, "events"])
@pytest.mark.parametrize("pin", [{}, {"at_position": 297}, {"known_at": "2030-01-01T00:00:00Z"}])
def test_every_link_carries_the_position(sample: Reader, path: str, pin: dict[str, Any]) -> None:
    day = {} if path == "events" else {"as_of": "2025-11-05"}
    body = sample.get(path, limit=1, **day, **pin)
    position = pin.get("at_position", 298)
    found = list(links(body))
    assert body["next"] in found
    for link in found:
        query = parse_qs(urlsplit(link).query)
        assert query["at_position"] == [str(position)]
        assert path in ("events", "editions") or query["as_of"] == ["2025-11-05"]
        assert sample.app.test_client().get(link).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"since": "2025-03-14", "as_of": "2025-11-05", "formal": "true"},
        {"mode": ["phone", "video"], "since": "2025-05-01"},
        {"of": "US"},
        {"level": "leader", "person": "Mark Carney", "as_of": "2025-08-01", "at_position": 200},
    ],
    ids=str,
)
def test_each_row_links_to_exactly_what_it_counts(sample: Reader, query: dict[str, Any]) -> None:
    rows = sample.get("tallies", **query)["tallies"]
    assert rows
    for row in rows:
        items = [item for page in sample.pages(f"{row['actions']}&order=asc") for item in page["items"]]
        assert len(items) == row["count"]
        dates = [item["occurred_on"] for item in items]
        assert (row["first"], row["last"]) == ((dates[0], dates[-1]) if dates else (None, None))


def test_a_series_ends_where_the_tallies_stand(sample: Reader) -> None:
    query = {"since": "2025-03-14", "as_of": "2025-11-05", "formal": "true"}
    counts = {row["party"]: row["count"] for row in sample.get("tallies", **query)["tallies"] if row["count"]}
    steps = sample.get("tallies/series", **query)["steps"]
    assert {step["party"]: step["count"] for step in steps} == counts
    assert [(step["on"], step["party"]) for step in steps] == sorted({(step["on"], step["party"]) for step in steps})


@pytest.mark.parametrize(
    "query",
    [{}, {"as_of": "2025-06-30"}, {"party": "US"}, {"q": "trade"}, {"kind": "meeting", "since": "2025-09-01"}],
    ids=str,
)
def test_facets_add_up(sample: Reader, query: dict[str, Any]) -> None:
    body = sample.get("timeline", facets=1, limit=500, **query)
    assert body["next"] is None
    items, facets = body["items"], body["facets"]
    assert items
    for name in ("kind", "year", "sourced"):
        assert sum(row["count"] for row in facets[name]) == len(items)
    for name in ("party", "kind", "person", "topic"):
        for row in facets[name][:4]:
            if name not in query:
                found = sample.get("timeline", limit=500, **{**query, name: row["value"]})["items"]
                assert len(found) == row["count"], (name, row)
    assert {row["value"] for row in facets["kind"]} == {item["kind"] for item in items}


def test_parties_are_those_of_the_timeline(sample: Reader) -> None:
    rows = {row["party"]: row for row in sample.get("parties")["items"]}
    assert (rows["DE"]["name"], rows["DE"]["kind"]) == ({"en": "Germany", "fr": "Allemagne"}, "country")
    assert rows["EU"]["kind"] == "organisation"
    for code in ("CA", "DE", "EU"):
        items = [item for page in sample.pages(f"/api/v1/timeline?party={code}&limit=500") for item in page["items"]]
        assert rows[code]["actions"] == len(items)


def test_a_party_is_shown_with_its_tallies_people_partnerships_and_measures(sample: Reader) -> None:
    body = sample.get("parties/US")
    assert (body["party"], body["name"]["fr"]) == ("US", "États-Unis")
    (row,) = (row for row in body["tallies"] if row["party"] == "CA")
    (other,) = (row for row in sample.get("tallies", of="US")["tallies"] if row["party"] == "CA")
    assert row == {name: other[name] for name in row}
    assert body["measures"] == sample.get("timeline", party="US", kind="measure", limit=500)["items"]
    assert (
        body["partnerships"]
        == sample.get("partnerships", party="US", status="all", kinds="partnership,agreement")["items"]
    )
    assert body["people"]


@pytest.mark.parametrize("code", ["ca", "CAN", "ZZ", "UK"])
def test_a_party_that_does_not_exist_is_not_found(sample: Reader, code: str) -> None:
    problem(sample.app.test_client().get(f"/api/v1/parties/{code}"), 404, None, "not-found")


def test_a_party_without_actions_is_shown_empty(sample: Reader) -> None:
    body = sample.get("parties/TV")
    assert (body["actions"], body["tallies"], body["people"], body["partnerships"]) == (0, [], [], [])


def test_people_are_listed_with_party_roles_and_actions(sample: Reader) -> None:
    (row,) = (row for row in sample.get("people", party="CA")["items"] if row["name"] == "Mark Carney")
    items = [item for page in sample.pages("/api/v1/timeline?person=mark+CARNEY&limit=500") for item in page["items"]]
    assert row["actions"] == len(items)
    assert "Prime Minister" in json.dumps(row["roles"])


def test_editions_are_listed_newest_first(sample: Reader) -> None:
    items = sample.get("editions")["items"]
    assert [item["name"] for item in items] == ["Number 2", "Number 1", "Number 0"]
    assert {"id", "stream", "url", "recorded_at", "position"} <= set(items[0])
    assert [item["name"] for item in sample.get("editions", at_position=296)["items"]] == ["Number 0"]
    assert sample.get("editions", known_at="2025-11-05T12:00:00Z")["items"] == []


def test_editions_are_on_no_timeline(sample: Reader) -> None:
    assert sample.get("timeline", q="Number")["position"] == 298
    response = sample.app.test_client().get(f"/api/v1/actions/{sample.get('editions')['items'][0]['id']}")
    problem(response, 404, None, "not-found")


def test_a_difference_is_what_stands_in_one_view_only(sample: Reader) -> None:
    ends = {"from_as_of": "2025-06-30", "to_as_of": "2025-09-30", "from_position": 200, "to_position": 295, "of": "CA"}
    body = sample.get("diff", **ends)
    sides = [
        {item["id"]: item for item in sample.get("timeline", as_of=as_of, at_position=position, limit=500)["items"]}
        for as_of, position in (("2025-06-30", 200), ("2025-09-30", 295))
    ]
    assert {item["id"] for item in body["actions"]["added"]} == set(sides[1]) - set(sides[0])
    assert {item["id"] for item in body["actions"]["removed"]} == set(sides[0]) - set(sides[1])
    before, after = (
        {row["party"]: row["count"] for row in sample.get("tallies", as_of=as_of, at_position=position)["tallies"]}
        for as_of, position in (("2025-06-30", 200), ("2025-09-30", 295))
    )
    moved = {code: (before.get(code, 0), after.get(code, 0)) for code in {*before, *after}}
    assert {row["party"]: (row["from"], row["to"]) for row in body["tallies"]} == {
        code: pair for code, pair in moved.items() if pair[0] != pair[1]
    }
    assert (body["from"]["position"], body["to"]["as_of"]) == (200, "2025-09-30")


def test_a_difference_names_corrections_and_retractions(reader: Reader) -> None:
    one, two = new_id(), new_id()
    start = reader.holds(builders.meeting("CA", "KR", id=one), builders.meeting("CA", "FR", id=two))
    reader.holds(builders.corrected(one, {"data": {"parties": ["CA", "JP"]}}), builders.retracted(two))
    actions = reader.get("diff", from_position=start)["actions"]
    changes = [{"path": "/data/parties", "old": ["CA", "KR"], "new": ["CA", "JP"]}]
    assert [(row["id"], row["changes"]) for row in actions["corrected"]] == [(one, changes)]
    assert [item["id"] for item in actions["removed"]] == [two]
    back = reader.get("diff", to_position=start)["actions"]
    assert [item["id"] for item in back["added"]] == [two]


def test_nothing_differs_from_itself(sample: Reader) -> None:
    body = sample.get("diff", of="CA")
    assert body["actions"] == {"added": [], "removed": [], "corrected": []}
    assert (body["tallies"], body["partnerships"]) == ([], [])


# Caches


@pytest.mark.parametrize("path", [*VIEWS, "parties/CA"])
def test_only_what_can_never_change_is_immutable(sample: Reader, path: str) -> None:
    sample.now = NOON + DAY
    fixed: list[tuple[dict[str, str], bool]] = [
        ({}, False),
        ({"as_of": "2025-06-30"}, False),
        ({"at_position": "295"}, False),
        ({"known_at": "2025-11-05T12:00:00.5Z"}, False),
        ({"as_of": "2025-06-30", "at_position": "298"}, True),
        ({"as_of": "2025-06-30", "known_at": "2025-11-05T12:00:00.5Z"}, True),
        ({"as_of": "2025-06-30", "known_at": "2025-11-05T12:00:01Z"}, False),
        ({"as_of": "2025-06-30", "known_at": "2030-11-05T12:00:01Z"}, False),
    ]
    for query, final in fixed:
        response = sample.app.test_client().get(f"/api/v1/{path}", query_string=query)
        control = response.headers["Cache-Control"]
        assert ("immutable" in control) == final, query
        assert control.startswith("public" if final else "no-cache")
        assert response.headers["ETag"].startswith('"')


def test_a_difference_is_immutable_when_both_ends_are(sample: Reader) -> None:
    ends = {"from_as_of": "2025-06-30", "to_as_of": "2025-09-30", "from_position": "200", "to_position": "295"}
    client = sample.app.test_client()
    assert "immutable" in client.get("/api/v1/diff", query_string=ends).headers["Cache-Control"]
    for name in ends:
        fewer = {other: value for other, value in ends.items() if other != name}
        assert client.get("/api/v1/diff", query_string=fewer).headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", [*VIEWS, "parties/CA", "diff"])
def test_an_answer_that_is_held_is_not_sent_again(sample: Reader, path: str) -> None:
    client = sample.app.test_client()
    first = client.get(f"/api/v1/{path}")
    again = client.get(f"/api/v1/{path}", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
    assert client.get(f"/api/v1/{path}", headers={"If-None-Match": '"x"'}).status_code == 200


def test_an_etag_changes_with_the_answer(reader: Reader) -> None:
    reader.holds(builders.meeting())
    client = reader.app.test_client()
    before = client.get("/api/v1/tallies").headers["ETag"]
    assert "tallies" in before
    reader.holds(builders.meeting())
    assert client.get("/api/v1/tallies").headers["ETag"] != before


def test_without_public_reading_nothing_is_public(sample: Reader) -> None:
    url = sample.database.url.render_as_string(hide_password=False)
    app = create_app(Settings(database_url=url, home="CA", public_read=False))
    for path in [
        *VIEWS,
        "parties/CA",
        "events",
        "streams/edition:e1",
        f"events/{sample.get('events')['events'][0]['id']}",
    ]:
        response = app.test_client().get(f"/api/v1/{path}", headers=sample.secret(path, "reader"))
        assert response.status_code == 200
        assert response.headers["Cache-Control"].startswith("private")
        assert "Access-Control-Allow-Origin" not in response.headers
    final = "/api/v1/timeline?as_of=2025-06-30&at_position=295"
    assert (
        app.test_client()
        .get(final, headers=sample.secret("final", "reader"))
        .headers["Cache-Control"]
        .startswith("private")
    )
    app.extensions["depositary"].close()


@pytest.mark.parametrize("path", [*VIEWS, "parties/CA", "diff", "events", "streams/edition:e1", "projections"])
def test_head_answers_as_get_does_without_a_body(sample: Reader, path: str) -> None:
    client = sample.app.test_client()
    got, asked = client.get(f"/api/v1/{path}"), client.head(f"/api/v1/{path}")
    assert (asked.status_code, asked.data) == (200, b"")
    for name in ("ETag", "Cache-Control", "Content-Type", "Content-Length"):
        assert asked.headers.get(name) == got.headers.get(name)
