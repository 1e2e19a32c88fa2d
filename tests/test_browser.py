"""The pages in a real browser: the story of a chart, replay by keyboard, writing by hand, and what holds on every page.

Skipped, and said to be, where there is no Chromium (on Debian: apt install chromium).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests import browser as browsers
from tests.browser import Site, visit

pytestmark = [
    pytest.mark.skipif(browsers.program() is None, reason="no Chromium here; on Debian: apt install chromium"),
    pytest.mark.xdist_group("browser"),
]

TOO_WIDE = """() => [...document.querySelectorAll("body *")]
  .filter(each => each.getBoundingClientRect().right > innerWidth + 1 && !each.closest(".wide, .skip, .unseen, svg"))
  .map(each => each.outerHTML.slice(0, 120))"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CLOCKS = "as_of=2025-11-05&at_position=295"
PATHS = {
    "timeline": f"?{CLOCKS}&party=GB&q=starmer",
    "tallies": f"tallies?since=2025-03-14&formal=true&{CLOCKS}",
    "lines": f"tallies?chart=lines&party=GB&party=UA&party=CN&{CLOCKS}",
    "partnerships": f"partnerships?status=all&kinds=partnership,agreement&{CLOCKS}",
    "partnership": f"partnerships/partnership:ca-us-economic-security-talks?{CLOCKS}",
    "replay": f"replay?{CLOCKS}",
    "parties": f"parties?{CLOCKS}",
    "party": f"parties/GB?{CLOCKS}",
    "people": f"people?{CLOCKS}",
    "compare": "diff?from_as_of=2025-06-30&to_as_of=2025-11-05&to_position=295&from_position=295",
    "editions": "editions",
    "sign in": "sign-in",
    "wrong": "tallies?since=2025-02-30",
    "nothing": "nothing",
}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with browsers.site() as running:
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browsers.chromium() as running:
        yield running


def sign_in(page: Page, site: Site) -> None:
    page.goto(f"{site.base}/en/sign-in")
    page.get_by_label("Token").fill(site.token)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("link", name="Write", exact=True)).to_be_visible()


def write_meeting(page: Page, site: Site, title: str, on: str) -> str:
    """Write a meeting by hand; its address."""
    page.goto(f"{site.base}/en/write/meeting.held")
    page.locator("#occurred_on").fill(on)
    page.locator("#title-en").fill(title)
    for nth, code in enumerate(("CA", "IS")):
        page.locator(f"#data-parties-{nth}").fill(code)
    page.locator("#data-mode").select_option("phone")
    page.get_by_role("button", name="Preview").last.click()
    expect(page.locator("main")).to_contain_text(title)
    page.get_by_role("button", name=re.compile("^Save")).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    return page.url.partition("?")[0]


def corrected(page: Page) -> None:
    """Send a correction: preview, then save."""
    page.get_by_role("button", name="Preview").last.click()
    page.get_by_role("button", name="Save the correction").click()


def test_an_analyst_makes_checks_and_publishes_the_newsletters_chart(chromium: Browser, site: Site) -> None:
    with visit(chromium, accept_downloads=True) as reader:
        page = reader.open(f"{site.base}/en/")
        page.get_by_role("link", name="Tallies", exact=True).click()
        page.get_by_label("Since").fill("2025-03-14")
        page.get_by_label("As of").first.fill("2025-11-05")
        page.get_by_label("Formal").select_option("true")
        page.get_by_text("Choose parties").click()
        for name in (
            "Ukraine",
            "United Kingdom",
            "Mexico",
            "United States",
            "Australia",
            "China",
            "Japan",
            "Singapore",
        ):
            page.get_by_role("checkbox", name=name, exact=False).first.check()
        page.get_by_text("Words of the chart").click()
        page.locator("#title").fill("Formal bilateral meetings with select leaders since March 14, 2025")
        page.get_by_role("button", name="Count").click()
        bars = page.locator("svg.chart:visible a[href]")
        expect(bars).to_have_count(8)
        said = [(each.get_attribute("href") or "", each.text_content() or "") for each in bars.all()]
        for href, text in said:
            page.goto(href if href.startswith("http") else site.base + href)
            count = re.findall(r"\d+", text)[-1]
            assert (page.locator(".found").text_content() or "").split()[0] == count
            page.go_back()
        with page.expect_download() as download:
            page.get_by_role("link", name="SVG", exact=True).click()
        svg = download.value.path().read_text(encoding="utf-8")
        assert "Formal bilateral meetings with select leaders since March 14, 2025" in svg
        assert [int(re.findall(r"\d+", text)[-1]) for _, text in said] == [7, 7, 5, 5, 4, 3, 3, 3]


def test_the_replay_is_played_by_keyboard_and_asks_the_server_once(chromium: Browser, site: Site) -> None:
    with visit(chromium, reduced_motion="no-preference") as reader:
        asked: list[str] = []
        reader.context.on("request", lambda request: asked.append(request.url))
        page = reader.open(f"{site.base}/en/replay?as_of=2025-05-01")
        assert len([url for url in asked if "replay.json" in url]) == 1
        before = page.locator("[data-now]").text_content()
        page.get_by_role("button", name="Next").focus()
        page.keyboard.press("Enter")
        expect(page.locator("[data-now]")).not_to_have_text(before or "")
        expect(page.locator("[data-said]")).to_contain_text("actions")
        slider = page.get_by_role("slider")
        slider.focus()
        slider.press("End")
        expect(page.locator("[data-now]")).to_have_text("5 November 2025")
        slider.press("Home")
        expect(page.locator("[data-now]")).not_to_have_text("5 November 2025")
        asked.clear()
        page.get_by_label("Speed").select_option(label="× 8")
        page.get_by_role("button", name="Play").press("Space")
        expect(page.get_by_role("button", name="Pause")).to_be_visible()
        page.get_by_role("button", name="Pause").press("Space")
        assert [url for url in asked if "favicon" not in url] == []
        assert f"as_of={page.locator('[data-as-of]').get_attribute('datetime')}" in page.url


def test_a_meeting_is_written_corrected_in_conflict_and_retracted(chromium: Browser, site: Site) -> None:
    with visit(chromium) as one, visit(chromium) as other:
        mine, theirs = one.open(f"{site.base}/en/"), other.open(f"{site.base}/en/")
        sign_in(mine, site)
        sign_in(theirs, site)
        address = write_meeting(mine, site, "Carney calls Frostadóttir", "2025-11-20")
        for page in (mine, theirs):
            page.goto(f"{address}/correct")
        theirs.locator('[name="note"]').fill("They spoke for an hour.")
        theirs.locator('[name="reason"]').fill("The readout says so.")
        corrected(theirs)
        mine.locator('[name="note"]').fill("They spoke for half an hour.")
        mine.locator('[name="reason"]').fill("The press said so.")
        mine.get_by_role("button", name="Preview").last.click()
        expect(mine.locator("main")).to_contain_text("They spoke for an hour.")
        expect(mine.locator("main")).to_contain_text("They spoke for half an hour.")
        theirs.goto(f"{address}/retract")
        theirs.locator('[name="reason"]').fill("It did not take place.")
        theirs.get_by_role("button", name=re.compile("^Retract")).last.click()
        expect(theirs.locator(".gone")).to_contain_text("It did not take place.")
        one.faults.clear(), other.faults.clear()  # the browser notes the statuses 410 and 412 as errors


@pytest.mark.parametrize("name", PATHS)
def test_no_page_breaks_a_rule_of_accessibility_in_light_or_dark(chromium: Browser, site: Site, name: str) -> None:
    with visit(chromium, bypass_csp=True) as reader:
        for language, schemes in (("en", ("light", "dark")), ("fr", ("light",))):
            page = reader.open(f"{site.base}/{language}/{PATHS[name]}")
            for scheme in schemes:
                page.emulate_media(color_scheme=scheme)
                found = Axe().run(page, options={"runOnly": RULES}).response["violations"]
                shown = [(each["id"], [node["html"][:150] for node in each["nodes"]][:3]) for each in found]
                assert shown == [], (name, language, scheme)
        _ignore_status(reader.faults)


@pytest.mark.parametrize("name", PATHS)
def test_every_page_fits_a_width_of_320_pixels(chromium: Browser, site: Site, name: str) -> None:
    with visit(chromium, viewport={"width": 320, "height": 640}) as reader:
        page = reader.open(f"{site.base}/en/{PATHS[name]}")
        wide = page.evaluate(TOO_WIDE)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 320, wide[:5]
        _ignore_status(reader.faults)


@pytest.mark.parametrize("name", ["timeline", "tallies", "lines", "partnerships", "replay", "party", "compare"])
def test_without_javascript_the_same_is_said(chromium: Browser, site: Site, name: str) -> None:
    texts = []
    for javascript in (True, False):
        with visit(chromium, java_script_enabled=javascript) as reader:
            page = reader.open(f"{site.base}/en/{PATHS[name]}")
            texts.append([each.inner_text() for each in page.locator("main h1, main h2, main li, main td").all()])
    assert texts[0] == texts[1]


def test_the_language_is_changed_with_the_whole_state(chromium: Browser, site: Site) -> None:
    with visit(chromium) as reader:
        page = reader.open(f"{site.base}/en/{PATHS['tallies']}")
        page.get_by_role("link", name="Français").click()
        assert page.url == f"{site.base}/fr/{PATHS['tallies']}"
        expect(page.locator("html")).to_have_attribute("lang", "fr-CA")
        expect(page.locator("main")).to_contain_text("Royaume-Uni")


def test_dark_is_chosen_and_stays(chromium: Browser, site: Site) -> None:
    with visit(chromium) as reader:
        page = reader.open(f"{site.base}/en/")
        page.get_by_role("button", name="Dark").click()
        page.goto(f"{site.base}/en/tallies")
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(21, 23, 26)"


def _ignore_status(faults: list[str]) -> None:
    """Chromium reports a page that is answered with 404 or 422 on its console."""
    faults[:] = [fault for fault in faults if "server responded with a status of 4" not in fault]
