"""What a running service says of itself: figures for Prometheus, timings and an id on each answer, lines in its log."""

from __future__ import annotations

import io
import json
import logging
import re
from functools import cache
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client.parser import text_string_to_metric_families

from events.database import connect
from service import logs
from service.app import create_app
from service.loop import Loop
from service.metrics import Metrics
from service.observing import request_id
from service.settings import Settings
from tests import builders
from tests.processes import served

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@cache
def spans() -> InMemorySpanExporter:
    """Where the spans of this process go; that can be set only once."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return exporter


def figures(client: FlaskClient) -> Samples:
    """All samples of /metrics by name and labels."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.mimetype == "text/plain"
    families = text_string_to_metric_families(answer.text)
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def figure(client: FlaskClient, name: str, **labels: str) -> float:
    return figures(client).get((name, frozenset(labels.items())), 0)


def test_the_log_and_the_lag_of_each_view_are_told(app: Flask, client: FlaskClient) -> None:
    builders.catch_up(app.extensions["depositary"].database)
    builders.append(app.extensions["depositary"].database, builders.meeting(), builders.meeting())
    found = figures(client)
    assert found["depositary_database_up", frozenset()] == 1
    assert found["depositary_log_position", frozenset()] == 2
    for view in ("timeline", "tallies", "partnerships"):
        labels = frozenset({("projection", view)})
        assert found["depositary_projection_lag_events", labels] == 2
        assert found["depositary_projection_position", labels] == 0
        assert found["depositary_projection_stopped", labels] == 0


def test_who_leads_is_told(app: Flask, client: FlaskClient) -> None:
    made = builders.runner(app.extensions["depositary"].database)
    leases = {key: value for key, value in figures(client).items() if key[0] == "depositary_lease_seconds"}
    made.resign()
    assert [dict(labels)["holder"] for _, labels in leases] == ["test"]
    assert all(0 < seconds <= 60 for seconds in leases.values())


def test_appends_are_counted_by_transaction(client: FlaskClient, editor: dict[str, str]) -> None:
    client.post("/api/v1/events", json=builders.meeting(), headers=editor)
    client.post("/api/v1/events", json={"events": [builders.meeting(), builders.meeting()]}, headers=editor)
    found = figures(client)
    assert found["depositary_append_seconds_count", frozenset()] == 2
    assert found["depositary_append_events_sum", frozenset()] == 3
    assert found["depositary_append_queue", frozenset()] == 0


def test_requests_are_counted_by_route_and_not_by_address(client: FlaskClient) -> None:
    for _ in range(3):
        client.get("/api/v1/events/01968f0e-0000-7000-8000-000000000000")
    labels = {"method": "GET", "route": "/api/v1/events/<id>", "status": "404"}
    assert figure(client, "depositary_http_request_seconds_count", **labels) == 3
    client.get("/nowhere/at/all")
    nowhere = {"method": "GET", "route": "none", "status": "404"}
    assert figure(client, "depositary_http_request_seconds_count", **nowhere) == 1


def test_an_open_stream_is_counted_until_it_is_closed(client: FlaskClient) -> None:
    answer = client.get("/api/v1/events/live")
    next(answer.response)  # type: ignore[arg-type]
    assert figure(client, "depositary_live_streams") == 1
    answer.close()
    assert figure(client, "depositary_live_streams") == 0


@pytest.mark.parametrize("path", ["/en/", "/api/v1/timeline", "/healthz", "/static/style.css", "/nowhere", "/metrics"])
def test_every_answer_says_how_long_it_took(client: FlaskClient, path: str) -> None:
    timing = client.get(path).headers["Server-Timing"]
    found = re.fullmatch(r"db;dur=([0-9.]+), total;dur=([0-9.]+)", timing)
    assert found
    assert float(found[1]) <= float(found[2])


def test_a_request_keeps_the_id_it_came_with_and_is_given_one_otherwise(client: FlaskClient) -> None:
    given = client.get("/healthz", headers={"X-Request-Id": "edge-1.2_3"})
    assert given.headers["X-Request-Id"] == "edge-1.2_3"
    for bad in ("a b", "x" * 65, "é", ""):
        made = client.get("/healthz", headers={"X-Request-Id": bad}).headers["X-Request-Id"]
        assert re.fullmatch("[0-9a-f]{16}", made)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Where log lines go, as JSON."""
    stream, root = io.StringIO(), logging.getLogger()
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)
    logs.configure("DEBUG", "json")
    return stream


def test_a_line_of_the_log_is_one_object_with_the_request_it_belongs_to(
    client: FlaskClient, written: io.StringIO
) -> None:
    client.get("/api/v1/timeline?limit=0", headers={"X-Request-Id": "abc"})
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    (line,) = (line for line in lines if line["logger"] == "depositary.http")
    assert {name: line[name] for name in ("request", "status", "path", "level")} == {
        "request": "abc",
        "status": 422,
        "path": "/api/v1/timeline",
        "level": "DEBUG",
    }


def test_an_error_stands_in_its_line(written: io.StringIO) -> None:
    request_id.set("xyz")
    try:
        raise ZeroDivisionError
    except ZeroDivisionError:
        logging.getLogger("depositary").exception("it failed")
    line = json.loads(written.getvalue().splitlines()[-1])
    assert (line["request"], line["message"]) == ("xyz", "it failed")
    assert "ZeroDivisionError" in line["error"]


def test_a_database_that_is_away_is_a_figure_and_no_error(tmp_path: Path) -> None:
    away = connect(f"sqlite:///{tmp_path}/none/there.db")
    text = Metrics(away).text().decode()
    assert "depositary_database_up 0.0" in text
    assert "depositary_log_position" not in text


def test_spans_are_made_where_opentelemetry_is_told_where_to_send_them(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "depositary")
    exporter = spans()
    exporter.clear()
    made = create_app(Settings(database_url=url, home="CA"))
    made.test_client().get("/api/v1/events")
    assert not Loop(made)._short
    made.extensions["depositary"].close()
    assert [span.name for span in exporter.get_finished_spans()] == ["GET /api/v1/events"]


def test_every_line_of_the_processes_is_an_object_where_that_is_asked_for(url: str) -> None:
    with served(url, DEPOSITARY_LOG_FORMAT="json") as (base, process):
        lines = [json.loads(line) for line in process.text().splitlines()]
    assert f"Listening at: {base}" in [line["message"] for line in lines]
    assert all({"time", "level", "logger", "request"} <= set(line) for line in lines)
