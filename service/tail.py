"""The end of the log as live streams send it, made once for all that follow it."""

from __future__ import annotations

import threading
from collections import OrderedDict

SIZE = 64


class Tail:
    """The chunks that streams sent last, by the position behind which they begin."""

    def __init__(self) -> None:
        self._chunks: OrderedDict[int, tuple[int, bytes]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, after: int) -> tuple[int, bytes] | None:
        """The last position of the chunk that begins behind `after`, and the chunk."""
        return self._chunks.get(after)

    def put(self, after: int, last: int, chunk: bytes) -> None:
        """Keep a chunk; the oldest goes."""
        with self._lock:
            self._chunks[after] = (last, chunk)
            if len(self._chunks) > SIZE:
                self._chunks.popitem(last=False)
