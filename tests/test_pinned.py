"""What nothing can change is answered at once, with the same bytes, and to nobody who may not read it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from service import waiting
from tests import builders
from tests.processes import run, served

PINNED = "/api/v1/timeline?as_of=2026-01-01&at_position=2"


@pytest.fixture
def serve(url: str) -> Callable[..., Any]:
    """Serve three meetings with these settings; the client, and an editor's header."""
    secret = run(url, "token", "create", "e", "--role", "editor").stdout.strip()
    editor = {"Authorization": f"Bearer {secret}"}

    def serving(**settings: str) -> Iterator[tuple[httpx.Client, dict[str, str]]]:
        with served(url, **settings) as (base, _), httpx.Client(base_url=base, timeout=30) as client:
            for _ in range(3):
                assert client.post("/api/v1/events", json=builders.meeting(), headers=editor).status_code == 201
            assert client.get("/api/v1/timeline?min_position=3&wait=30", headers=editor).status_code == 200
            yield client, editor

    return serving


def own(answer: httpx.Response) -> dict[str, str]:
    """The headers but for those that differ each time."""
    return {k: v for k, v in answer.headers.items() if k not in ("x-request-id", "server-timing", "date", "server")}


def at_once(answer: httpx.Response) -> bool:
    return answer.headers["server-timing"].startswith("db;dur=0.0,")


def test_the_second_answer_is_the_first(serve: Callable[..., Any]) -> None:
    for client, editor in serve():
        first, second = client.get(PINNED), client.get(PINNED)
        assert (second.status_code, second.content, own(second)) == (200, first.content, own(first))
        assert "immutable" in first.headers["cache-control"]
        assert (at_once(first), at_once(second)) == (False, True)
        assert second.headers["x-request-id"] != first.headers["x-request-id"]
        unchanged = client.get(PINNED, headers={"If-None-Match": first.headers["etag"]})
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        assert unchanged.headers["etag"] == first.headers["etag"]
        other = client.get(PINNED, headers={"If-None-Match": '"another"'})
        assert (other.status_code, other.content) == (200, first.content)
        assert client.get(PINNED, headers={"Accept": "text/html"}).status_code == 406
        assert client.get(PINNED, headers={"Authorization": "Bearer no"}).status_code == 401
        assert client.get(PINNED, headers={"Authorization": "Basic x"}).status_code == 401
        assert client.get(PINNED, headers={**editor, "X-Request-Id": "mine"}).headers["x-request-id"] == "mine"
        assert client.head(PINNED).content == b""
        counted = client.get("/metrics").text
        assert 'depositary_http_request_seconds_count{method="GET",route="/api/v1/timeline",status="304"}' in counted


def test_what_may_change_is_asked_anew(serve: Callable[..., Any]) -> None:
    for client, editor in serve():
        for query in ("", "?as_of=2026-01-01", "?at_position=2"):
            client.get(f"/api/v1/timeline{query}")
        client.post("/api/v1/events", json=builders.meeting(), headers=editor)
        after = client.get("/api/v1/timeline?min_position=4&wait=30").json()
        assert len(after["items"]) == 4
        assert len(client.get("/api/v1/timeline?as_of=2026-01-01").json()["items"]) == 4
        assert len(client.get("/api/v1/timeline?at_position=2").json()["items"]) == 2


def test_where_reading_needs_a_token_it_always_does(serve: Callable[..., Any]) -> None:
    for client, editor in serve(DEPOSITARY_PUBLIC_READ="0"):
        first, second = (client.get(PINNED, headers=editor) for _ in range(2))
        assert (second.content, own(second)) == (first.content, own(first))
        assert "private" in second.headers["cache-control"]
        assert client.get(PINNED).status_code == 401


def test_what_is_answered_at_once_is_counted_too(serve: Callable[..., Any]) -> None:
    for client, editor in serve(DEPOSITARY_RATE_LIMIT="20"):
        statuses = [client.get(PINNED).status_code for _ in range(22)]
        assert statuses.count(200) <= 20
        assert statuses[-1] == 429
        assert client.get(PINNED, headers=editor).status_code == 200


def test_a_turn_ends_with_the_work_or_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "TURNS", 1)
    order: list[str] = []

    async def main(seconds: float) -> None:
        monkeypatch.setattr(waiting, "TURN_SECONDS", seconds)
        turns = waiting.Turns(asyncio.get_running_loop())
        first = await turns.take()
        second = asyncio.create_task(turns.take())
        third = asyncio.create_task(turns.take())
        await asyncio.sleep(0)
        assert not second.done()
        if seconds > 1:
            first()
            first()
        end = await second
        order.append("second")
        end()
        (await third)()
        order.append("third")
        await turns.take()

    asyncio.run(main(60))
    asyncio.run(main(0.01))
    assert order == ["second", "third"] * 2
