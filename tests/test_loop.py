"""A real server answers what the application answers, however it is sent; and it waits for nobody for ever."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from flask import Flask

from service import incoming, outgoing
from service import loop as loops
from service.app import create_app
from service.incoming import Message
from service.loop import Loop
from service.settings import Settings
from tests import builders
from tests.conftest import Databases, token
from tests.processes import run, served
from tests.test_appending import OWN, SENT

Scope = dict[str, Any]
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


class Sender:
    """Who sends a request, and takes the answer: what the server gives the application for one.

    `leaves` is set when they go; of an answer in chunks they read so many as `reads` says.
    """

    def __init__(self, *chunks: bytes, ends: bool = True, reads: int | None = None) -> None:
        self.chunks, self.ends, self.reads, self.leaves = list(chunks), ends, reads, asyncio.Event()
        self.status, self.answer, self.whole = 0, b"", False

    async def receive(self) -> Message:
        if not self.chunks:
            await self.leaves.wait()
            return {"type": "http.disconnect"}
        chunk = self.chunks.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(self.chunks) or not self.ends}

    async def send(self, message: Message) -> None:
        self.status = message.get("status", self.status)
        self.answer += message.get("body", b"")
        self.whole = message["type"] == "http.response.body" and not message.get("more_body")
        if message.get("more_body") and self.reads is not None:
            self.reads -= 1
            if not self.reads:
                await asyncio.Event().wait()


def scope_of(method: str, path: str, **given: str) -> Scope:
    path, _, query = path.partition("?")
    headers = [(name.replace("_", "-").encode(), value.encode()) for name, value in given.items()]
    return {
        "type": "http", "method": method, "raw_path": path.encode(), "query_string": query.encode(), "scheme": "http",
        "server": ("127.0.0.1", "1"), "client": ("::1", "2"), "http_version": "1.1", "headers": headers,
    }  # fmt: skip


def answering(app: Flask, work: Callable[[Loop], Coroutine[Any, Any, None]]) -> None:
    """Do `work` with a loop that answers for an application."""

    async def main() -> None:
        made = Loop(app)
        made._attach(asyncio.get_running_loop())
        await work(made)

    asyncio.run(main())


def ask(app: Flask, sender: Sender, scope: Scope) -> None:
    """Send one request to the loop of an application, and wait for its answer."""
    answering(app, lambda loop: loop(scope, sender.receive, sender.send))


def append_of(length: int, editor: dict[str, str]) -> Scope:
    """What an append of so many bytes begins with."""
    given = {"content_type": "application/json", "content_length": str(length)}
    return scope_of("POST", "/api/v1/events", **given, authorization=editor["Authorization"])


@pytest.mark.parametrize(("length", "status"), [(100, 408), (100_000, 400)])
def test_a_body_that_does_not_come_is_not_waited_for(
    app: Flask, editor: dict[str, str], monkeypatch: pytest.MonkeyPatch, length: int, status: int
) -> None:
    monkeypatch.setattr(loops, "BODY_SECONDS", 0.05)
    sender = Sender(b'{"type":', ends=False)
    ask(app, sender, append_of(length, editor))
    assert sender.status == status


def test_an_append_that_cannot_be_written_in_time_is_not_written(
    app: Flask, editor: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loops, "APPEND_SECONDS", 0.05)
    here = app.extensions["depositary"]
    body = json.dumps(builders.meeting()).encode()
    with here.database.write() as holding:
        sender = Sender(body)
        if not here.database.is_sqlite:
            holding.exec_driver_sql("SELECT * FROM log_head FOR UPDATE")
        ask(app, sender, append_of(len(body), editor))
        assert sender.status == 503
    assert app.test_client().get("/api/v1/events").get_json()["events"] == []


def test_an_append_in_the_loop_does_not_ask_the_application(app: Flask, editor: dict[str, str]) -> None:
    app.wsgi_app = lambda *given: pytest.fail("the application was asked")  # type: ignore[method-assign]
    body = json.dumps(builders.meeting()).encode()
    sender = Sender(body)
    ask(app, sender, append_of(len(body), editor))
    assert sender.status == 201


def test_an_answer_that_is_not_read_is_made_no_further_and_broken_off(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "SEND_SECONDS", 0.05)
    made: list[bytes] = []
    ended = threading.Event()

    def endless(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])

        def chunks() -> Iterator[bytes]:
            try:
                while True:
                    made.append(b"x" * incoming.PIECE)
                    yield made[-1]
            finally:
                ended.set()

        return chunks()

    app.wsgi_app = endless  # type: ignore[method-assign]
    sender = Sender(reads=3)
    ask(app, sender, scope_of("GET", "/"))
    assert (sender.status, len(made), sender.whole) == (200, 3, False)
    assert ended.wait(30)


def test_a_stream_ends_with_its_client(app: Flask) -> None:
    streams = app.extensions["depositary"].metrics.streams

    async def follow(loop: Loop) -> None:
        sender = Sender()
        following = asyncio.ensure_future(loop(scope_of("GET", "/api/v1/events/live"), sender.receive, sender.send))
        while not sender.answer:
            await asyncio.sleep(0.01)
        assert streams._value.get() == 1
        sender.leaves.set()
        await following
        assert not sender.whole

    answering(app, follow)
    assert streams._value.get() == 0


@pytest.mark.parametrize("path", ["/api/v1/timeline", "/api/v1/events"])
def test_nothing_is_waited_for_when_the_client_has_gone(app: Flask, path: str) -> None:
    sender = Sender()
    sender.leaves.set()
    began = time.monotonic()
    ask(app, sender, scope_of("GET", f"{path}?min_position=9&wait=30"))
    assert sender.status == 503
    assert time.monotonic() - began < 25


def test_probes_and_reads_do_not_wait_for_those_that_wait(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "PATIENT", 1)
    builders.catch_up(app.extensions["depositary"].database)

    async def crowd(loop: Loop) -> None:
        first, *rest = (Sender() for _ in range(4))
        patient = scope_of("GET", "/api/v1/timeline?min_position=9&wait=30")
        waiting = asyncio.ensure_future(loop(patient, first.receive, first.send))
        await asyncio.sleep(0)
        for sender, path in zip(rest, ("/healthz", "/api/v1/timeline", "/api/v1/timeline?min_position=0"), strict=True):
            await loop(scope_of("GET", path), sender.receive, sender.send)
        assert [sender.status for sender in rest] == [200, 200, 503]
        assert b"/problems/busy" in rest[-1].answer
        first.leaves.set()
        await waiting

    answering(app, crowd)


def test_a_body_that_is_packed_in_transfer_is_refused(server: Server) -> None:
    client, editor = server
    head = "POST /api/v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    with connection(client) as sent:
        coded = f"{head}Authorization: {editor['Authorization']}\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"
        sent.sendall(coded.encode())
        assert sent.recv(12) == b"HTTP/1.1 501"


def test_a_server_ends_whoever_is_waited_for(url: str) -> None:
    secret = run(url, "token", "create", "e", "--role", "editor").stdout.strip()
    post = f"POST /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {secret}\r\n"
    post += "Content-Type: application/json\r\n"
    stopped = [f"{post}Content-Length: {length}\r\n\r\n{{" for length in (90, 900_000)]
    stopped.append(f"{post}Transfer-Encoding: chunked\r\n\r\n1\r\n{{\r\n")
    waits = [f"/api/v1/{view}?min_position=99&wait=30" for view in ("timeline", "events")]
    waits.append("/api/v1/events/live")
    requests = stopped + [f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n" for path in waits]
    with served(url) as (base, process):
        address = httpx.URL(base)
        sockets = [socket.create_connection((address.host, address.port), timeout=30) for _ in requests]
        for one, request in zip(sockets, requests, strict=True):
            one.sendall(request.encode())
        sockets[-1].recv(12)  # the others, sent before, have been heard
        process.process.send_signal(signal.SIGTERM)
        assert process.process.wait(60) == 0
        assert "Killing" not in process.text()
        answers = [one.recv(12)[-3:] for one in sockets[:-1]]
        assert answers == [b"408", b"400", b"408", b"503", b"503"]
        for one in sockets:
            one.close()
