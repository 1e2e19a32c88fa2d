"""Writing by hand: what is typed becomes an event once, and nothing typed is lost on the way."""

from __future__ import annotations

import html
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from events import parties, store
from events.types import TYPES, Event, kind_of
from service.pages import composing
from service.pages.versions import merge_patch
from tests import builders
from tests.conftest import token
from tests.forms import HTML, filled, open_form, previewed, send, signed_in

PATH = "/en/write/meeting.held"
TYPED = {
    "occurred_on": "2025-10-30",
    "title.en": "They meet",
    "data.parties.0": "Canada",
    "data.parties.1": "Corée du Sud",
    "data.people.0.name": "Mark Carney",
    "data.people.0.party": "canada",
    "data.mode": "in_person",
    "data.topics": "trade\r\ndefence",
    "sources.0.url": "https://example.org/a",
}
HOSTILE = "\"><script>alert('1')</script>"
ACTS = [type for type in TYPES if kind_of(type).family != "record"]


@pytest.fixture
def writer(app: Flask) -> FlaskClient:
    """An editor's browser on an empty record, its views caught up."""
    builders.catch_up(app.extensions["depositary"].database)
    return signed_in(app, name="newsroom")


def log(app: Flask) -> list[Event]:
    with app.extensions["depositary"].database.read() as connection:
        return store.read(connection)


def written(app: Flask, *events: dict[str, Any]) -> list[str]:
    """Append events, bring the views to them, and give their ids."""
    database = app.extensions["depositary"].database
    ids = [event.id for event in builders.append(database, *events).events]
    builders.catch_up(database)
    return ids


def test_what_is_typed_becomes_an_event_in_the_name_of_the_token(app: Flask, writer: FlaskClient) -> None:
    fields = previewed(writer, PATH, open_form(writer, PATH), **TYPED)
    answer = send(writer, PATH, fields)
    (event,) = log(app)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/en/actions/{event.id}?min_position=1")
    assert event.recorded_by == "newsroom"
    assert event.content.as_dict() == {
        "occurred_on": "2025-10-30",
        "title": {"en": "They meet"},
        "data": {
            "parties": ["CA", "KR"],
            "people": [{"name": "Mark Carney", "party": "CA"}],
            "mode": "in_person",
            "formal": True,
            "level": "leader",
            "topics": ["trade", "defence"],
        },
        "sources": [{"url": "https://example.org/a"}],
    }


def test_sending_twice_is_writing_once(app: Flask, writer: FlaskClient) -> None:
    fields = previewed(writer, PATH, open_form(writer, PATH), **TYPED)
    first, second = send(writer, PATH, fields), send(writer, PATH, fields)
    assert first.headers["Location"] == second.headers["Location"]
    assert len(log(app)) == 1


def test_what_was_changed_after_saving_needs_an_action_of_its_own(app: Flask, writer: FlaskClient) -> None:
    fields = previewed(writer, PATH, open_form(writer, PATH), **TYPED)
    send(writer, PATH, fields)
    again = send(writer, PATH, {**fields, "title.en": "They met"})
    assert (again.status_code, len(log(app))) == (409, 1)
    assert filled(again).values["id"] != fields["id"]
    assert f"/en/actions/{fields['id']}" in filled(again).links


def test_nothing_is_saved_that_was_not_previewed(app: Flask, writer: FlaskClient) -> None:
    fields = previewed(writer, PATH, open_form(writer, PATH), **TYPED)
    answer = send(writer, PATH, {**fields, "occurred_on": "2025-10"})
    assert "in October 2025" in answer.text
    assert "different from the preview" in answer.text
    assert log(app) == []


def test_an_action_dated_ahead_is_shown_after_it_was_saved(writer: FlaskClient) -> None:
    fields = previewed(writer, PATH, open_form(writer, PATH), **{**TYPED, "occurred_on": "9000-01"})
    assert send(writer, PATH, fields).headers["Location"].endswith("&as_of=9000-01-01")


def test_a_form_without_its_secret_is_given_back_with_all_that_was_typed(app: Flask, writer: FlaskClient) -> None:
    fields = previewed(writer, PATH, open_form(writer, PATH), **TYPED)
    answer = send(writer, PATH, {**fields, "csrf": "stale"})
    assert (answer.status_code, log(app)) == (403, [])
    assert filled(answer).values["title.en"] == "They meet"
    assert send(writer, PATH, {**fields, "csrf": filled(answer).values["csrf"]}).status_code == 303


def test_a_form_sent_after_signing_out_is_given_back_with_all_that_was_typed(app: Flask, writer: FlaskClient) -> None:
    fields = previewed(writer, PATH, open_form(writer, PATH), **TYPED)
    send(writer, "/en/sign-out", fields)
    answer = send(writer, PATH, fields)
    assert (answer.status_code, filled(answer).values["data.parties.1"]) == (401, "Corée du Sud")
    assert log(app) == []


def test_a_bearer_token_does_not_stand_for_a_session_on_the_forms(app: Flask, client: FlaskClient) -> None:
    assert client.post(PATH, data=TYPED, headers=token(app)).status_code == 401
    assert log(app) == []


def test_errors_stand_at_their_fields_and_blank_rows_do_not_move_them(writer: FlaskClient) -> None:
    wrong = {"data.parties.1": "", "data.parties.2": "UK", "data.people.0.name": "", "sources.3.url": "nonsense"}
    wrong |= {"occurred_on": "tomorrow", "title.en": HOSTILE, "data.mode": "telex", "sources.0.url": ""}
    answer = send(writer, PATH, {**TYPED, **wrong, "csrf": open_form(writer, PATH)["csrf"]})
    form = filled(answer)
    assert answer.status_code == 422
    assert form.invalid == {"occurred_on", "data.parties.1", "data.people.0.name", "data.mode", "sources.0.url"}
    assert {"#occurred_on", "#data-parties-1", "#sources-0-url"} <= set(form.links)
    assert {link.removeprefix("#") for link in form.links if link.startswith("#")} <= form.ids
    assert (form.values["data.parties.1"], form.values["data.mode"]) == ("UK", "telex")
    assert form.values["title.en"] == HOSTILE
    assert "Write GB." in answer.text


def test_hostile_text_is_shown_as_text(writer: FlaskClient) -> None:
    hostile = {"title.en": HOSTILE, "note": HOSTILE, "data.people.0.name": HOSTILE, "data.topics": HOSTILE}
    answer = send(writer, PATH, {**open_form(writer, PATH), **TYPED, **hostile})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert answer.text.count("&lt;script&gt;alert") == 8
    assert filled(answer).values["note"] == HOSTILE


def test_a_row_is_added_without_a_script_and_what_was_typed_stays(writer: FlaskClient) -> None:
    answer = send(writer, PATH, {**open_form(writer, PATH), **TYPED, "do": "add:data.people"})
    form = filled(answer)
    assert form.values["data.people.0.name"] == "Mark Carney"
    assert form.values["data.people.1.name"] == ""
    assert "data.people.2.name" not in form.values


def test_what_may_be_there_already_is_shown_before_it_is_saved_all_the_same(app: Flask, writer: FlaskClient) -> None:
    near, far, other = written(
        app,
        builders.meeting("KR", "CA", on="2025-10-27"),
        builders.meeting("CA", "KR", on="2025-10-26"),
        builders.meeting("CA", "KR", "JP", on="2025-10-30"),
    )
    answer = send(writer, PATH, {**open_form(writer, PATH), **TYPED})
    links = filled(answer).links
    assert "Save all the same" in answer.text
    assert f"/en/actions/{near}" in links
    assert not {f"/en/actions/{far}", f"/en/actions/{other}"} & set(links)
    assert send(writer, PATH, {**filled(answer).values, "do": "save"}).status_code == 303


def test_what_came_in_since_the_preview_is_shown_first(app: Flask, writer: FlaskClient) -> None:
    fields = previewed(writer, PATH, open_form(writer, PATH), **TYPED)
    written(app, builders.meeting("CA", "KR"))
    answer = send(writer, PATH, fields)
    assert (answer.status_code, len(log(app))) == (200, 1)
    assert "may be in the record already" in answer.text


def test_every_type_has_a_form_whose_fields_have_labels(writer: FlaskClient) -> None:
    for type in ACTS:
        answer = writer.get(f"/en/write/{type}", headers=HTML)
        fields = [name for name in filled(answer).values if name not in ("csrf", "id", "made")]
        assert answer.status_code == 200
        assert answer.text.count("<label for=") == len(fields)
        assert {name.split(".")[1] for name in fields if name.startswith("data.")} == set(TYPES[type].fields)


@pytest.mark.parametrize(("type", "event"), list(builders.payloads()))
def test_a_form_filled_from_an_act_means_that_act_again(type: str, event: dict[str, Any]) -> None:
    if kind_of(type).family == "record":
        return
    content = {name: event[name] for name in ("occurred_on", "title", "data", "sources", "note") if name in event}
    typed = composing.read(type, composing.spread(composing.fill(type, content)))
    assert composing.event(type, typed) == {"type": type, **content}


def test_every_name_of_a_party_that_a_form_shows_means_that_party(app: Flask) -> None:
    with app.test_request_context():
        assert [code for code in parties.codes() if composing.code_of(composing.name_of(code)) != code] == []
    assert [composing.code_of(text) for text in ("Japan", "japon", " jp ", "EU", "Nowhere")] == [
        "JP",
        "JP",
        "JP",
        "EU",
        "Nowhere",
    ]


def test_a_first_act_gets_a_stream_and_the_next_one_continues_it(app: Flask, writer: FlaskClient) -> None:
    path = "/en/write/partnership.established"
    typed = {"occurred_on": "2025-06", "title.en": "A partnership", "data.name": "Ties", "data.parties.1": "Japan"}
    send(writer, path, previewed(writer, path, open_form(writer, path), **typed))
    (event,) = log(app)
    assert event.stream == "partnership:ca-jp-2025"
    path = "/en/write/partnership.suspended"
    fields = open_form(writer, f"{path}?stream={event.stream}")
    assert fields["data.name"] == "Ties"
    later = {"occurred_on": "2025-08", "title.en": "It is suspended"}
    assert send(writer, path, previewed(writer, path, fields, **later)).status_code == 303
    assert log(app)[1].stream == event.stream


def test_two_writers_at_once_never_write_into_one_new_stream(app: Flask, writer: FlaskClient) -> None:
    path = "/en/write/partnership.established"
    ties = {"occurred_on": "2025-02-01", "title.en": "Ties", "data.name": "Ties", "data.parties.1": "Japan"}
    first = previewed(writer, path, open_form(writer, path), **ties)
    second = previewed(writer, path, open_form(writer, path), **{**ties, "occurred_on": "2025-09-01"})
    assert (first["stream"], second["stream"]) == ("partnership:ca-jp-2025", "partnership:ca-jp-2025")
    assert send(writer, path, first).status_code == 303
    shown = send(writer, path, second)
    assert shown.status_code == 200
    assert send(writer, path, filled(shown).values | {"do": "save"}).status_code == 303
    assert [event.stream for event in log(app)] == ["partnership:ca-jp-2025", "partnership:ca-jp-2025-2"]


def test_a_form_without_end_is_refused_before_it_is_read(app: Flask, client: FlaskClient) -> None:
    for path, size in (("/en/sign-in", 20_000), ("/en/write/meeting.held", 600_000), ("/en/import", 600_000)):
        answer = client.post(path, data=b"a&" * (size // 2), content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 413, path


def test_what_no_longer_holds_is_cleared_by_a_later_act(app: Flask, writer: FlaskClient) -> None:
    typed = {"scope": ["defence"], "form": "dialogue"}
    written(app, builders.act("partnership.established", "partnership:a", "2025-01-01", data=typed))
    path = "/en/write/partnership.upgraded"
    fields = open_form(writer, f"{path}?stream=partnership:a")
    more = {"occurred_on": "2025-03-01", "title.en": "Upgraded", "clear.scope": "1"}
    ready = previewed(writer, path, fields, **more)
    assert send(writer, path, {**ready, "clear.scope": "1"}).status_code == 303
    assert log(app)[1].content.data == {"name": "A partnership", "scope": None}


def test_an_impossible_sequence_is_told_in_full_with_the_acts_in_conflict(app: Flask, writer: FlaskClient) -> None:
    established, suspended = written(
        app,
        builders.act("partnership.established", "partnership:a", "2025-01-01"),
        builders.act("partnership.suspended", "partnership:a", "2025-02-01"),
    )
    path = "/en/write/partnership.suspended"
    fields = open_form(writer, f"{path}?stream=partnership:a")
    answer = send(writer, path, {**fields, "occurred_on": "2025-03-01", "title.en": "Again"})
    assert answer.status_code == 422
    assert "suspended while it was suspended already" in answer.text
    assert {f"/en/actions/{established}", f"/en/actions/{suspended}"} <= set(filled(answer).links)
    assert f"/en/actions/{fields['id']}" not in filled(answer).links


def test_a_date_is_read_in_words_or_told_what_is_wrong(client: FlaskClient) -> None:
    assert client.get("/en/date?text=2025-10~").json == {"words": "about October 2025"}
    assert "30" in client.get("/en/date?text=2025-02-30").json["fault"]


def test_there_is_no_form_for_what_is_no_type(writer: FlaskClient) -> None:
    assert writer.get("/en/write/meeting.lost").status_code == 404
    assert writer.get("/en/write/record.corrected").status_code == 404


def test_the_action_page_offers_changes_to_editors_alone(app: Flask, writer: FlaskClient) -> None:
    (id,) = written(app, builders.act("partnership.established", "partnership:a", "2025-01-01"))
    path = f"/en/actions/{id}"
    offered = {f"{path}/correct", f"{path}/retract", "/en/write?stream=partnership%3Aa"}
    assert offered <= set(filled(writer.get(path, headers=HTML)).links)
    for other in (app.test_client(), signed_in(app, "reader")):
        assert not offered & set(filled(other.get(path, headers=HTML)).links)


class TestCorrecting:
    """The form of an act that stands."""

    @pytest.fixture
    def path(self, app: Flask, writer: FlaskClient) -> str:
        people = [{"name": "Mark Carney", "party": "CA", "role": "Prime Minister"}]
        place = {"name": "Gyeongju", "party": "KR"}
        (id,) = written(app, builders.meeting(note="A note", data={"people": people, "place": place}))
        return f"/en/actions/{id}/correct"

    def test_only_what_was_changed_is_sent(self, app: Flask, writer: FlaskClient, path: str) -> None:
        changes = {"title.en": "They met", "note": "", "data.place.party": "", "reason": "The readout", "cosmetic": "1"}
        answer = send(writer, path, previewed(writer, path, open_form(writer, path), **changes) | {"cosmetic": "1"})
        assert answer.headers["Location"] == f"{path.removesuffix('/correct')}?min_position=2"
        data = log(app)[1].content.data
        assert data["changes"] == {"title": {"en": "They met"}, "note": None, "data": {"place": {"party": None}}}
        assert (data["reason"], data["cosmetic"]) == ("The readout", True)

    def test_it_needs_a_reason_and_a_change(self, app: Flask, writer: FlaskClient, path: str) -> None:
        fields = open_form(writer, path)
        assert filled(send(writer, path, {**fields, "title.en": "They met"})).invalid == {"reason"}
        assert "Nothing is changed yet." in send(writer, path, {**fields, "reason": "why"}).text
        assert len(log(app)) == 1

    def test_errors_stand_at_their_fields(self, writer: FlaskClient, path: str) -> None:
        wrong = {"occurred_on": "2025-13", "data.parties.1": "UK", "reason": "why"}
        answer = send(writer, path, {**open_form(writer, path), **wrong})
        assert (answer.status_code, filled(answer).invalid) == (422, {"occurred_on", "data.parties.1"})

    def test_who_was_slower_sees_both_versions_and_chooses(self, app: Flask, writer: FlaskClient, path: str) -> None:
        mine, theirs = open_form(writer, path), open_form(writer, path)
        other = {"title.en": "Theirs", "data.occasion": "APEC", "reason": "theirs"}
        send(writer, path, previewed(writer, path, theirs, **other))
        answer = send(writer, path, {**mine, "title.en": "Mine", "note": "My note", "reason": "mine"})
        assert answer.status_code == 412
        assert all(words in answer.text for words in ("Theirs", "Mine", "My note", "APEC", "changed by both"))
        form = filled(answer).values
        assert (form["take.title.en"], form["take.note"], form["take.data.occasion"]) == ("theirs", "mine", "theirs")
        settled = send(writer, path, {**form, "take.title.en": "mine", "do": "settle"})
        assert send(writer, path, {**filled(settled).values, "do": "save"}).status_code == 303
        last = log(app)[-1].content.data
        assert (last["changes"], last["reason"]) == ({"title": {"en": "Mine"}, "note": "My note"}, "mine")

    def test_a_change_of_another_act_in_the_stream_is_no_conflict(self, app: Flask, writer: FlaskClient) -> None:
        (id,) = written(app, builders.act("partnership.established", "partnership:a", "2025-01-01"))
        path = f"/en/actions/{id}/correct"
        fields = previewed(writer, path, open_form(writer, path), **{"data.name": "Ties", "reason": "why"})
        written(app, builders.act("partnership.renewed", "partnership:a", "2025-02-01"))
        assert send(writer, path, fields).status_code == 303

    def test_without_the_forms_secret_nothing_is_corrected(self, app: Flask, writer: FlaskClient, path: str) -> None:
        fields = previewed(writer, path, open_form(writer, path), **{"title.en": "They met", "reason": "why"})
        answer = send(writer, path, {**fields, "csrf": ""})
        assert (answer.status_code, filled(answer).values["reason"], len(log(app))) == (403, "why", 1)

    def test_hostile_text_is_shown_as_text(self, writer: FlaskClient, path: str) -> None:
        answer = send(writer, path, {**open_form(writer, path), "title.en": HOSTILE, "reason": HOSTILE})
        assert "<script>alert" not in answer.text
        assert html.escape(HOSTILE, quote=False).partition(">")[2][:10] in answer.text


def test_retracting_and_reinstating_take_a_reason(app: Flask, writer: FlaskClient) -> None:
    first, second = written(app, builders.meeting(), builders.meeting(on="2025-10-31"))
    path = f"/en/actions/{second}/retract"
    fields = open_form(writer, path)
    assert filled(send(writer, path, fields)).invalid == {"reason"}
    answer = send(
        writer, path, {**fields, "reason": "twice", "duplicate_of": f"http://localhost/en/actions/{first}?a=b"}
    )
    assert answer.status_code == 303
    assert log(app)[2].content.data == {"event": second, "reason": "twice", "duplicate_of": first}
    again = f"/en/actions/{second}/reinstate"
    assert send(writer, again, {**open_form(writer, again), "reason": "not so"}).status_code == 303
    assert log(app)[3].type == "record.reinstated"


def test_what_changed_since_is_looked_at_before_it_is_retracted(app: Flask, writer: FlaskClient) -> None:
    (id,) = written(app, builders.meeting())
    path = f"/en/actions/{id}/retract"
    fields = open_form(writer, path)
    written(app, builders.corrected(id, {"title": {"en": "They met"}}))
    answer = send(writer, path, {**fields, "reason": "wrong"})
    assert (answer.status_code, filled(answer).values["reason"]) == (412, "wrong")
    assert send(writer, path, filled(answer).values).status_code == 303


@pytest.mark.parametrize(
    ("old", "new", "patch"),
    [
        ({"a": 1}, {"a": 1}, {}),
        ({"a": 1}, {}, {"a": None}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}, {"a": {"c": None}}),
        ({"a": [1, 2]}, {"a": [2]}, {"a": [2]}),
        ({}, {"a": {"b": 1}}, {"a": {"b": 1}}),
    ],
)
def test_a_patch_says_what_differs_and_nothing_else(old: Any, new: Any, patch: Any) -> None:
    assert merge_patch(old, new) == patch


def test_an_edition_is_written_down_with_its_pinned_address(app: Flask, writer: FlaskClient) -> None:
    path = "/en/write/edition.published"
    address = "/en/tallies?as_of=2025-11-05&at_position=0"
    fields = open_form(writer, f"{path}?data.url={address.replace('&', '%26')}")
    assert fields["data.url"] == address
    answer = send(writer, path, previewed(writer, path, fields, **{"data.name": "Asia Watch, November"}))
    assert answer.headers["Location"] == "/en/editions?min_position=1"
    assert log(app)[0].stream == "edition:asia-watch-november"
