"""Instants are read as RFC 3339 has them, and nothing else is taken for one."""

from __future__ import annotations

import datetime as dt
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.clock import now, parse_instant
from events.types import EPOCH, instant_text

ZONES = st.integers(-(23 * 60 + 59), 23 * 60 + 59).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes)))
INSTANTS = st.datetimes(dt.datetime(2, 1, 1), dt.datetime(9998, 12, 31, 23, 59, 59, 999_999), timezones=ZONES)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z"),
        ("1985-04-12T23:20:50.52Z", "1985-04-12T23:20:50.520000Z"),  # RFC 3339, section 5.8, as the next two
        ("1996-12-19T16:39:57-08:00", "1996-12-20T00:39:57.000000Z"),
        ("1937-01-01T12:00:27.87+00:20", "1937-01-01T11:40:27.870000Z"),
        ("2025-10-30t09:15:00z", "2025-10-30T09:15:00.000000Z"),
        ("2025-10-30 09:15:00Z", "2025-10-30T09:15:00.000000Z"),
        ("2025-10-30T09:15:00-00:00", "2025-10-30T09:15:00.000000Z"),
        ("2025-10-30T09:15:00+05:45", "2025-10-30T03:30:00.000000Z"),
        ("2025-10-30T09:15:00+23:59", "2025-10-29T09:16:00.000000Z"),
        ("2024-02-29T23:59:59-00:01", "2024-03-01T00:00:59.000000Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_an_instant_is_read_in_any_offset(text: str, written: str) -> None:
    assert instant_text(parse_instant(text)) == written


@pytest.mark.parametrize(
    ("fraction", "micros"),
    [("5", 500_000), ("000001", 1), ("0000009", 0), ("1234567", 123_456), ("9999999", 999_999), ("9" * 20, 999_999)],
)
def test_what_is_finer_than_a_microsecond_is_cut_off(fraction: str, micros: int) -> None:
    assert parse_instant(f"1970-01-01T00:00:00.{fraction}Z") == micros
    assert parse_instant(f"1969-12-31T23:59:59.{fraction}Z") == micros - 1_000_000


@pytest.mark.parametrize(
    "text",
    ["1990-12-31T23:59:60Z", "1990-12-31T15:59:60-08:00", "1990-12-31T23:59:60.000Z", "1991-01-01T08:59:60.9+09:00"],
)
def test_a_leap_second_is_the_end_of_the_second_before(text: str) -> None:
    assert instant_text(parse_instant(text)) == "1990-12-31T23:59:59.999999Z"
    assert parse_instant(text) < parse_instant("1991-01-01T00:00:00Z")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2025-10-30",
        "2025-10-30T09:15Z",
        "2025-10-30T09:15:00",
        "2025-10-30T09:15:00.Z",
        "2025-10-30T09:15:00,5Z",
        "2025-10-30T09:15:00.123456789012345678901Z",
        "2025-10-30T09:15:00+0900",
        "2025-10-30T09:15:00+09",
        "2025-10-30T09:15:00+09:00:00",
        "2025-10-30T09:15:00 +09:00",
        "2025-10-30T09:15:00\N{MINUS SIGN}09:00",
        "2025-10-30T09:15:00+05:60",
        "20251030T091500Z",
        "2025-W44-4T09:15:00Z",
        "25-10-30T09:15:00Z",
        "+2025-10-30T09:15:00Z",
        "2025-10-30T9:15:00Z",
        "2025-10-30T09:15:00Z\n",
        " 2025-10-30T09:15:00Z",
        "２０２５-10-30T09:15:00Z",
        "٢٠٢٥-10-30T09:15:00Z",
        "1761815700",
        "now",
    ],
)
def test_what_is_not_rfc_3339_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be an instant as RFC 3339 has it"):
        parse_instant(text)


@pytest.mark.parametrize(
    "text",
    [
        "2025-02-29T00:00:00Z",
        "2025-13-01T00:00:00Z",
        "2025-00-01T00:00:00Z",
        "2025-10-32T00:00:00Z",
        "2025-10-30T24:00:00Z",
        "2025-10-30T09:60:00Z",
        "2025-10-30T09:15:61Z",
        "2025-10-30T09:15:60Z",
        "1990-12-31T23:59:60+01:00",
        "2025-10-30T09:15:00+24:00",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-23:59",
    ],
)
def test_an_instant_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="does not exist"):
        parse_instant(text)


@given(moment=INSTANTS)
def test_what_is_written_is_read_back(moment: dt.datetime) -> None:
    micros = parse_instant(moment.isoformat())
    assert micros == (moment - EPOCH) // dt.timedelta(microseconds=1)
    assert parse_instant(instant_text(micros)) == micros


@given(text=st.text("0123456789-:.TtZz +", max_size=30))
def test_any_text_is_an_instant_or_refused(text: str) -> None:
    try:
        instant = parse_instant(text)
    except ValueError:
        return
    assert parse_instant(instant_text(instant)) == instant


def test_now_is_in_microseconds_of_this_machine() -> None:
    before = time.time()
    assert before - 1 <= now() / 1_000_000 <= time.time() + 1
