import calendar
import datetime
import time

import edtf as second_opinion
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.edtf import InvalidDate, Span, day, parse

D = datetime.date
YEARS = st.integers(1, 9999)
QUALIFIERS = st.sampled_from(["", "?", "~", "%"])


def span(earliest: str, latest: str, end: str | None = None) -> Span:
    last = D.fromisoformat(end) if end else None
    return Span(earliest=D.fromisoformat(earliest), latest=D.fromisoformat(latest), end=last)


@st.composite
def dates(draw: st.DrawFn) -> tuple[str, D, D]:
    """A date that is neither interval nor range, with bounds found by looking at a calendar."""
    on = draw(st.dates())
    year, month, mark = f"{on.year:04}", f"{on.month:02}", draw(QUALIFIERS)
    first, last = on.replace(day=1), on.replace(day=calendar.monthrange(on.year, on.month)[1])
    forms = [
        (f"{on.isoformat()}{mark}", on, on),
        (f"{year}-{month}{mark}", first, last),
        (f"{year}-{month}-XX", first, last),
        *((form, D(on.year, 1, 1), D(on.year, 12, 31)) for form in (f"{year}{mark}", f"{year}-XX", f"{year}-XX-XX")),
    ]
    if on.year >= 10:
        forms.append((f"{year[:3]}X", D(on.year // 10 * 10, 1, 1), D(on.year // 10 * 10 + 9, 12, 31)))
    if on.year >= 100:
        forms.append((f"{year[:2]}XX", D(on.year // 100 * 100, 1, 1), D(on.year // 100 * 100 + 99, 12, 31)))
    return draw(st.sampled_from(forms))


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("2025-10-30", ("2025-10-30", "2025-10-30")),
        ("2024-02-29~", ("2024-02-29", "2024-02-29")),
        ("2025-02", ("2025-02-01", "2025-02-28")),
        ("2024-02%", ("2024-02-01", "2024-02-29")),
        ("2025?", ("2025-01-01", "2025-12-31")),
        ("2025-10-XX", ("2025-10-01", "2025-10-31")),
        ("2025-XX", ("2025-01-01", "2025-12-31")),
        ("2025-XX-XX", ("2025-01-01", "2025-12-31")),
        ("202X", ("2020-01-01", "2029-12-31")),
        ("001X", ("0010-01-01", "0019-12-31")),
        ("20XX", ("2000-01-01", "2099-12-31")),
        ("01XX", ("0100-01-01", "0199-12-31")),
        ("0001", ("0001-01-01", "0001-12-31")),
        ("9999-12-31", ("9999-12-31", "9999-12-31")),
        ("99XX", ("9900-01-01", "9999-12-31")),
        ("[2025-02..2025-04]", ("2025-02-01", "2025-04-30")),
        ("[2025-02-XX..20XX]", ("2025-02-01", "2099-12-31")),
        ("[2025?..2026-05-01~]", ("2025-01-01", "2026-05-01")),
    ],
)
def test_the_bounds_of_a_date_are_its_first_and_last_day(text: str, bounds: tuple[str, str]) -> None:
    assert parse(text) == span(*bounds)


def test_an_interval_has_the_bounds_of_its_beginning_and_the_end_of_its_end() -> None:
    assert parse("2025-02/2025-04?") == span("2025-02-01", "2025-02-28", end="2025-04-30")


def test_an_interval_may_end_within_the_time_in_which_it_may_have_begun() -> None:
    assert parse("2025/2025-03") == span("2025-01-01", "2025-12-31", end="2025-03-31")


def test_a_day_of_one_day_is_not_an_interval() -> None:
    assert parse("2025-10-30").end is None
    assert parse("2025-10-30/2025-10-30").end == D(2025, 10, 30)


@pytest.mark.parametrize(
    "text",
    [
        *["", " ", "2025-10-30\n", " 2025", "2025 ", "\n", "today", "null", "2025-10-30T10:00:00Z", "2025-10-30 10:00"],
        *["0000", "0000-01-01", "0000?", "0000-XX", "000X", "00XX", "0010X", "12025", "-2025", "+2025", "Y2025", "25"],
        *["2025-13", "2025-00", "2025-21", "2025-13-XX", "2025-00-01", "2025-02-29", "2025-02-30", "2025-10-00"],
        *["2025-1", "2025-1-1", "20251030", "2025-W01", "2025-W01-1", "2025-303", "10/30/2025", "2025/10/30"],
        *["XXXX", "2XXX", "20X5", "2025-1X", "2025-XX-30", "2025-10-3X", "202X-05", "20XX-XX", "202x", "2025-xx"],
        *["202X?", "20XX~", "2025-XX%", "2025-10-XX?", "?2025", "2025?-10", "2025-10?-30", "2025??", "2025?~"],
        *["2025/..", "../2025", "2025/", "/2025", "/", "..", "[2025..]", "[..2025]", "[..]", "[]", "2025..2026"],
        *["[2025/2026]", "[2025]", "[2025,2026]", "{2025..2026}", "[2025..2026..2027]", "2024/2025/2026"],
        *["[2024..2025]/2026", "2024/[2025..2026]", "[[2024..2025]..2026]", "[2024/2025..2026]", "[2025..2026]?"],
        *["2025-05/2025-04", "2026/2025", "[2025-05..2025-04]", "[2025 .. 2026]", "2025 / 2026", "[2025...2026]"],
        *["٢٠٢٥-١٠-٣٠", "２０２５", "２０２５-１０-３０", "2025‐10‐30", "2025–10–30", "2025-10-30\0", "²025", "\ud800"],
    ],
)
def test_what_is_no_date_of_the_profile_is_refused_in_one_printable_line(text: str) -> None:
    with pytest.raises(InvalidDate) as refusal:
        parse(text)
    assert str(refusal.value).isprintable()
    assert str(refusal.value).endswith((".", ")."))


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("2025-02-30", "2025-02-30 is not a day of the calendar. Give a real day, or only the month (2025-02)."),
        ("2025-13", "There is no month 13. Give a month from 01 to 12, or only the year (2025)."),
        (
            "2025-02-01/2025-02-30",
            "2025-02-30 is not a day of the calendar. Give a real day, or only the month (2025-02).",
        ),
        ("000X", "There is no year 0000. Give a year from 0001 to 9999."),
        ("2025/..", "2025/.. has an open end. Give both ends, however roughly (a month, a year, 20XX)."),
        ("2026/2025", "2026/2025 ends before it begins. Put the earlier date first."),
        ("202X?", "202X? has both an X and a ?. Use one or the other."),
        (
            "2025-10-30T10:00Z",
            "2025-10-30T10:00Z has a time of day. Give the civil day at the place, without a time (2025-10-30).",
        ),
    ],
)
def test_a_refusal_says_what_to_do(text: str, advice: str) -> None:
    with pytest.raises(InvalidDate) as refusal:
        parse(text)
    assert str(refusal.value) == advice


@pytest.mark.parametrize("text", ["2" * 10_000_000, "[" + "2025.." * 1_000_000 + "]", "2025/" * 1_000_000])
def test_a_huge_text_is_refused_at_once_and_not_repeated(text: str) -> None:
    began = time.perf_counter()
    with pytest.raises(InvalidDate) as refusal:
        parse(text)
    assert len(str(refusal.value)) < 300
    assert time.perf_counter() - began < 1


def test_a_day_is_a_plain_day() -> None:
    assert day("2024-02-29") == D(2024, 2, 29)


@pytest.mark.parametrize(
    "text",
    [
        *["", "2025", "2025-10", "2025-10-30?", "2025-10-XX", "2025-10-30/2025-10-31", "2025-02-29", "0000-01-01"],
        *["20251030", "2025-W01-1", "2025-10-30\n", "２０２５-１０-３０", "2025-13-01", "2" * 1000],
    ],
)
def test_what_is_not_a_plain_day_is_refused_as_a_day(text: str) -> None:
    with pytest.raises(InvalidDate):
        day(text)


@given(st.dates())
def test_every_day_of_the_calendar_is_read(on: D) -> None:
    assert parse(on.isoformat()) == Span(earliest=on, latest=on, end=None)
    assert day(on.isoformat()) == on


@given(YEARS, st.integers(0, 99), st.integers(0, 99))
def test_a_day_is_accepted_exactly_when_the_calendar_has_it(year: int, month: int, number: int) -> None:
    text = f"{year:04}-{month:02}-{number:02}"
    try:
        assert day(text) == D(year, month, number)
    except InvalidDate:
        with pytest.raises(ValueError, match=r"month|day"):
            D(year, month, number)


@given(dates())
def test_bounds_agree_with_the_calendar(date: tuple[str, D, D]) -> None:
    text, earliest, latest = date
    assert parse(text) == Span(earliest=earliest, latest=latest, end=None)


@given(dates(), dates())
def test_two_dates_in_order_make_an_interval_and_a_range(first: tuple[str, D, D], last: tuple[str, D, D]) -> None:
    (a, a_earliest, a_latest), (b, _, b_latest) = first, last
    if a_earliest > b_latest:
        for text in (f"{a}/{b}", f"[{a}..{b}]"):
            with pytest.raises(InvalidDate):
                parse(text)
    else:
        assert parse(f"{a}/{b}") == Span(earliest=a_earliest, latest=a_latest, end=b_latest)
        assert parse(f"[{a}..{b}]") == Span(earliest=a_earliest, latest=b_latest, end=None)


@given(st.text(alphabet="0129-X?~%/[]. ", max_size=24))
def test_any_text_is_either_refused_or_has_bounds_in_order(text: str) -> None:
    try:
        found = parse(text)
    except InvalidDate:
        return
    assert found.earliest <= found.latest
    assert found.end is None or found.earliest <= found.end


@settings(deadline=None)  # the first call builds tables
@given(date=dates())
def test_the_edtf_library_gives_the_same_bounds(date: tuple[str, D, D]) -> None:
    """Single dates only: of ranges it refuses some that we take (X at an end)."""
    theirs = second_opinion.parse_edtf(date[0])
    ours = parse(date[0])
    assert (ours.earliest.timetuple()[:3], ours.latest.timetuple()[:3]) == (
        theirs.lower_strict()[:3],
        theirs.upper_strict()[:3],
    )
