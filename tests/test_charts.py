"""The charts say what the interface says, in every form; whatever is typed into them stays text."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterator
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service.charts import png, text
from service.charts.frame import NARROW, Frame
from service.charts.lines import Line, lines
from service.charts.tables import cell
from service.pages.tally_files import PICTURES
from tests import golden
from tests.conftest import Databases
from tests.golden import SELECT, WINDOW

FORMS = ("svg", "png", "csv", "json", "vl.json")
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '</title><script>alert("1")</script>&'


@pytest.fixture(scope="module")
def noon(databases: Databases) -> Iterator[Flask]:
    """The sample record, recorded at noon, on an application for which it is noon; nothing is written to it."""
    app = golden.application(databases.new())
    yield app
    app.extensions["depositary"].close()


@pytest.fixture(scope="module")
def reader(noon: Flask) -> FlaskClient:
    return noon.test_client()


def drawn(client: FlaskClient, path: str) -> ElementTree.Element:
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
    return ElementTree.fromstring(answer.data)


def shown(picture: ElementTree.Element) -> str:
    return "\n".join(each.text or "" for each in picture.iter(f"{SVG}text"))


@pytest.mark.parametrize(("name", "path"), golden.CHARTS.items())
def test_a_chart_of_the_sample_is_drawn_as_it_was(reader: FlaskClient, name: str, path: str) -> None:
    assert reader.get(path).text == (golden.FOLDER / name).read_text(encoding="utf-8"), "see tests/golden.py"


def test_every_number_of_the_picture_is_the_interfaces(reader: FlaskClient) -> None:
    told = reader.get(f"/api/v1/tallies?{WINDOW}").json["tallies"]
    bars = drawn(reader, f"/en/tallies.svg?{WINDOW}").findall(f"{SVG}a")
    assert [bar.findtext(f"{SVG}title") for bar in bars] == [f"{row['count']} with {row['name']}" for row in told]
    assert [bar.findall(f"{SVG}text")[1].text for bar in bars] == [str(row["count"]) for row in told]
    told_apart = drawn(reader, f"/en/tallies.svg?{WINDOW}").findtext(f"{SVG}desc")
    assert told_apart == "; ".join(f"{row['name']}: {row['count']}" for row in told)


@pytest.mark.parametrize("chart", ["bars", "lines"])
def test_every_bar_and_line_leads_to_exactly_as_many_meetings_as_it_says(reader: FlaskClient, chart: str) -> None:
    links = drawn(reader, f"/en/tallies.svg?{SELECT}&chart={chart}").findall(f"{SVG}a")
    assert len(links) == 9
    for link in links:
        page = reader.get(link.attrib["href"]).text
        assert page.count('<p class="when">') == int((link.findtext(f"{SVG}title") or "").split()[0])


def test_ties_stand_by_name_in_the_language_of_the_chart(reader: FlaskClient) -> None:
    rows = reader.get(f"/fr/tallies.json?{SELECT}").json["tallies"]
    assert [row["name"] for row in rows[:4]] == ["Royaume-Uni", "Ukraine", "États-Unis", "Mexique"]


def test_what_may_lie_in_the_window_is_drawn_apart(reader: FlaskClient) -> None:
    picture = drawn(reader, "/en/tallies.svg?since=2025-10-31&as_of=2025-11-05&formal=true&party=AU")
    assert len(picture.findall(f".//{SVG}rect[@class='maybe']")) == 2, "the bar's, and that of the legend"
    assert "0 + 1 possible" in shown(picture)


def test_a_title_is_made_from_the_filters_when_none_is_given(reader: FlaskClient) -> None:
    titles = {
        SELECT: "Canada: formal bilateral meetings with select parties since 14 March 2025",
        "of=JP": "Japan: bilateral meetings",
        f"{WINDOW}&title=Who+met": "Who met",
    }
    for query, title in titles.items():
        assert drawn(reader, f"/en/tallies.svg?{query}").findtext(f"{SVG}title") == title


def test_the_picture_states_both_clocks_whatever_is_written_over_them(reader: FlaskClient) -> None:
    words = " ".join(shown(drawn(reader, f"/en/tallies.svg?{WINDOW}&subtitle=So+there&credit=Me")).split())
    assert "So there" in words
    assert "Me Counted: meetings of exactly two parties, one of them Canada; formal only; since 14 March" in words
    assert "As of 5 November 2025, as known at 2025-11-06 12:00:00 UTC (position 295)" in words
    assert "as_of=2025-11-05&at_position=295" in words.replace(" ", "")


@pytest.mark.parametrize("field", ["title", "subtitle", "credit"])
def test_what_is_typed_stays_text(reader: FlaskClient, field: str) -> None:
    picture = drawn(reader, f"/en/tallies.svg?{SELECT}&{field}={HOSTILE.replace('&', '%26')}")
    assert 'alert("1")' in shown(picture).replace("\n", "")
    assert {each.tag for each in picture.iter()} & {f"{SVG}script", f"{SVG}style"} == set()
    page = reader.get(f"/en/tallies?{SELECT}&{field}={HOSTILE.replace('&', '%26')}").text
    assert "<script>alert" not in page


def test_control_characters_and_long_texts_are_refused(reader: FlaskClient) -> None:
    for value in ("a%00b", "%1b", "x" * 301):
        for path in ("/en/tallies.svg", "/en/tallies", "/en/tallies.png"):
            assert reader.get(f"{path}?title={value}").status_code == 422


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_asked_for_again_and_is_not_kept_for_ever(reader: FlaskClient, form: str) -> None:
    answer = reader.get(f"/en/tallies.{form}?{SELECT}&at_position=295")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache")
    again = reader.get(
        f"/en/tallies.{form}?{SELECT}&at_position=295", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert again.status_code == 304
    assert reader.get(f"/en/tallies.{form}?colour=red").status_code == 422


def test_the_png_says_where_it_is_from_and_what_it_stands_for(reader: FlaskClient) -> None:
    answer = reader.get(f"/en/tallies.png?{SELECT}&title=Who+met")
    told = png.about(answer.data)
    assert answer.mimetype == "image/png"
    assert told["Title"] == "Who met"
    assert told["known_at"].startswith("2025-11-06T12:00:00")
    assert (told["as_of"], told["position"]) == ("2025-11-05", "295")
    assert "title=Who+met&as_of=2025-11-05&at_position=295" in told["Source"]


def test_a_png_that_cannot_be_drawn_is_501_with_the_reason(noon: Flask) -> None:
    noon.extensions[PICTURES] = lambda: png.renderer(library="no_such_library")
    answer = noon.test_client().get("/en/tallies.png")
    del noon.extensions[PICTURES]
    assert (answer.status_code, answer.json["type"]) == (501, "/problems/not-implemented")
    assert "no_such_library" in answer.json["detail"]


@pytest.mark.parametrize(("library", "font"), [("no_such_library", png.FONT), (png.LIBRARY, "no_such_font")])
def test_what_is_missing_is_named(library: str, font: str) -> None:
    with pytest.raises(png.Unavailable, match="no_such"):
        png.renderer(library=library, font=font)


def test_csv_says_first_what_it_stands_for_and_then_the_interfaces_figures(reader: FlaskClient) -> None:
    told = reader.get(f"/api/v1/tallies?{WINDOW}").json["tallies"]
    rows = list(csv.reader(io.StringIO(reader.get(f"/en/tallies.csv?{WINDOW}").data.decode("utf-8-sig"))))
    about = dict(rows[: rows.index([])])
    assert (about["# as_of"], about["# position"], about["# filter formal"]) == ("2025-11-05", "295", "true")
    table = rows[rows.index([]) + 1 :]
    assert [(row[0], int(row[2])) for row in table[1:]] == [(row["party"], row["count"]) for row in told]


def test_json_and_vega_hold_the_interfaces_figures(reader: FlaskClient) -> None:
    told = [(row["name"], row["count"]) for row in reader.get(f"/api/v1/tallies?{WINDOW}").json["tallies"]]
    assert [(row["name"], row["count"]) for row in reader.get(f"/en/tallies.json?{WINDOW}").json["tallies"]] == told
    vega = reader.get(f"/en/tallies.vl.json?{WINDOW}").json
    assert [(each["party"], each["meetings"]) for each in vega["data"]["values"]] == told
    assert vega["$schema"].endswith("/vega-lite/v6.json")
    assert (vega["usermeta"]["position"], vega["usermeta"]["as_of"]) == (295, "2025-11-05")


def test_lines_hold_the_steps_of_the_interface(reader: FlaskClient) -> None:
    steps = reader.get(f"/api/v1/tallies/series?{SELECT}").json["steps"]
    assert reader.get(f"/en/tallies.json?{SELECT}&chart=lines").json["steps"] == steps


def test_the_page_holds_the_picture_and_offers_every_form(reader: FlaskClient) -> None:
    page = reader.get(f"/en/tallies?{SELECT}").text
    assert page.count("<svg") == 2
    for form in FORMS:
        link = re.search(rf'href="([^"]*/tallies\.{re.escape(form)}\?[^"]*)" download', page)
        assert link
        assert reader.get(link[1].replace("&amp;", "&")).status_code == 200


@pytest.mark.parametrize("name", ["timeline", "partnerships", "people", "parties"])
def test_every_list_has_its_files_which_say_what_they_stand_for(reader: FlaskClient, name: str) -> None:
    told = reader.get(f"/en/{name}.json?at_position=200").json
    assert (told["position"], told["as_of"], told["filters"]) == (200, "2025-11-06", {})
    interface = reader.get(f"/api/v1/{name}?at_position=200&as_of=2025-11-06&limit=500").json["items"]
    assert len(told["items"]) == len(interface) > 3
    table = reader.get(f"/fr/{name}.csv?at_position=200").data.decode("utf-8-sig")
    assert "# position,200\r\n" in table
    assert len(list(csv.reader(io.StringIO(table.partition("\r\n\r\n")[2])))) == len(interface) + 1


def test_a_list_cut_short_leads_on(reader: FlaskClient) -> None:
    first = reader.get("/en/people.json?limit=2&party=CA").json
    rest = reader.get(first["next"]).json
    assert first["items"] + rest["items"] == reader.get("/en/people.json?party=CA").json["items"][:4]


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "＝1"])
def test_no_cell_is_a_formula(value: str) -> None:
    assert str(cell(value)).startswith("'")
    assert cell(-1) == -1


def test_a_text_is_broken_and_cut_to_its_room() -> None:
    for made in (text.lines("word " * 60, 14, 200, 3), text.lines("w" * 300, 14, 200, 3, bold=True)):
        assert len(made) == 3
        assert all(text.width(line, 14) <= 200 for line in made)
        assert made[-1].endswith("…")
    assert text.clean("a\u0000b\u202ec\nd") == "a b c d"


def test_names_at_the_ends_of_lines_never_touch() -> None:
    day = dt.date(2025, 1, 1)
    rows = [Line(name=str(n), steps=[(day, 1)], label=f"Party {n} 1", words="", href=None) for n in range(30)]
    frame = Frame(title="t", subtitle="s", notes=[], told="", width=NARROW)
    made = ElementTree.fromstring(lines(frame, rows, (day, day), lambda month, year: "Jan", empty=""))
    heights = sorted(float(each.attrib["y"]) for each in made.iter(f"{SVG}text") if "name" in each.get("class", ""))
    assert min(below - above for above, below in pairwise(heights)) >= 20
    assert heights[-1] < float(made.attrib["height"])
