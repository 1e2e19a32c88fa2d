"""Set up and run Depositary from a checkout, with nothing but Python 3.11 or newer and pip.

    python3 dev.py demo [--port N …]          the service with the sample record, as `depositary demo`
    python3 dev.py test [--deep] [pytest …]   lint, then the tests
    python3 dev.py lint                       ruff, mypy and import-linter
    python3 dev.py lock [--upgrade …]         write both lock files anew (needs uv)

The packages live in .venv and come from the lock files alone: every one is pinned and checked by its hash.
They are installed again only when a lock file has changed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PROGRAMS = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = PROGRAMS / ("python.exe" if os.name == "nt" else "python")
STAMP = VENV / "installed-lock"
RUNTIME, EVERYTHING = "requirements.lock", "requirements-dev.lock"
OLDEST = (3, 11)

CHECKS = (
    ("ruff", "check"),
    ("ruff", "format", "--check"),
    ("mypy",),
    ("lint-imports",),
)


class Stop(Exception):
    """What keeps us from going on, and what to do about it, in one line."""


def main(arguments: list[str]) -> int:
    """Do what the command line says; answer the exit code."""
    commands = {"demo": demo, "test": test, "lint": lint, "lock": lock}
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__.strip())
        return 0 if arguments else 2
    if arguments[0] not in commands:
        say(f"there is no command {arguments[0]!r}; there are demo, test, lint and lock")
        return 2
    return commands[arguments[0]](arguments[1:])


def demo(arguments: list[str]) -> int:
    """Start the service with the sample record."""
    install(RUNTIME, EVERYTHING)
    return become("-m", "service", "demo", *arguments)


def test(arguments: list[str]) -> int:
    """Lint, then run the tests on two processes."""
    if code := lint([]):
        say("the checks above failed, so the tests were not run")
        return code
    return become("-m", "pytest", "-n", "2", "--maxschedchunk", "1", *arguments)


def lint(arguments: list[str]) -> int:
    """Run every check, also after one has failed."""
    if arguments:
        say("lint takes no arguments")
        return 2
    install(EVERYTHING)
    codes = []
    for program, *rest in CHECKS:
        say(" ".join((program, *rest)))
        codes.append(run(PROGRAMS / program, *rest))
    return next((code for code in codes if code), 0)


def lock(arguments: list[str]) -> int:
    """Write both lock files from pyproject.toml; the second agrees with the first."""
    uv = shutil.which("uv")
    if uv is None:
        raise Stop("uv is not on the PATH: install it (pip install uv), then run this again")
    compile_ = (uv, "pip", "compile", "--generate-hashes", "--universal", "--no-header", "--quiet")
    say(f"writing {RUNTIME} and {EVERYTHING}")
    return run(*compile_, "pyproject.toml", "--extra", "png", "-o", RUNTIME, *arguments) or run(
        *compile_, "pyproject.toml", "--extra", "dev", "-o", EVERYTHING, *arguments
    )


def install(*locks: str) -> None:
    """Leave .venv holding what the first of these locks says; if it holds another of them, that will do."""
    installed = STAMP.read_text(encoding="ascii") if STAMP.exists() and PYTHON.exists() else ""
    if installed in [fingerprint(name) for name in locks]:
        return
    if importlib.util.find_spec("pip") is None:
        raise Stop(
            f"{sys.executable} has no pip: install it (on Debian: apt install python3-pip), "
            "or leave the virtual environment you are in"
        )
    if not PYTHON.exists():
        say("making .venv")
        must(sys.executable, "-m", "venv", "--clear", "--without-pip", VENV)
    say(f"installing {locks[0]} into .venv (the first time takes a minute or two)")
    STAMP.unlink(missing_ok=True)
    pip = (sys.executable, "-m", "pip", "--python", PYTHON, "--disable-pip-version-check", "-qq")
    must(*pip, "install", "--require-hashes", "-r", ROOT / locks[0])
    STAMP.write_text(fingerprint(locks[0]), encoding="ascii")


def fingerprint(name: str) -> str:
    """The lock file's name and SHA-256: what the stamp in .venv says once it is installed."""
    return f"{name} {hashlib.sha256((ROOT / name).read_bytes()).hexdigest()}\n"


def must(*command: str | Path) -> None:
    if code := run(*command):
        raise Stop(f"{command[2]} failed (exit code {code}); what it said stands above")


def run(*command: str | Path) -> int:
    """Run to the end and answer the exit code as a shell would."""
    code = subprocess.call([str(part) for part in command], cwd=ROOT)
    return code if code >= 0 else 128 - code


def become(*arguments: str) -> int:
    """Hand this process over to .venv's Python, so that signals and the exit code are its own."""
    say("starting python " + " ".join(arguments))
    if os.name != "nt":
        os.chdir(ROOT)
        os.execv(PYTHON, [str(PYTHON), *arguments])
    return run(PYTHON, *arguments)


def say(text: str) -> None:
    print(f"dev.py: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        if sys.version_info[:2] < OLDEST:
            raise Stop(
                f"this is Python {sys.version.split()[0]}, and {OLDEST[0]}.{OLDEST[1]} or newer is needed: "
                "call it as, say, python3.12 dev.py"
            )
        sys.exit(main(sys.argv[1:]))
    except Stop as stop:
        say(str(stop))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
