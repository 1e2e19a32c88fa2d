"""Instants in microseconds since 1970 (UTC), and RFC 3339 texts read into them."""

from __future__ import annotations

import datetime as dt
import re
import time

from events.types import EPOCH

RFC3339 = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:)([0-9]{2})(?:\.([0-9]{1,20}))?([Zz]|[+-][0-9]{2}:[0-5][0-9])"
)


def now() -> int:
    """The clock of this machine."""
    return time.time_ns() // 1000


def parse_instant(text: str) -> int:
    """Microseconds since 1970 of an RFC 3339 instant (section 5.6); finer fractions are cut off.

    Raises ValueError with a sentence. A leap second counts as the last microsecond before it ends. Only the years
    0001 to 9999 in UTC exist, so that every instant can be written again.
    """
    match = RFC3339.fullmatch(text)
    if not match:
        raise ValueError("This must be an instant as RFC 3339 has it, such as 2025-11-05T12:00:00Z.")
    day, minutes, seconds, fraction, offset = match.groups()
    micros = int(((fraction or "") + "000000")[:6])
    leap = seconds == "60"
    if leap:
        seconds, micros = "59", 999_999
    try:
        moment = dt.datetime.fromisoformat(f"{day}T{minutes}{seconds}{'+00:00' if offset in 'Zz' else offset}")
        moment = moment.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise ValueError("This instant does not exist. Check the day, the hour and the offset.") from None
    if leap and (moment.hour, moment.minute) != (23, 59):
        raise ValueError("This instant does not exist. A leap second is the last of a day in UTC.")
    return (moment - EPOCH) // dt.timedelta(microseconds=1) + micros
