"""Answers that nothing can change any more, as they were sent: the same question gets the same bytes, at once.

Only answers that the application itself calls immutable are kept. Who may read, and how often, is asked every time.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, NamedTuple

from service.access import COUNTED, Limits
from service.appending import Answered, bearer
from service.context import Context
from service.observing import ROUTE, a_request_id

LARGEST, TOGETHER, AROUND = 256 * 1024, 16 * 1024 * 1024, 300
LONGEST = 1_000
"""Characters of the longest question whose answer is kept."""

OWN = ("x-request-id", "server-timing", "date")
OTHERWISE = ("HTTP_RANGE", "HTTP_IF_MATCH", "HTTP_IF_RANGE", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE")
Key = tuple[Any, ...]


class Kept(NamedTuple):
    """An answer, and the rule that gave it."""

    route: str
    etag: str
    headers: list[tuple[str, str]]
    body: bytes

    def size(self) -> int:
        """About how many bytes of memory it takes; of a small answer most are those of its headers and its key."""
        return len(self.body) + AROUND * (6 + len(self.headers))


class Pinned:
    """The answers asked for last, up to so many bytes."""

    def __init__(self, here: Context, limits: Limits | None) -> None:
        self._here, self._limits = here, limits
        self._kept: OrderedDict[Key, Kept] = OrderedDict()
        self._bytes, self._lock = 0, threading.Lock()

    def get(self, environ: dict[str, Any], began: float) -> Answered | None:
        """The answer, where it is known and may be given; `began` is when it was asked for."""
        if environ["REQUEST_METHOD"] != "GET" or not environ["PATH_INFO"].startswith("/api/v1/"):
            return None
        key = _key(environ)
        kept = self._kept.get(key)
        if kept is None or any(name in environ for name in OTHERWISE) or not self._may_read(environ):
            return None
        wanted = environ.get("HTTP_IF_NONE_MATCH")
        if wanted is not None and wanted != kept.etag:
            return None
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
        spent = time.perf_counter() - began
        status = 200 if wanted is None else 304
        self._here.metrics.answered("GET", kept.route, status, spent)
        own = [
            ("x-request-id", a_request_id(environ.get("HTTP_X_REQUEST_ID", ""))),
            ("server-timing", f"db;dur=0.0, total;dur={spent * 1000:.1f}"),
        ]
        if status == 304:
            left_out = ("content-type", "content-length")
            return Answered(304, [each for each in kept.headers if each[0] not in left_out] + own, b"")
        return Answered(200, kept.headers + own, kept.body)

    def keep(self, environ: Mapping[str, Any], answer: Answered) -> None:
        """Keep an answer that may be given again."""
        headers = [(name.lower(), value) for name, value in answer.headers if name.lower() not in OWN]
        named = dict(headers)
        final = "immutable" in named.get("cache-control", "") and "etag" in named and "set-cookie" not in named
        if answer.status != 200 or environ["REQUEST_METHOD"] != "GET" or not final or len(answer.body) > LARGEST:
            return
        key = _key(environ)
        if sum(len(part or "") for part in key) > LONGEST:
            return
        with self._lock:
            before = self._kept.pop(key, None)
            self._kept[key] = kept = Kept(environ.get(ROUTE, "none"), named["etag"], headers, answer.body)
            self._bytes += kept.size() - (before.size() if before else 0)
            while self._bytes > TOGETHER:
                self._bytes -= self._kept.popitem(last=False)[1].size()

    def _may_read(self, environ: dict[str, Any]) -> bool:
        """Whether who asks may read this; when that is not certain, the application is asked."""
        if "HTTP_AUTHORIZATION" in environ:
            token = self._here.recent.known(bearer(environ))
            return token is not None and token.valid(self._here.clock())
        if not self._here.settings.public_read:
            return False
        if self._limits:
            environ[COUNTED] = self._limits.seconds(environ["REMOTE_ADDR"])
        return not environ.get(COUNTED)


def _key(environ: Mapping[str, Any]) -> Key:
    return environ["PATH_INFO"], environ["QUERY_STRING"], environ.get("HTTP_ACCEPT")
