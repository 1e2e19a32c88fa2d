"""The programs of a cluster: where Debian puts them, starting them in the background, and ending them.

PostgreSQL refuses to run as root, so root starts the servers as the user `postgres`. A process is known by its number
and the moment it began, so that nobody else is ever ended in its place.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

USER = "postgres"
NEEDED = {"etcd": "etcd-server", "patroni": "patroni", "postgres": "postgresql", "pg_rewind": "postgresql"}
PATIENCE = 30.0


def find(name: str) -> Path | None:
    """A program of the newest PostgreSQL that Debian's packages installed, or one on the path."""
    versions = Path("/usr/lib/postgresql").glob(f"[0-9]*/bin/{name}")
    newest = max(versions, key=lambda path: int(path.parts[-3]), default=None)
    found = shutil.which(name)
    return newest or (Path(found) if found else None)


def missing() -> list[str]:
    """The Debian packages that have to be installed first."""
    return sorted({package for name, package in NEEDED.items() if find(name) is None})


def must(name: str) -> Path:
    """As `find`. Raises FileNotFoundError."""
    path = find(name)
    if path is None:
        raise FileNotFoundError(f"{name} is not installed; on Debian: apt install {NEEDED.get(name, name)}")
    return path


def version(name: str) -> tuple[int, ...]:
    """The version that a program tells."""
    told = subprocess.run([must(name), "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(int(part) for part in re.findall(r"[0-9]+", told.split()[-1]))


def as_server(command: Sequence[str | Path]) -> list[str]:
    """The command as root runs it for a server: as the user `postgres`."""
    changed = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups"] if os.geteuid() == 0 else []
    return [*changed, *map(str, command)]


def give(path: Path) -> None:
    """Let the servers own a folder or a file."""
    if os.geteuid() == 0:
        shutil.chown(path, USER, USER)


def start(folder: Path, name: str, command: Sequence[str | Path], environment: Mapping[str, str], cwd: Path) -> None:
    """Start a process that outlives this one; its output is added to `NAME.log`, its number is in `NAME.pid`."""
    options: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stderr": subprocess.STDOUT, "start_new_session": True}
    with (folder / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(list(map(str, command)), stdout=log, env=dict(environment), cwd=cwd, **options)
    (folder / f"{name}.pid").write_text(f"{process.pid} {began(process.pid)}", encoding="ascii")


def running(folder: Path, name: str) -> int | None:
    """The number of a process that was started here and still runs."""
    path = folder / f"{name}.pid"
    if not path.exists():
        return None
    number, moment = path.read_text(encoding="ascii").split()
    return int(number) if began(int(number)) == moment else None


def stop(folder: Path, name: str) -> None:
    """Ask a process to end, and make it when it does not; gone with all that it started in its group."""
    number = running(folder, name)
    if number is None:
        return
    os.kill(number, signal.SIGTERM)
    end = time.monotonic() + PATIENCE
    while running(folder, name) and time.monotonic() < end:
        time.sleep(0.05)
    try:
        os.killpg(number, signal.SIGKILL)
    except ProcessLookupError:
        pass


def signalled(number: int, what: signal.Signals) -> None:
    """Send a signal to a process and to those it started: SIGKILL is a power cut, SIGSTOP lets them hang."""
    for each in (number, *children(number)):
        try:
            os.kill(each, what)
        except ProcessLookupError:
            pass


def began(number: int) -> str | None:
    """When a process began, in ticks since the machine did; None when it has ended."""
    fields = _stat(number)
    return None if fields is None or fields[0] == "Z" else fields[19]


def children(number: int) -> list[int]:
    """The processes that this one started."""
    every = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [each for each in every if (fields := _stat(each)) and fields[1] == str(number)]


def _stat(number: int) -> list[str] | None:
    """The fields of proc(5)'s `stat` behind the name: state, parent, and so on."""
    try:
        return Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
