"""The events that every contender stores: meetings of two parties, about 600 bytes each, the same every time."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent

Event = dict[str, Any]


def write(path: Path, size: int) -> None:
    """Write so many meetings to a file, one a line; it needs the product's own environment, reading needs nothing."""
    sys.path.insert(0, str(ROOT))
    from benchmarks.generator import Generator

    generator = Generator(size)
    with path.open("w", encoding="utf-8") as file:
        for nth in range(size):
            file.write(json.dumps(generator.act(nth), ensure_ascii=False, separators=(",", ":")) + "\n")


def lines(path: Path, skip: int = 0, count: int | None = None) -> Iterator[bytes]:
    """The events of a file as they were written."""
    with path.open("rb") as file:
        for line in islice(file, skip, None if count is None else skip + count):
            yield line.rstrip(b"\n")


def read(path: Path, skip: int = 0, count: int | None = None) -> list[Event]:
    """The events of a file."""
    return [json.loads(line) for line in lines(path, skip, count)]


def pair(event: Event) -> str:
    """Which two parties met, such as `CA FR`: what the tally counts by."""
    return " ".join(sorted(event["data"]["parties"]))
