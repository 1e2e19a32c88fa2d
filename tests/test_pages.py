"""The pages say what the interface says, work without JavaScript, and lose nothing that was typed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service.app import create_app
from service.pages.dates import heading, in_words
from service.problems import PROBLEMS
from service.settings import Settings
from tests import builders

ROOT = Path(__file__).resolve().parent.parent
VOID = {"meta", "link", "input", "br", "rect", "option"}
WINDOW = "since=2025-03-14&as_of=2025-11-05&formal=true"
PAGES = (
    "/en/",
    "/en/tallies",
    "/en/partnerships?status=all",
    "/en/parties",
    "/en/parties/GB",
    "/en/people",
    "/en/diff",
    "/en/editions",
    "/en/replay",
    "/en/sign-in",
    "/api/docs",
    "/problems/invalid",
)
HTML = {"Accept": "text/html"}


class Page(HTMLParser):
    """A page taken apart; a tag that is closed in the wrong order is an error."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def links(self) -> list[str]:
        return [each["href"] for each in self.all("a")]

    def field(self, name: str) -> dict[str, str]:
        return next(each for tag, each in self.tags if tag in ("input", "select") and each.get("name") == name)

    def listed(self) -> int:
        return sum(each.get("class") == "when" for each in self.all("p"))


@pytest.fixture
def reader(sample_app: Flask) -> FlaskClient:
    return sample_app.test_client()


@pytest.fixture
def writer(app: Flask) -> Iterator[tuple[FlaskClient, list[str]]]:
    """A record with a hostile title, a correction, a retraction, and dates that are not days."""
    database = app.extensions["depositary"].database
    hostile = builders.meeting(on="201X", title={"en": "<script>alert('1')</script>"}, note='"><img src=x>')
    ids = [each.id for each in builders.append(database, hostile, builders.meeting(), builders.meeting()).events]
    builders.append(database, builders.corrected(ids[1], {"title": {"en": "They met"}}), builders.retracted(ids[2]))
    builders.catch_up(database)
    return app.test_client(), ids


def page(client: FlaskClient, path: str, status: int = 200) -> Page:
    answer = client.get(path, headers=HTML)
    assert answer.status_code == status, (path, answer.text[:300])
    return Page(answer.text)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_whole_and_has_one_heading_a_language_and_a_title(reader: FlaskClient, path: str) -> None:
    shown = page(reader, path)
    assert [len(shown.all(tag)) for tag in ("h1", "main", "header", "footer")] == [1] * 4
    assert shown.all("html") == [{"lang": "en"}]
    assert shown.links()[0] == "#main"


@pytest.mark.parametrize("path", PAGES)
def test_every_field_has_a_label_and_every_id_is_one_of_its_kind(reader: FlaskClient, path: str) -> None:
    shown = page(reader, path)
    ids = [each["id"] for _, each in shown.tags if "id" in each]
    assert len(ids) == len(set(ids))
    labels = {each.get("for") for each in shown.all("label")}
    fields = [
        each for each in shown.all("input") + shown.all("select") if each.get("type") not in ("checkbox", "hidden")
    ]
    assert {each["id"] for each in fields} <= labels


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_no_script_and_no_style_within(reader: FlaskClient, path: str) -> None:
    answer = reader.get(path)
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; style-src 's")
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    for tag, attributes in Page(answer.text).tags:
        assert tag != "style"
        assert tag != "script" or attributes["src"].startswith("/static/")
        assert not any(name == "style" or name.startswith("on") for name in attributes)


def test_the_root_leads_to_the_timeline_with_its_query(client: FlaskClient) -> None:
    answer = client.get("/?party=CA")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/en/?party=CA")
    assert client.get("/de/", headers=HTML).status_code == 404


@pytest.mark.parametrize(
    ("wanted", "language"),
    [("fr-CA,fr;q=0.9,en;q=0.5", "fr"), ("en-GB,fr;q=0.9", "en"), ("de", "en"), ("", "en"), ("fr", "fr")],
)
def test_an_address_without_a_language_leads_to_the_one_that_is_preferred(
    client: FlaskClient, wanted: str, language: str
) -> None:
    for path in ("/", "/tallies", "/partnerships"):
        answer = client.get(f"{path}?as_of=2025-01-01", headers={"Accept-Language": wanted})
        assert answer.headers["Location"] == f"/{language}{path}?as_of=2025-01-01"
        assert "Accept-Language" in answer.vary


def test_the_same_page_in_the_other_language_keeps_its_state(reader: FlaskClient) -> None:
    state = f"tallies?{WINDOW}&party=GB&party=UA"
    english, french = page(reader, f"/en/{state}"), page(reader, f"/fr/{state}")
    assert f"/fr/{state}" in english.links()
    assert f"/en/{state}" in french.links()
    assert {each["hreflang"]: each["href"] for each in french.all("link") if "hreflang" in each} == {
        "en": f"http://localhost/en/{state}",
        "fr-CA": f"http://localhost/fr/{state}",
    }


def test_a_page_states_both_clocks(reader: FlaskClient) -> None:
    text = " ".join(page(reader, "/en/?as_of=2025-11-05&at_position=200").text.split())
    assert re.search(r"As of 5 November 2025 Known at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, position 200", text)


def test_a_page_is_as_of_today_when_no_day_is_given(reader: FlaskClient, sample_app: Flask) -> None:
    today = sample_app.extensions["depositary"].today().isoformat()
    for path in ("/en/", "/en/?as_of=", "/en/tallies", "/en/partnerships"):
        assert page(reader, path).all("time")[0]["datetime"] == today


def test_a_permalink_shows_the_same_and_is_asked_for_again(reader: FlaskClient) -> None:
    shown = page(reader, "/en/tallies?formal=true")
    link = next(each["data-copy"] for each in shown.all("p") if "data-copy" in each).removeprefix("http://localhost")
    assert link in shown.links()
    assert "as_of=" in link
    assert "at_position=" in link
    answer = reader.get(link)
    assert "immutable" not in answer.headers["Cache-Control"], "a later release may show the same otherwise"
    assert _after_the_clocks(Page(answer.text)) == _after_the_clocks(shown)
    assert reader.get(link, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def _after_the_clocks(shown: Page) -> str:
    return shown.text.partition("How often")[2].replace("Show now", "")


def test_the_tallies_figures_are_those_of_the_interface(reader: FlaskClient) -> None:
    told = reader.get(f"/api/v1/tallies?{WINDOW}").json["tallies"]
    figures = [each["aria-label"] for each in page(reader, f"/en/tallies?{WINDOW}").all("a") if "aria-label" in each]
    assert figures == [f"{row['count']} with {row['name']}" for row in told]


def test_every_figure_of_the_tallies_lists_exactly_that_many(reader: FlaskClient) -> None:
    figures = [each for each in page(reader, f"/en/tallies?{WINDOW}").all("a") if "aria-label" in each]
    assert len(figures) > 40
    for each in figures:
        assert page(reader, each["href"]).listed() == int(each["aria-label"].split()[0])


def test_every_count_beside_the_timeline_lists_exactly_that_many(reader: FlaskClient) -> None:
    html = reader.get("/en/?as_of=2025-11-05&limit=500&until=2025-06-30").text
    counts = re.findall(r'<li><a href="([^"]*)">[^<]*</a> <span class="count">(\d+)</span>', html)
    assert len(counts) > 30
    for href, count in counts:
        assert page(reader, href.replace("&amp;", "&")).listed() == int(count)


def test_paging_shows_every_action_once(reader: FlaskClient) -> None:
    path: str | None = "/en/?as_of=2025-11-05&limit=100"
    seen: list[str] = []
    while path:
        shown = page(reader, path)
        seen += [link for link in shown.links() if link.startswith("/en/actions/")]
        path = next((each["href"] for each in shown.all("a") if each.get("rel") == "next"), None)
    assert len(seen) == len({urlsplit(link).path for link in seen}) == 295


def test_every_link_of_the_pages_leads_somewhere(reader: FlaskClient) -> None:
    starts = ("/en/?as_of=2025-11-05&limit=20", f"/en/tallies?{WINDOW}&limit=20", "/en/partnerships?status=all")
    links = {link for path in (*starts, *PAGES[3:]) for link in page(reader, path).links() if link.startswith("/")}
    links |= {link for link in page(reader, sorted(links & set(_actions(links)))[0]).links() if link.startswith("/")}
    assert len(links) > 80
    assert {link: status for link in links if (status := reader.get(link).status_code) != 200} == {}


def _actions(links: set[str]) -> list[str]:
    return [link for link in links if link.startswith("/en/actions/")]


def test_links_keep_both_clocks(reader: FlaskClient) -> None:
    shown = page(reader, "/en/?as_of=2025-11-05&at_position=200")
    inside = [link for link in shown.links() if link.startswith("/en/") and link not in ("/en/", "/en/diff")]
    now = [link for link in inside if "as_of=2025-11-05" not in link or "at_position=200" not in link]
    assert now == []


def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(reader: FlaskClient) -> None:
    shown = page(reader, "/en/?q=trade&party=JP&party=UK&since=tomorrow", 422)
    assert shown.field("since")["value"] == "tomorrow"
    assert shown.field("since")["aria-describedby"] == "since-fault"
    assert shown.field("q")["value"] == "trade"
    wrong = next(each for each in shown.all("input") if each.get("value") == "UK")
    assert (wrong["id"], wrong["aria-invalid"]) == ("party-1", "true")
    assert "Write GB." in shown.text
    assert {"role": "alert", "class": "alert"} in shown.all("div")


@pytest.mark.parametrize(
    "path",
    [
        "/en/?at_position=9999",
        "/en/?known_at=2025-01-01T00:00:00Z&at_position=2",
        "/en/?cursor=x",
        "/en/?colour=red",
        "/en/?kind=party",
        "/en/?formal=maybe",
        "/en/tallies?of=UK",
        "/en/tallies?mode=telex",
        "/en/partnerships?status=lost",
    ],
)
def test_every_wrong_value_is_answered_with_the_form(reader: FlaskClient, path: str) -> None:
    shown = page(reader, path, 422)
    assert shown.all("form")
    name, _, value = path.partition("?")[2].rpartition("&")[2].partition("=")
    if name not in ("cursor", "colour"):
        options = [each.get("value") for each in shown.all("input") + shown.all("option")]
        assert value in options


def test_the_page_of_an_action_tells_all_that_was_changed(writer: tuple[FlaskClient, list[str]]) -> None:
    client, ids = writer
    shown = page(client, f"/en/actions/{ids[1]}")
    assert all(words in shown.text for words in ("They meet", "They met", "it was wrong", "title/en", "Corrected"))
    assert "corrected" in page(client, "/en/").text


def test_the_page_of_a_retracted_action_says_so_with_410(writer: tuple[FlaskClient, list[str]]) -> None:
    client, ids = writer
    shown = page(client, f"/en/actions/{ids[2]}", 410)
    assert "it did not happen" in shown.text
    assert page(client, "/en/").listed() == 2
    assert page(client, "/en/?retracted=include").listed() == 3


def test_an_action_not_known_has_a_page_that_says_so(reader: FlaskClient) -> None:
    assert "There is no action" in page(reader, "/en/actions/nothing", 404).text


def test_a_hostile_title_is_shown_as_text(writer: tuple[FlaskClient, list[str]]) -> None:
    client, ids = writer
    for path in ("/en/", f"/en/actions/{ids[0]}"):
        shown = page(client, path)
        assert "<script>alert('1')</script>" in shown.text
        assert all(each["src"].startswith("/static/") for each in shown.all("script"))
        assert not shown.all("img")


def test_an_empty_record_says_how_to_begin(app: Flask, client: FlaskClient) -> None:
    builders.catch_up(app.extensions["depositary"].database)
    shown = page(client, "/en/")
    assert "depositary token create" in shown.text
    assert "depositary demo" in shown.text


def test_tallies_ask_whose_meetings_when_no_home_is_set(url: str) -> None:
    app = create_app(Settings(database_url=url))
    try:
        assert page(app.test_client(), "/en/tallies").field("of")["value"] == ""
    finally:
        app.extensions["depositary"].close()


def test_the_description_names_every_call_and_every_kind(client: FlaskClient) -> None:
    text = page(client, "/api/docs").text
    for path in client.get("/api/openapi.json").json["paths"]:
        assert path in text
    assert "in_person · phone · video" in text


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_problem_is_explained(client: FlaskClient, name: str) -> None:
    assert PROBLEMS[name].title in page(client, f"/problems/{name}").text


@pytest.mark.parametrize("ending", ["css", "js"])
def test_what_pages_load_beside_their_text_is_small(ending: str) -> None:
    files = sorted((ROOT / "service" / "static").glob(f"*.{ending}"))
    assert sum(file.stat().st_size for file in files) <= 30_000


def test_a_page_of_the_timeline_is_small(reader: FlaskClient) -> None:
    assert len(reader.get("/en/").data) < 60_000


def test_the_style_sheet_is_kept_until_it_changes(client: FlaskClient) -> None:
    address = page(client, "/problems/busy").all("link")[1]["href"]
    assert "immutable" in client.get(address).headers["Cache-Control"]
    assert client.get("/static/style.css?v=old").headers["Cache-Control"] == "no-cache"
    assert client.get("/static/../app.py", headers=HTML).status_code == 404


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2025-10-30", "30 October 2025"),
        ("2007", "in 2007"),
        ("2025-06", "in June 2025"),
        ("2025-06-XX", "in June 2025"),
        ("2025-XX-XX", "in 2025"),
        ("201X", "between 2010 and 2019"),
        ("19XX", "between 1900 and 1999"),
        ("2025-10-30?", "30 October 2025 (uncertain)"),
        ("2025-10~", "about October 2025"),
        ("2007%", "about 2007 (uncertain)"),
        ("[2025-06-22..2025-06-23]", "22 or 23 June 2025"),
        ("[2025-10-31..2025-11-01]", "31 October or 1 November 2025"),
        ("[2025-10-30..2025-11-01]", "between 30 October and 1 November 2025"),
        ("[2024..2025]", "2024 or 2025"),
        ("[2019..2025]", "between 2019 and 2025"),
        ("2025-06-24/2025-06-25", "24–25 June 2025"),
        ("2025-10-29/2025-11-01", "29 October – 1 November 2025"),
        ("2024-12-30/2025-01-02", "30 December 2024 – 2 January 2025"),
        ("2024/2025-03", "2024 – March 2025"),
        ("2025-10-29~/2025-11-01?", "about 29 October 2025 – 1 November 2025 (uncertain)"),
        ("0987-03-01", "1 March 987"),
    ],
)
def test_a_date_in_words_is_never_more_precise_than_it_is_known(text: str, words: str) -> None:
    assert in_words(text) == words


@pytest.mark.parametrize(
    ("text", "over"),
    [
        ("2025-10-30", "October 2025"),
        ("2025-10", "October 2025"),
        ("[2025-10-30..2025-11-01]", "October 2025"),
        ("2007~", "2007"),
        ("201X", "Between 2010 and 2019"),
    ],
)
def test_an_action_stands_under_its_month_or_what_is_known(text: str, over: str) -> None:
    assert heading(text) == over


@pytest.mark.parametrize("scheme", [0, 1])
def test_every_colour_of_text_is_readable_on_every_ground(scheme: int) -> None:
    css = (ROOT / "service" / "static" / "style.css").read_text(encoding="utf-8")
    schemes = [
        dict(re.findall(r"--(\w[\w-]*): (#\w{6})", block)) for block in re.findall(r":root[^{]* \{(.*?)\}", css, re.S)
    ]
    colours = schemes[scheme]
    assert schemes[1] == schemes[2], "dark by the system and dark by choice are one"
    for ground in ("paper", "wash"):
        for ink in ("ink", "soft", "link", "accent", "bad"):
            assert _contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
        assert _contrast(colours["edge"], colours[ground]) >= 3
    assert _contrast(colours["bad"], colours["bad-wash"]) >= 4.5
    assert _contrast(colours["bar"], colours["paper"]) >= 3


def _contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
