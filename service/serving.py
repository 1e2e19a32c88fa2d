"""The web processes: granian serves the application; the parent holds the worker and ends with its children."""

from __future__ import annotations

import ctypes
import logging
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from granian import Granian
from granian.constants import Interfaces
from granian.http import HTTP1Settings

from events import garbage
from service import logs
from service.settings import COUNTS, Settings, from_environment

if TYPE_CHECKING:
    from service.loop import Loop

LOGGING = {"loggers": {"_granian": {"handlers": [], "propagate": True}, "granian.access": {"propagate": False}}}
"""The server's own lines go where ours go, in the same form."""

CONNECTIONS = 10_000
"""How many connections one process has open; those that come then wait until others close."""


def web_process() -> Loop:
    """The application of one web process; it ends when the process that started it does.

    It is loaded here, so that the parent need not load it before there is a web process.
    """
    _end_with_parent()
    from service.app import create_app
    from service.loop import Loop

    settings = from_environment(os.environ)
    logs.configure(settings.log_level, settings.log_format)
    logging.getLogger("_granian").addFilter(_worth_telling)
    app = create_app(settings)
    garbage.settle()
    return Loop(app)


def serve(settings: Settings, workers: int, begun: Callable[[], None] = lambda: None) -> None:
    """Serve until a signal ends it. The settings reach the web processes through the environment.

    `begun` is called just before those are started; it should not wait for anything.

    They are spawned, not forked: a copy of a process whose worker's threads hold locks could wait for them for ever.
    """
    multiprocessing.set_start_method("spawn", force=True)
    logging.getLogger("_granian").addFilter(_worth_telling)
    server = Granian(
        "service.serving:web_process",
        factory=True,
        interface=Interfaces.ASGI,
        address=settings.host,
        port=settings.port,
        workers=workers,
        backlog=2_048,
        backpressure=CONNECTIONS,
        http1_settings=HTTP1Settings(max_buffer_size=64 * 1024),
        respawn_failed_workers=True,
        workers_kill_timeout=6,
        log_access=False,
        websockets=False,
        log_level=settings.log_level.lower(),  # type: ignore[arg-type]
        log_dictconfig=LOGGING,
    )
    server.on_startup(begun)
    with tempfile.TemporaryDirectory(prefix="depositary-metrics-") as folder:
        os.environ.setdefault(COUNTS, folder)
        os.environ.setdefault("MALLOC_ARENA_MAX", "2")  # glibc's one heap a thread held 30 MB that nobody used
        server.serve()


def _worth_telling(record: logging.LogRecord) -> bool:
    """Not that there are several processes, nor that a client went before it had all."""
    text = record.getMessage()
    return "spawning up to" not in text and "transport error" not in text


def _end_with_parent() -> None:
    """Leave nobody behind when the parent is killed: by the kernel's signal on Linux, by looking elsewhere."""
    parent = os.getppid()
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=look, name="parent", daemon=True).start()
