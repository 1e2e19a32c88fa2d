"""Install what Depositary is compared with, into a folder that can be thrown away.

    python install.py [FOLDER] [--newest PYTHON]

Everything comes from PyPI and npm at the versions named here, by the machine's own pip and npm; nothing of it is a
dependency of the product. eventsource-py needs Python 3.13 or newer: one on the path, or the one that is named. What
cannot be installed is written down with its reason in `installed.json`, and `run.py` shows it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

PYTHON = [
    "eventsourcing[postgres]==9.5.6",
    "psycopg[binary,pool]==3.3.9",
    "orjson==3.13.0",
    "duckdb==2.0.0",
    "flask==3.1.3",
    "granian==2.8.7",
]
NEWEST_PYTHON = ["eventsource-py[all-backends]==0.15.1"]
NODE = {
    "emmett-postgresql": ["@event-driven-io/emmett@0.42.0", "@event-driven-io/emmett-postgresql@0.42.0"],
    "emmett-sqlite": [
        "@event-driven-io/emmett@0.42.0",
        "@event-driven-io/emmett-sqlite@0.42.4",
        "sqlite3@5.1.7",
        "async-retry@1.3.3",
        "commander@12.1.0",
        "uuid@10.0.0",
    ],
    "message-db": ["@eventide/message-db@1.3.1"],
}
"""The SQLite store wants an `emmett` of its own version, which the registry does not have; the one before serves."""


def run(*command: str | Path) -> None:
    """Run a command; raises RuntimeError with the end of what it said when it fails."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if done.returncode:
        said = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        raise RuntimeError(" / ".join(said[-3:])[-400:])


def with_pip() -> str | Path:
    """A Python that has pip: this one, or the one that this environment was made by."""
    return sys.executable if find_spec("pip") else Path(sys.base_prefix) / "bin" / "python3"


def python(interpreter: str, folder: Path, packages: list[str]) -> None:
    """Make a virtual environment with these packages."""
    run(interpreter, "-m", "venv", "--clear", "--without-pip", folder)
    run(with_pip(), "-m", "pip", "--python", folder / "bin" / "python", "install", "--quiet", *packages)


def node(folder: Path, packages: list[str]) -> None:
    """Make a folder of Node modules; `sqlite3` is compiled where it brings no binary."""
    folder.mkdir(exist_ok=True)
    (folder / "package.json").write_text('{"private": true}\n')
    peers = ["--legacy-peer-deps"] if folder.name == "emmett-sqlite" else []
    run("npm", "install", "--prefix", folder, "--no-audit", "--no-fund", *peers, *packages)


def newest_python(named: str | None) -> str:
    """A Python of 3.13 or newer that runs; raises RuntimeError when there is none."""
    versions = Path.home() / ".pyenv" / "versions"
    names = [named] if named else ["python3.14", "python3.13", *map(str, versions.glob("3.1[3-9]*/bin/python3"))]
    for name in names:
        if shutil.which(name) and not subprocess.run([name, "--version"], capture_output=True, check=False).returncode:
            return name
    raise RuntimeError("there is no Python 3.13 or newer here; name one with --newest")


def install(folder: Path, newest: str | None) -> dict[str, str | None]:
    """Install everything; for each part None, or why it is missing."""
    parts: dict[str, Callable[[], None]] = {
        "python": lambda: python(sys.executable, folder / "python", PYTHON),
        "newest-python": lambda: python(newest_python(newest), folder / "newest-python", NEWEST_PYTHON),
    }
    parts |= {name: (lambda n=name, p=packages: node(folder / n, p)) for name, packages in NODE.items()}
    missing: dict[str, str | None] = {}
    for name, make in parts.items():
        try:
            make()
            missing[name] = None
        except (RuntimeError, OSError) as error:
            missing[name] = str(error)
        print(f"{name}: {missing[name] or 'installed'}", flush=True)
    return missing


def main() -> None:
    """Install into the folder that is named, or into a temporary one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--newest", help="a Python of 3.13 or newer, for eventsource-py")
    asked = parser.parse_args()
    folder = (asked.folder or Path(tempfile.mkdtemp(prefix="depositary-peers-"))).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "installed.json").write_text(json.dumps(install(folder, asked.newest), indent=1) + "\n")
    print(folder)


if __name__ == "__main__":
    main()
