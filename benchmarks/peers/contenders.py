"""Who is compared: each contender's program, where it was installed, and what its rows are called."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
LIMIT_SECONDS = 1_200
BOTH = ("sqlite", "postgresql")


@dataclass(frozen=True, kw_only=True)
class Contender:
    """One product. `part` is what `install.py` calls its folder; None is the environment this runs in."""

    name: str
    program: str
    part: str | None
    engines: tuple[str, ...] = BOTH
    views: str = "all"
    environment: dict[str, str] = field(default_factory=dict)
    race_only: bool = False


CONTENDERS = [
    Contender(name="Depositary", program="depositary.py", part=None),
    Contender(name="pyeventsourcing", program="pyeventsourcing.py", part="python", views="some"),
    Contender(
        name="pyeventsourcing, database functions",
        program="pyeventsourcing.py",
        part="python",
        engines=("postgresql",),
        views="none",
        environment={"PEER_DB_FUNCTIONS": "yes"},
    ),
    Contender(name="eventsource-py", program="eventsource_py.py", part="newest-python", views="some"),
    Contender(name="Emmett", program="emmett_sqlite.mjs", part="emmett-sqlite", engines=("sqlite",)),
    Contender(name="Emmett", program="emmett_postgresql.mjs", part="emmett-postgresql", engines=("postgresql",)),
    Contender(name="message-db", program="message_db.py", part="python", engines=("postgresql",), views="none"),
    Contender(
        name="message-db, across categories",
        program="message_db.py",
        part="python",
        engines=("postgresql",),
        environment={"PEER_CATEGORIES": "1"},
        race_only=True,
    ),
]


class Failed(RuntimeError):
    """A contender could not be installed or did not answer; the message says why."""


@dataclass(frozen=True)
class Installed:
    """What `install.py` left in a folder."""

    folder: Path

    def why_missing(self, part: str | None) -> str | None:
        """Why a part is not there, or None when it is."""
        path = self.folder / "installed.json"
        told: dict[str, str | None] = json.loads(path.read_text()) if path.exists() else {}
        return None if part is None else told.get(part, "not installed: run install.py")

    def python(self, part: str | None) -> str:
        """The interpreter of a part."""
        return str(self.folder / part / "bin" / "python") if part else sys.executable

    def environment(self) -> dict[str, str]:
        """The environment of every program that is measured."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("DEPOSITARY_", "PEER_"))}
        modules = self.folder / "message-db" / "node_modules"
        return {**kept, "PEER_MODULES": str(modules), "PYTHONWARNINGS": "ignore"}

    def ask(self, one: Contender, *arguments: str) -> dict[str, Any]:
        """Run a contender's command in a process of its own. Raises Failed."""
        for part in {one.part, "message-db" if one.program == "message_db.py" else one.part}:
            if reason := self.why_missing(part):
                raise Failed(reason)
        runner = "node" if one.program.endswith(".mjs") else self.python(one.part)
        folder = self.folder / one.part if one.part and runner == "node" else self.folder
        return self.run([runner, str(HERE / one.program), *arguments], folder, one.environment)

    def run(self, command: list[str], folder: Path, more: dict[str, str]) -> dict[str, Any]:
        """The line of JSON that a command prints last. Raises Failed."""
        environment = self.environment() | more
        options: dict[str, Any] = {"capture_output": True, "text": True, "cwd": folder, "env": environment}
        try:
            done = subprocess.run(command, check=False, timeout=LIMIT_SECONDS, **options)
        except (subprocess.TimeoutExpired, OSError) as error:
            raise Failed(str(error)[:300]) from None
        said = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines() or ["nothing was said"]
        if done.returncode:
            raise Failed(next((line for line in reversed(said) if "Error" in line), said[-1])[:300])
        answer: dict[str, Any] = json.loads(said[-1])
        return answer
