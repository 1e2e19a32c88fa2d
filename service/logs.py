"""Log lines on standard error, each with the id of the request it belongs to: as text, or as one JSON object a line."""

from __future__ import annotations

import datetime as dt
import logging
import sys
from contextvars import ContextVar

import orjson

request_id: ContextVar[str] = ContextVar("request_id", default="-")
"""The request that is being answered."""


def configure(level: str, form: str = "text") -> None:
    """Set up logging for this process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_with_request)
    plain = logging.Formatter("%(asctime)s %(levelname)s %(name)s [%(request)s] %(message)s")
    handler.setFormatter(_Json() if form == "json" else plain)
    logging.basicConfig(level=level, handlers=[handler])
    for noisy in ("apscheduler", "alembic"):
        logging.getLogger(noisy).setLevel("WARNING")


def _with_request(record: logging.LogRecord) -> bool:
    record.request = request_id.get()
    return True


class _Json(logging.Formatter):
    """`time` (RFC 3339), `level`, `logger`, `request`, `message`, facts of the request, and `error` with its trace."""

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON."""
        line = {
            "time": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "request": getattr(record, "request", "-"),
            "message": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()
