"""Pictures of the pages, taken with Chromium from the sample record.

python tests/screenshot.py [OUT.png]      the README's picture
python tests/screenshot.py --all FOLDER   every page: light and dark, desktop and phone, English and French
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Browser, Page  # noqa: E402

from tests import browser as browsers  # noqa: E402
from tests.browser import Site  # noqa: E402
from tests.test_browser import PATHS  # noqa: E402

PICTURE = "tallies?since=2025-03-14&as_of=2025-11-05&formal=true"
SIZES = {"desktop": (1200, 900), "phone": (375, 812)}
SIGNED_IN = {"write": "write", "meeting": "write/meeting.held", "import": "import"}


def main(arguments: list[str]) -> int:
    """Serve the sample, take the pictures, stop everything."""
    if browsers.program() is None:
        print("Chromium is not here; on Debian: apt install chromium")
        return 1
    with browsers.site() as site, browsers.chromium() as chromium:
        if arguments[:1] == ["--all"]:
            every(chromium, site, Path(arguments[1] if len(arguments) > 1 else "screenshots"))
        else:
            out = Path(arguments[0]) if arguments else ROOT / "docs" / "screenshot.png"
            page = chromium.new_page(viewport={"width": 1200, "height": 1000})
            take(page, f"{site.base}/en/{PICTURE}", out, whole=False)
    return 0


def every(chromium: Browser, site: Site, folder: Path) -> None:
    """Every page in every dress."""
    for size, (width, height) in SIZES.items():
        for scheme in ("light", "dark"):
            page = chromium.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            for language in ("en", "fr"):
                for name, path in PATHS.items():
                    out = folder / f"{name.replace(' ', '-')}.{language}.{size}.{scheme}.png"
                    take(page, f"{site.base}/{language}/{path}", out)
            sign_in(page, site)
            for name, path in SIGNED_IN.items():
                take(page, f"{site.base}/en/{path}", folder / f"{name}.en.{size}.{scheme}.png")
            page.close()


def sign_in(page: Page, site: Site) -> None:
    """Sign in as an editor."""
    page.goto(f"{site.base}/en/sign-in")
    page.locator("#token").fill(site.token)
    page.locator("main button").click()


def take(page: Page, address: str, out: Path, *, whole: bool = True) -> None:
    """One picture."""
    out.parent.mkdir(parents=True, exist_ok=True)
    page.goto(address, wait_until="networkidle")
    page.screenshot(path=out, full_page=whole)
    print(out)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
