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

from granian import Granian
from granian.constants import Interfaces

from service import garbage, logs
from service.app import create_app
from service.loop import Loop
from service.metrics import FOLDER
from service.settings import Settings, from_environment


def web_process() -> Loop:
    """The application of one web process; it ends when the process that started it does."""
    _end_with_parent()
    settings = from_environment(os.environ)
    logs.configure(settings.log_level, settings.log_format)
    app = create_app(settings)
    garbage.settle()
    return Loop(app)


def serve(settings: Settings, workers: int) -> None:
    """Serve until a signal ends it. The settings reach the web processes through the environment.

    They are spawned, not forked: a copy of a process whose worker's threads hold locks could wait for them for ever.
    """
    multiprocessing.set_start_method("spawn", force=True)
    logging.getLogger("_granian").addFilter(lambda record: "spawning up to" not in record.getMessage())
    server = Granian(
        "service.serving:web_process",
        factory=True,
        interface=Interfaces.RSGI,
        address=settings.host,
        port=settings.port,
        workers=workers,
        backlog=2_048,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
        log_access=False,
        websockets=False,
        log_level=settings.log_level.lower(),  # type: ignore[arg-type]
    )
    with tempfile.TemporaryDirectory(prefix="depositary-metrics-") as folder:
        os.environ.setdefault(FOLDER, folder)
        os.environ.setdefault("MALLOC_ARENA_MAX", "2")  # glibc's one heap a thread held 30 MB that nobody used
        server.serve()


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
