"""Log lines on standard error."""

from __future__ import annotations

import logging


def configure(level: str) -> None:
    """Set up logging for this process."""
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for noisy in ("apscheduler", "alembic"):
        logging.getLogger(noisy).setLevel("WARNING")
