"""A request as it comes in over RSGI, in the form that WSGI has."""

from __future__ import annotations

import io
import sys
from collections.abc import AsyncIterator, Callable
from functools import lru_cache
from typing import Any

from granian._granian import RSGIHTTPProtocol as HTTPProtocol
from granian.rsgi import Scope


def environ_of(scope: Scope) -> dict[str, Any]:
    """A request as WSGI has it, but for `wsgi.input`. Header values that are not ASCII are left out."""
    host, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host.strip("[]"),
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.errors": sys.stderr,
        "wsgi.input_terminated": True,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        key = _key(name)
        environ[key] = f"{environ[key]}{'; ' if name == 'cookie' else ','}{value}" if key in environ else value
    if scope.authority and "HTTP_HOST" not in environ:
        environ["HTTP_HOST"] = scope.authority
    return environ


@lru_cache(256)
def _key(name: str) -> str:
    key = name.upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"


class Incoming(io.RawIOBase):
    """The body of a request, read as it comes; `ended` once all of its `length` was, where that is known."""

    def __init__(self, more: Callable[[], bytes], length: int | None) -> None:
        self._more, self._coming, self._left = more, length, b""
        self.ended = False

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer, or part of it; 0 at the end."""
        taken = self._left or (b"" if self.ended else self._next())
        size = min(len(buffer), len(taken))
        buffer[:size], self._left = taken[:size], taken[size:]
        return size

    def _next(self) -> bytes:
        taken = self._more()
        if self._coming is not None:
            self._coming -= len(taken)
        self.ended = not taken or self._coming == 0
        return taken


async def whole_body(proto: HTTPProtocol) -> bytes:
    return bytes(await proto())


async def next_bytes(chunks: AsyncIterator[bytes]) -> bytes:
    """The next bytes of a body; none at its end."""
    try:
        while not (chunk := await anext(chunks)):
            pass
        return bytes(chunk)
    except StopAsyncIteration:
        return b""
