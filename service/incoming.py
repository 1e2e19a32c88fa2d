"""A request as it comes in over ASGI, in the form that WSGI has, and whom its answer goes to."""

from __future__ import annotations

import io
import sys
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_to_bytes

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

PIECE = 32 * 1024
"""Bytes that are sent at a time; the server holds a few such pieces for a client that does not read."""


class Gone(ConnectionError):
    """The client is no longer there."""


def environ_of(scope: Mapping[str, Any]) -> dict[str, Any]:
    """A request as WSGI has it, but for `wsgi.input`."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": _path(scope["raw_path"]),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": scope["server"][0],
        "SERVER_PORT": scope["server"][1],
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": scope["client"][0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.errors": sys.stderr,
        "wsgi.input_terminated": True,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        key, text = _key(name), value.decode("latin-1")
        environ[key] = f"{environ[key]}{'; ' if name == b'cookie' else ','}{text}" if key in environ else text
    return environ


def _path(raw: bytes) -> str:
    return (unquote_to_bytes(raw) if b"%" in raw else raw).decode("latin-1")


@lru_cache(256)
def _key(name: bytes) -> str:
    key = name.decode("latin-1").upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"


class Client:
    """Who sent a request and waits for the answer. Only the loop may use it.

    Every chunk of an answer is taken when the client has taken nearly all before, so that what is not read costs no
    memory.
    """

    def __init__(self, receive: Receive, send: Send, length: int | None) -> None:
        self._receive, self._send, self._coming = receive, send, length
        self.ended = length == 0

    async def next(self) -> bytes:
        """The next bytes of the body; none at its end. Raises Gone."""
        while not self.ended:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Gone("the body stopped before its end")
            chunk: bytes = message.get("body", b"")
            if self._coming is not None:
                self._coming -= len(chunk)
            self.ended = self._coming == 0 or not message.get("more_body")
            if chunk:
                return chunk
        return b""

    async def some(self, size: int) -> bytes:
        """The body as far as it is read with `size` bytes; see `ended`. Raises Gone."""
        chunks, taken = [await self.next()], 0
        while not self.ended and (taken := taken + len(chunks[-1])) < size:
            chunks.append(await self.next())
        return b"".join(chunks)

    async def left(self) -> None:
        """Wait until the client has gone, or has its answer. The body must have ended."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Answer in one piece."""
        await self.begin(status, headers)
        await self._send({"type": "http.response.body", "body": body})

    async def begin(self, status: int, headers: list[tuple[str, str]]) -> None:
        """Begin an answer that is sent in chunks."""
        raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        await self._send({"type": "http.response.start", "status": status, "headers": raw})

    async def more(self, chunk: bytes) -> None:
        """Send a chunk; done when there is room for the next."""
        for at in range(0, len(chunk), PIECE):
            await self._send({"type": "http.response.body", "body": chunk[at : at + PIECE], "more_body": True})

    async def end(self) -> None:
        """End an answer that is sent in chunks."""
        await self._send({"type": "http.response.body", "body": b""})


class Incoming(io.RawIOBase):
    """The body of a request, read as it comes by a thread."""

    def __init__(self, begun: bytes, more: Callable[[], bytes]) -> None:
        self._left, self._more = begun, more

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer, or part of it; 0 at the end."""
        taken = self._left or self._more()
        size = min(len(buffer), len(taken))
        buffer[:size], self._left = taken[:size], taken[size:]
        return size
