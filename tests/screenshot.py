"""Make the README's picture: `python tests/screenshot.py [OUT.png]`, with Chromium, from the sample record."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.processes import Process, free_port, until_ready  # noqa: E402

PAGE = "/en/tallies?since=2025-03-14&as_of=2025-11-05&formal=true"
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-sync")
QUIET = ("--disable-background-networking", "--disable-component-update", "--window-size=1200,1000")


def main() -> int:
    """Serve the sample, take the picture, stop everything."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "screenshot.png"
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        print("Chromium is not here; on Debian: apt install chromium")
        return 1
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        demo = Process("sqlite:///unused.db", "demo", "--database", f"sqlite:///{folder}/demo.db", "--port", str(port))
        try:
            until_ready(demo, f"http://127.0.0.1:{port}")
            out.parent.mkdir(exist_ok=True)
            told = [f"--user-data-dir={folder}/browser", f"--screenshot={out}", f"http://127.0.0.1:{port}{PAGE}"]
            subprocess.run([browser, *FLAGS, *QUIET, *told], check=True, capture_output=True, timeout=60)
        finally:
            demo.stop()
    print(out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
