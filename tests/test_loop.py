"""A real server answers what the application answers, however it is sent; and it waits for nobody for ever."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from flask import Flask

from service import loop as loops
from service.app import create_app
from service.loop import Loop
from service.settings import Settings
from tests import builders
from tests.conftest import Databases, token
from tests.processes import run, served
from tests.test_appending import OWN, SENT

Server = tuple[httpx.Client, dict[str, str]]
OF_THE_SERVER = ("date", "server", "content-length", "transfer-encoding", "connection")


@pytest.fixture(scope="module")
def running(databases: Databases) -> Iterator[tuple[str, dict[str, str]]]:
    """The address of a server, whose web process lives until the end, and the token of an editor."""
    url = databases.new()
    secret = run(url, "token", "create", "e", "--role", "editor").stdout.strip()
    with served(url) as (base, process):
        yield base, {"Authorization": f"Bearer {secret}"}
        assert process.text().count("Spawning worker") == 1, process.text()


@pytest.fixture
def server(running: tuple[str, dict[str, str]]) -> Iterator[Server]:
    """A client of the server with connections of its own, and the token."""
    base, editor = running
    with httpx.Client(base_url=base, timeout=30) as client:
        yield client, editor


def connection(client: httpx.Client) -> socket.socket:
    return socket.create_connection((client.base_url.host, client.base_url.port), timeout=10)


def told(status: int, content: bytes, headers: list[tuple[str, str]]) -> tuple[int, Any, list[tuple[str, str]]]:
    """An answer, without what differs from one request to the next."""
    body = json.loads(content)
    for event in body.get("events", ()):
        event.pop("recorded_at")
    left_out = (*(name.lower() for name in OWN), *OF_THE_SERVER)
    kept = sorted((name.lower(), value) for name, value in headers if name.lower() not in left_out)
    return status, body, kept


def test_what_is_sent_to_a_server_is_answered_as_by_the_application(databases: Databases) -> None:
    url, plain = databases.new(), create_app(Settings(database_url=databases.new(), home="CA"))
    own, client = token(plain), plain.test_client()
    secret = run(url, "token", "create", "e", "--role", "editor").stdout.strip()
    with served(url) as (base, _):
        for name, sent, headers in SENT:
            body = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
            json_type = {"Content-Type": "application/json", "Accept": "*/*"}
            given = {**json_type, "Authorization": f"Bearer {secret}", **headers}
            found = httpx.post(f"{base}/api/v1/events", content=body, headers=given)
            wanted = client.post("/api/v1/events", data=body, headers={**json_type, **own, **headers})
            listed = [(key, value.replace(base, "http://localhost")) for key, value in found.headers.multi_items()]
            answers = (
                told(found.status_code, found.content, listed),
                told(wanted.status_code, wanted.data, list(wanted.headers)),
            )
            assert answers[0] == answers[1], name
    plain.extensions["depositary"].close()


def test_all_that_many_send_at_once_gets_a_position_of_its_own(server: Server) -> None:
    client, editor = server

    def send(n: int) -> tuple[int, int]:
        event = builders.meeting() if n % 10 else {**builders.meeting(), "occurred_on": "never"}
        answer = client.post("/api/v1/events", json=event, headers=editor)
        return answer.status_code, answer.json()["events"][0]["position"] if answer.status_code == 201 else -n

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(send, range(200)))
    assert [status for status, _ in answers] == [201 if n % 10 else 422 for n in range(200)]
    assert len({position for _, position in answers}) == 200


def test_large_bodies_are_read_as_they_come(server: Server) -> None:
    client, editor = server
    lines = [json.dumps({**builders.meeting(), "note": "x" * 500}).encode() + b"\n" for _ in range(500)]
    headers = {**editor, "Content-Type": "application/x-ndjson"}
    whole = client.post("/api/v1/events", content=b"".join(lines), headers=headers)
    chunked = client.post("/api/v1/events", content=iter(lines), headers=headers)
    assert (whole.status_code, chunked.status_code) == (201, 201), whole.text[:300]
    assert len(chunked.json()["events"]) == 500
    assert chunked.request.headers["Transfer-Encoding"] == "chunked"
    small = client.post("/api/v1/events", content=iter(lines[:1]), headers=headers)
    assert small.status_code == 201
    too_large = client.post("/api/v1/events", content=(b" " * 1_000_000 for _ in range(70)), headers=headers)
    assert too_large.status_code == 413
    assert too_large.headers["Connection"] == "close"
    assert not any("Connection" in answer.headers for answer in (whole, chunked, small))
    assert client.get("/healthz").status_code == 200


def test_answers_without_a_body_have_none_and_large_ones_come_whole(server: Server) -> None:
    client, editor = server
    for _ in range(3):
        event = {**builders.meeting(), "note": "é" * 2000}
        client.post("/api/v1/events", json={"events": [event] * 1 + [event] * 299}, headers=editor)
    page = client.get("/api/v1/events?limit=500&at_position=5")
    head = client.head("/api/v1/events?limit=500&at_position=5")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == str(len(page.content))
    unchanged = client.get("/api/v1/events?limit=500&at_position=5", headers={"If-None-Match": page.headers["ETag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert client.get("/api/v1/events?limit=500&at_position=5").content == page.content
    lines = client.get("/api/v1/events", headers={"Accept": "application/x-ndjson"})
    assert len(lines.content.splitlines()) == client.get("/api/v1/projections").json()[0]["head"]
    assert client.get("/static/style.css").headers["Content-Type"].startswith("text/css")


def test_paths_and_headers_reach_the_application_as_they_are(server: Server) -> None:
    client, _ = server
    assert client.get("/en/parties/%C3%A9").status_code == 404
    assert client.get("/en/parties/%ff").status_code == 404
    assert client.get("/api/v1/streams/meeting%3Anone").status_code == 404
    shown = client.get("/api/v1/timeline", headers=[("X-Request-Id", "mine"), ("X-Other", "é".encode())])
    assert shown.headers["X-Request-Id"] == "mine"
    raw = b"GET /en/ HTTP/1.1\r\nHost: x\r\nCookie: a=1\r\nCookie: b=2\r\nConnection: close\r\n\r\n"
    with connection(client) as sent:
        sent.sendall(raw)
        assert sent.recv(12) == b"HTTP/1.1 200"


def test_a_body_that_stops_short_harms_nobody(server: Server) -> None:
    client, editor = server
    for length, path in ((100, "/api/v1/events"), (900_000, "/api/v1/events"), (300, "/en/sign-in")):
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n"
        with connection(client) as sent:
            sent.sendall(f"{head}Authorization: {editor['Authorization']}\r\n\r\n{{".encode())
    assert client.post("/api/v1/events", json=builders.meeting(), headers=editor).status_code == 201


def test_streams_are_sent_every_event_and_end_with_the_server(url: str) -> None:
    secret = run(url, "token", "create", "e", "--role", "editor").stdout.strip()
    count, begun, last = 20, threading.Barrier(21), threading.Barrier(21)
    with ThreadPoolExecutor(count) as threads, served(url) as (base, process):

        def follow(nth: int) -> list[int]:
            with httpx.stream("GET", f"{base}/api/v1/events/live?after={nth % 2}", timeout=60) as stream:
                begun.wait(30)
                found: list[int] = []
                for line in stream.iter_lines():
                    if line.startswith("id: "):
                        found.append(int(line[4:]))
                        if found[-1] == 31:
                            last.wait(30)
                return found

        editor = {"Authorization": f"Bearer {secret}"}
        httpx.post(f"{base}/api/v1/events", json=builders.meeting(), headers=editor)
        followed = [threads.submit(follow, n) for n in range(count)]
        begun.wait(30)
        with httpx.Client(base_url=base, timeout=30) as client:
            for _ in range(30):
                assert client.post("/api/v1/events", json=builders.meeting(), headers=editor).status_code == 201
            watching = client.get("/metrics").text
            assert f"depositary_live_streams {count}.0" in watching
        last.wait(30)
    assert process.process.returncode == 0
    for nth, one in enumerate(followed):
        assert one.result() == list(range(1 + nth % 2, 32))


class Protocol:
    """What the server gives the application for one request."""

    def __init__(self, *chunks: bytes, ends: bool = True) -> None:
        self.chunks, self.ends = list(chunks), ends
        self.answered: list[Any] = []

    async def __call__(self) -> bytes:
        return b"".join([chunk async for chunk in self])

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            yield chunk
        if not self.ends:
            await asyncio.Event().wait()

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.answered = [status, body]

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        self.answered = [status, b""]


def ask(app: Flask, protocol: Protocol, length: int, editor: dict[str, str]) -> None:
    """Send one append to the loop of an application."""
    headers = {"content-type": "application/json", "content-length": str(length)}
    headers["authorization"] = editor["Authorization"]
    scope: Any = SimpleNamespace(
        method="POST", path="/api/v1/events", query_string="", server="127.0.0.1:1", client="[::1]:2", scheme="http",
        http_version="1.1", authority=None, headers=headers,
    )  # fmt: skip

    async def main() -> None:
        answering = Loop(app)
        answering._attach(asyncio.get_running_loop())
        await answering.__rsgi__(scope, protocol)  # type: ignore[arg-type]

    asyncio.run(main())


@pytest.mark.parametrize(("length", "status"), [(100, 408), (100_000, 400)])
def test_a_body_that_does_not_come_is_not_waited_for(
    app: Flask, editor: dict[str, str], monkeypatch: pytest.MonkeyPatch, length: int, status: int
) -> None:
    monkeypatch.setattr(loops, "BODY_SECONDS", 0.05)
    protocol = Protocol(b'{"type":', ends=False)
    ask(app, protocol, length, editor)
    assert protocol.answered[0] == status


def test_an_append_that_cannot_be_written_in_time_is_not_written(
    app: Flask, editor: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loops, "APPEND_SECONDS", 0.05)
    here = app.extensions["depositary"]
    body = json.dumps(builders.meeting()).encode()
    with here.database.write() as holding:
        protocol = Protocol(body)
        if not here.database.is_sqlite:
            holding.exec_driver_sql("SELECT * FROM log_head FOR UPDATE")
        ask(app, protocol, len(body), editor)
        assert protocol.answered[0] == 503
    assert app.test_client().get("/api/v1/events").get_json()["events"] == []


def test_an_append_in_the_loop_does_not_ask_the_application(app: Flask, editor: dict[str, str]) -> None:
    app.wsgi_app = lambda *given: pytest.fail("the application was asked")  # type: ignore[method-assign]
    body = json.dumps(builders.meeting()).encode()
    protocol = Protocol(body)
    ask(app, protocol, len(body), editor)
    assert protocol.answered[0] == 201
