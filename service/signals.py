"""Hearing of the signals that end a process, beside whoever handles them."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable

ENDED = (signal.SIGTERM, signal.SIGINT)


def on_end(close: Callable[[], None]) -> None:
    """Call this as soon as the process is asked to end, as to let live streams end, so that a stop need not wait.

    The wakeup descriptor hears of signals whoever handles them; what is heard is passed on to the loop, which had it.
    """
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    passed = socket.socket(fileno=before) if before >= 0 else None

    def wait() -> None:
        with reader, writer:
            while heard := reader.recv(1):
                if passed:
                    passed.send(heard)
                if heard[0] in ENDED:
                    close()

    threading.Thread(target=wait, name="signals", daemon=True).start()
