"""Chromium for the tests: a server with the sample record, and pages that fail the test on any error of their own."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.processes import Process, free_port, until_ready

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
TOKEN = re.compile(r"Token\s+(dep_\S+)")


def program() -> str | None:
    """Where Chromium is on this machine."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@dataclass(frozen=True, kw_only=True)
class Site:
    """A running service with the sample record, and a token of an editor."""

    base: str
    token: str


@contextmanager
def site() -> Iterator[Site]:
    """Serve the sample record from a database of its own."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'demo.db'}"
        demo = Process(url, "demo", "--database", url, "--port", str(port))
        try:
            until_ready(demo, f"http://127.0.0.1:{port}")
            found = TOKEN.search(demo.text())
            assert found, demo.text()
            yield Site(base=f"http://127.0.0.1:{port}", token=found[1])
        finally:
            demo.stop()


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser of this machine, without a window."""
    with sync_playwright() as playwright:
        flags = ["--no-sandbox"] if sys.platform == "linux" else []
        browser = playwright.chromium.launch(executable_path=program(), args=flags)
        yield browser
        browser.close()


@dataclass(kw_only=True)
class Visit:
    """Pages of one reader; `faults` collects what the browser complained about."""

    context: BrowserContext
    faults: list[str] = field(default_factory=list)

    def open(self, address: str) -> Page:
        """A new page, loaded, whose errors are kept."""
        page = self.context.new_page()
        page.on("console", lambda said: self.faults.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.goto(address, wait_until="load")
        return page


@contextmanager
def visit(browser: Browser, **options: Any) -> Iterator[Visit]:
    """A reader with a profile of their own; at the end nothing may have gone wrong in the browser."""
    context = browser.new_context(**{"viewport": {"width": 1200, "height": 900}, "locale": "en-CA", **options})
    reader = Visit(context=context)
    try:
        yield reader
    finally:
        context.close()
    assert reader.faults == []
