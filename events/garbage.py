"""How often Python looks for cycles among its objects: rarely, since our many small ones hold none."""

from __future__ import annotations

import gc

THRESHOLDS = (50_000, 20, 50)
"""At Python's own, looking took half the time of an import."""


def settle() -> None:
    """Leave out what was loaded at the start, and look less often. Call it once a process is ready to work."""
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
