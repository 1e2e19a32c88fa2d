"""What holds for every call: methods, media types, other origins, errors, health, the views' state, the description."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from openapi_spec_validator import OpenAPIV31SpecValidator

from events.database import connect
from projections import checkpoints
from projections.registry import BY_NAME
from service import problems
from service.app import create_app
from service.settings import Settings
from tests import builders
from tests.conftest import Databases, token
from tests.test_bad_input import problem

MEETING = "01968f0e-0000-7000-8000-000000000001"
READS = ["events", "events/live", f"events/{MEETING}", "streams/meeting:m", "timeline", f"actions/{MEETING}", "tallies"]
READS += ["tallies/series", "partnerships", "diff", "parties", "parties/CA", "people", "editions", "projections"]


@pytest.fixture(scope="module")
def shared(databases: Databases) -> Iterator[Flask]:
    """An application with one meeting that no test of this file changes."""
    app = create_app(Settings(database_url=databases.new(), home="CA"))
    database = app.extensions["depositary"].database
    builders.append(database, builders.meeting(id=MEETING, stream="meeting:m"))
    builders.catch_up(database)
    yield app
    app.extensions["depositary"].close()


# Methods and addresses


def test_another_method_is_refused_and_those_allowed_are_listed(shared: Flask) -> None:
    rules = [rule for rule in shared.url_map.iter_rules() if rule.rule.startswith("/api/v1/")]
    methods: dict[str, set[str]] = {}
    for rule in rules:
        path = rule.rule.replace("<id>", MEETING).replace("<stream>", "meeting:m").replace("<code>", "CA")
        methods.setdefault(path.replace("<name>", "tallies"), set()).update(rule.methods or ())
    assert len(methods) == 16
    for path, allowed in methods.items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - allowed:
            response = shared.test_client().open(path, method=method, headers=token(shared, "admin"))
            problem(response, 405, None, "method-not-allowed")
            assert set(response.headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize(
    "path", ["", "/", "/nothing", "/events/", "//events", "/timeline/", "/tallies/none", "/Events"]
)
def test_an_address_that_does_not_exist_is_not_found(shared: Flask, path: str) -> None:
    problem(shared.test_client().get(f"/api/v1{path}"), 404, None, "not-found")


@pytest.mark.parametrize(
    "path", [f"events/{MEETING[:-1]}2", f"actions/{MEETING[:-1]}2", "streams/meeting:n", "parties/ZZ"]
)
def test_a_thing_that_does_not_exist_is_not_found(shared: Flask, path: str) -> None:
    problem(shared.test_client().get(f"/api/v1/{path}"), 404, None, "not-found")


def test_an_action_is_not_found_before_it_was_known_or_had_begun(shared: Flask) -> None:
    client = shared.test_client()
    problem(client.get(f"/api/v1/actions/{MEETING}?at_position=0"), 404, None, "not-found")
    problem(client.get(f"/api/v1/actions/{MEETING}?as_of=2025-10-29"), 404, None, "not-found")
    assert client.get(f"/api/v1/actions/{MEETING}?as_of=2025-10-30").status_code == 200


@pytest.mark.parametrize("name", problems.PROBLEMS)
def test_every_problem_has_a_status_a_title_and_words(name: str) -> None:
    one = problems.PROBLEMS[name]
    assert 400 <= one.status <= 503
    assert one.title
    assert one.about.endswith(".")


def test_a_fault_of_ours_is_no_stack_trace(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(Settings(database_url=databases.new(), home="CA"))

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("the inside")

    monkeypatch.setattr("service.api.events.store.read", fail)
    response = app.test_client().get("/api/v1/events")
    problem(response, 500, None, "internal")
    assert "inside" not in response.text
    assert "Traceback" not in response.text
    app.extensions["depositary"].close()


# Media types


@pytest.mark.parametrize(
    "accept", ["application/xml", "text/html", "image/png, audio/*;q=0.5", "application/json;q=0", "text/csv"]
)
@pytest.mark.parametrize("path", READS)
def test_what_cannot_be_answered_in_an_accepted_media_type_is_refused(shared: Flask, path: str, accept: str) -> None:
    response = shared.test_client().get(f"/api/v1/{path}", headers={"Accept": accept})
    response.close()
    problem(response, 406, None, "not-acceptable")


@pytest.mark.parametrize("path", [path for path in READS if path not in ("events", "events/live")])
@pytest.mark.parametrize("accept", ["text/event-stream", "application/x-ndjson"])
def test_lines_and_live_events_come_only_from_the_log(shared: Flask, path: str, accept: str) -> None:
    problem(shared.test_client().get(f"/api/v1/{path}", headers={"Accept": accept}), 406, None, "not-acceptable")


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "application/*",
        "application/json",
        "text/html, */*;q=0.1",
        "application/json;q=0.1",
        "application/json; charset=utf-8",
        "text/html, application/json; v=1;q=0.2",
    ],
)
def test_json_is_given_to_whoever_accepts_it(shared: Flask, accept: str) -> None:
    response = shared.test_client().get("/api/v1/timeline", headers={"Accept": accept} if accept else {})
    assert (response.status_code, response.mimetype) == (200, "application/json")


def test_an_error_is_a_problem_document_whatever_is_accepted(shared: Flask) -> None:
    client = shared.test_client()
    problem(client.get("/api/v1/nothing", headers={"Accept": "text/html"}), 404, None, "not-found")
    problem(client.post("/api/v1/timeline", headers={"Accept": "text/html"}), 405, None, "method-not-allowed")
    problem(client.get("/api/v1/timeline", headers={"Accept": "text/html"}), 406, None, "not-acceptable")


@pytest.mark.parametrize("path", ["/api/v1/timeline", "/en/tallies"])
def test_where_reading_needs_a_token_caches_are_told_so(databases: Databases, path: str) -> None:
    app = create_app(Settings(database_url=databases.new(), home="CA", public_read=False))
    assert "Authorization" in app.test_client().get(path).vary
    app.extensions["depositary"].close()


# Other origins


@pytest.mark.parametrize("path", READS)
def test_public_reads_allow_any_origin(shared: Flask, path: str) -> None:
    response = shared.test_client().get(f"/api/v1/{path}", headers={"Origin": "https://example.org"})
    response.close()
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "ETag" in response.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in response.headers


def test_errors_are_seen_from_other_origins_too(shared: Flask) -> None:
    for path in ("nothing", "timeline?colour=red", "events/none"):
        response = shared.test_client().get(f"/api/v1/{path}", headers={"Origin": "https://example.org"})
        assert response.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("path", READS)
def test_a_preflight_allows_reading_and_no_more(shared: Flask, path: str) -> None:
    asked = {"Origin": "https://example.org", "Access-Control-Request-Method": "GET"}
    response = shared.test_client().options(f"/api/v1/{path}", headers=asked)
    assert response.status_code in (200, 204)
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert set(response.headers["Access-Control-Allow-Methods"].split(", ")) == {"GET", "HEAD"}
    assert "If-None-Match" in response.headers["Access-Control-Allow-Headers"]


def test_writing_is_not_open_to_other_origins(shared: Flask) -> None:
    response = shared.test_client().post("/api/v1/events", headers={"Origin": "https://example.org"})
    assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.parametrize("path", ["/api/v1/timeline", "/api/v1/nothing", "/healthz", "/readyz"])
def test_every_answer_keeps_browsers_from_guessing(shared: Flask, path: str) -> None:
    assert shared.test_client().get(path).headers["X-Content-Type-Options"] == "nosniff"


# Health and the state of the views


def test_a_service_that_is_well_says_so_part_by_part(shared: Flask) -> None:
    client = shared.test_client()
    health = client.get("/healthz")
    assert (health.status_code, health.json["status"]) == (200, "ok")
    ready = client.get("/readyz")
    assert ready.status_code == 200
    parts = ready.json["parts"]
    assert {"database", "schema", "worker", *(f"projection:{name}" for name in BY_NAME)} <= set(parts)
    assert parts["database"]["position"] == 1
    assert parts["worker"]["reason"]


def test_without_its_database_a_service_is_not_ready(databases: Databases) -> None:
    app = create_app(Settings(database_url=databases.new()))
    here = app.extensions["depositary"]
    app.extensions["depositary"] = replace(here, database=connect("sqlite:////nowhere/at/all.db"))
    for path in ("/healthz", "/readyz"):
        response = app.test_client().get(path)
        assert (response.status_code, response.json["status"]) == (503, "unavailable")
        assert response.json["parts"]["database"]["reason"]
    here.close()


def test_while_the_database_is_away_everything_says_so(databases: Databases) -> None:
    if databases.engine == "sqlite":
        return
    app = create_app(Settings(database_url=databases.new(), home="CA"))
    editor = token(app)
    client, gone = app.test_client(), databases.made[-1]
    databases._run(f"DROP DATABASE {gone} WITH (FORCE)")
    for path in ("timeline", "tallies", "events?limit=1", "events/live"):
        response = client.get(f"/api/v1/{path}")
        problem(response, 503, None, "unavailable")
        assert response.headers["Retry-After"]
    problem(client.post("/api/v1/events", json=builders.meeting(), headers=editor), 503, None, "unavailable")
    assert client.get("/en/", headers={"Accept": "text/html"}).status_code == 503
    for path in ("/healthz", "/readyz"):
        assert (client.get(path).status_code, client.get(path).json["status"]) == (503, "unavailable")
    app.extensions["depositary"].close()


def test_the_views_say_how_far_they_have_come(app: Flask) -> None:
    database = app.extensions["depositary"].database
    builders.append(database, builders.meeting(), builders.meeting())
    builders.catch_up(database)
    builders.append(database, builders.meeting())
    rows = app.test_client().get("/api/v1/projections").json
    assert {row["name"] for row in rows} == set(BY_NAME)
    for row in rows:
        assert {"name", "position", "head", "lag", "version", "status", "updated_at"} <= set(row)
        assert (row["position"], row["head"], row["lag"], row["status"]) == (2, 3, 1, "live")


@pytest.mark.parametrize(("role", "status"), [("reader", 403), ("editor", 403), ("admin", 202), (None, 401)])
def test_only_an_admin_has_a_view_built_anew(app: Flask, role: str | None, status: int) -> None:
    builders.catch_up(app.extensions["depositary"].database)
    headers = token(app, role) if role else {}
    assert app.test_client().post("/api/v1/projections/tallies/rebuild", headers=headers).status_code == status


def test_a_view_that_does_not_exist_is_not_built(app: Flask, admin: dict[str, str]) -> None:
    response = app.test_client().post("/api/v1/projections/none/rebuild", headers=admin)
    problem(response, 404, None, "not-found")


def test_readers_keep_the_old_view_until_the_new_one_is_whole(app: Flask, admin: dict[str, str]) -> None:
    database, client = app.extensions["depositary"].database, app.test_client()
    builders.append(database, builders.meeting(), builders.meeting())
    builders.catch_up(database)
    before = client.get("/api/v1/tallies").data
    first = client.post("/api/v1/projections/tallies/rebuild", headers=admin)
    again = client.post("/api/v1/projections/tallies/rebuild", headers=admin)
    assert (first.status_code, again.status_code, first.json) == (202, 202, again.json)
    (row,) = (row for row in client.get("/api/v1/projections").json if row["name"] == "tallies")
    assert (row["status"], row["position"], row["rebuilding"]["position"]) == ("live", 2, 0)
    assert client.get("/api/v1/tallies").data == before
    builders.catch_up(database)
    (row,) = (row for row in client.get("/api/v1/projections").json if row["name"] == "tallies")
    assert (row["status"], row["position"], "rebuilding" in row) == ("live", 2, False)
    assert client.get("/api/v1/tallies").data == before


def test_a_stopped_view_fails_only_those_who_read_it(app: Flask) -> None:
    database, client = app.extensions["depositary"].database, app.test_client()
    builders.append(database, builders.meeting(id=MEETING))
    runner = builders.runner(database)
    runner.catch_up()
    with database.write() as connection:
        live = checkpoints.live(connection, BY_NAME["tallies"])
        assert runner.lease
        checkpoints.stop(connection, live, "event x cannot be folded", runner.lease, 0)
    for path in ("tallies", "tallies/series", "parties/CA", "diff?of=CA"):
        response = client.get(f"/api/v1/{path}")
        body = problem(response, 503, None, "projection-stopped")
        assert body["projection"] == "tallies"
        assert "Retry-After" in response.headers
    for path in ("timeline", f"actions/{MEETING}", "partnerships", "parties", "people", "diff", "events", "editions"):
        assert client.get(f"/api/v1/{path}").status_code == 200
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json["status"]) == (200, "degraded")
    assert "event x" in ready.json["parts"]["projection:tallies"]["reason"]
    assert client.get("/healthz").json["status"] == "ok"


# The description

ROUTES = {
    ("post", "/api/v1/events"),
    ("get", "/api/v1/events"),
    ("get", "/api/v1/events/{id}"),
    ("get", "/api/v1/streams/{stream}"),
    ("get", "/api/v1/events/live"),
    ("get", "/api/v1/timeline"),
    ("get", "/api/v1/actions/{id}"),
    ("get", "/api/v1/tallies"),
    ("get", "/api/v1/tallies/series"),
    ("get", "/api/v1/partnerships"),
    ("get", "/api/v1/diff"),
    ("get", "/api/v1/parties"),
    ("get", "/api/v1/parties/{code}"),
    ("get", "/api/v1/people"),
    ("get", "/api/v1/editions"),
    ("get", "/api/v1/projections"),
    ("post", "/api/v1/projections/{name}/rebuild"),
}


@pytest.fixture(scope="module")
def description(shared: Flask) -> dict[str, Any]:
    response = shared.test_client().get("/api/openapi.json")
    assert (response.status_code, response.mimetype) == (200, "application/json")
    return dict(json.loads(response.data))


def calls(description: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in description["paths"].items():
        for method in ("get", "post", "put", "patch", "delete"):
            if method in item:
                yield method, path, item[method]


def test_the_description_is_openapi_3_1(description: dict[str, Any]) -> None:
    assert description["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(description).iter_errors()) == []


def test_the_description_names_every_call_with_a_sentence(description: dict[str, Any]) -> None:
    found = list(calls(description))
    assert {(method, path) for method, path, _ in found} == ROUTES
    for method, path, call in found:
        assert call["summary"].endswith("."), (method, path)


def test_the_description_names_the_parameters_and_errors_of_a_view(description: dict[str, Any]) -> None:
    timeline = description["paths"]["/api/v1/timeline"]["get"]
    names = {parameter["name"] for parameter in timeline["parameters"]}
    assert {"as_of", "known_at", "at_position", "party", "between", "q", "limit", "cursor", "facets", "wait"} <= names
    assert {"200", "401", "406", "422", "503"} <= set(timeline["responses"])
    assert "application/problem+json" in timeline["responses"]["422"]["content"]


def test_the_description_says_what_an_event_is(description: dict[str, Any]) -> None:
    content = description["paths"]["/api/v1/events"]["post"]["requestBody"]["content"]
    schema = content["application/json"]["schema"]
    shown = description["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    assert {"id", "type", "stream", "expected_version", "occurred_on", "title", "data"} <= set(shown["properties"])
    assert set(shown["required"]) == {"type", "data"}


@pytest.mark.parametrize("path", ["timeline", "partnerships", "tallies"])
def test_a_parameter_repeated_without_end_is_refused(app: Flask, path: str) -> None:
    answer = app.test_client().get(f"/api/v1/{path}?" + "&".join(["party=CA"] * 1500))
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/party"
