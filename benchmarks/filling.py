"""A database filled with a generated record, or the treaty archive, by `depositary import`, then `rebuild`."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from benchmarks.generator import Generator
from tests.archives import treaties as converting

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, kw_only=True)
class Filled:
    """A database with so many events and its views; and how taking them in went."""

    url: str
    size: int
    imported: dict[str, object] = field(default_factory=dict)


def generated(folder: Path, size: int, *, mixed: bool) -> Path:
    """A file of so many generated events."""
    path = folder / f"generated-{size}.jsonl"
    with path.open("wb") as file:
        file.writelines(orjson.dumps(event) + b"\n" for event in Generator(size, mixed=mixed))
    return path


def treaties(folder: Path, archive: Path) -> tuple[Path, int]:
    """The acts of the treaty archive as a file of events, and how many; what is none is counted on standard output."""
    path = folder / "treaties.jsonl"
    converting.main(archive, path)
    os.environ["DEPOSITARY_ORGANISATIONS"] = str(ROOT / "tests" / "archives" / "states.json")
    with path.open("rb") as file:
        return path, sum(1 for _ in file)


def fill(url: str, path: Path, size: int) -> Filled:
    """Import a file of so many events, and fold them."""
    command(url, "db", "upgrade")
    took, megabytes = measured(url, "import", str(path))
    imported = {"import events/s": round(size / took), "import MB at most": megabytes}
    took = command(url, "rebuild")
    return Filled(url=url, size=size, imported={**imported, "first fold events/s": round(size / took)})


def rebuild(filled: Filled) -> dict[str, object]:
    """All views anew, and each alone."""
    found: dict[str, object] = {"all views events/s": round(filled.size / command(filled.url, "rebuild"))}
    for view in ("timeline", "tallies", "partnerships"):
        found[f"{view} events/s"] = round(filled.size / command(filled.url, "rebuild", view))
    return found


def command(url: str, *words: str) -> float:
    """Run a command of `depositary`; how many seconds it took."""
    return measured(url, *words)[0]


def measured(url: str, *words: str) -> tuple[float, int]:
    """As `command`; also how many MB it held at most."""
    began = time.perf_counter()
    done = [sys.executable, "-m", "service", *words]
    with subprocess.Popen(done, cwd=ROOT, env=environment(url), stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, done)
    return time.perf_counter() - began, usage.ru_maxrss // 1024


def environment(url: str) -> dict[str, str]:
    """The environment of a process of Depositary on a database."""
    return os.environ | {"DEPOSITARY_DATABASE_URL": url, "DEPOSITARY_LOG_LEVEL": "ERROR"}
