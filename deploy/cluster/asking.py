"""Small questions over HTTP to the cluster's own parts: a JSON answer, or None where nobody answers."""

from __future__ import annotations

import json
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen


def ask(address: str, seconds: float = 6.0) -> dict[str, Any] | None:
    """The body, also of an answer that says that something is wrong."""
    try:
        with urlopen(address, timeout=seconds) as answer:
            return _read(answer.read())
    except HTTPError as error:
        return _read(error.read())
    except OSError:
        return None


def _read(body: bytes) -> dict[str, Any] | None:
    try:
        read = json.loads(body)
    except ValueError:
        return None
    return read if isinstance(read, dict) else None
