"""The charts as they must be drawn, in `tests/golden/`. Draw them anew: `python tests/golden.py`, then look at them."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from flask import Flask

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from events.clock import parse_instant  # noqa: E402
from events.database import connect  # noqa: E402
from service import migrate  # noqa: E402
from service.app import create_app  # noqa: E402
from service.settings import Settings  # noqa: E402
from tests import builders  # noqa: E402

FOLDER = ROOT / "tests" / "golden"
NOON = parse_instant("2025-11-06T12:00:00Z")
WINDOW = "since=2025-03-14&as_of=2025-11-05&formal=true"
SELECT = WINDOW + "".join(f"&party={code}" for code in ("AU", "CN", "GB", "JP", "MX", "NZ", "SG", "UA", "US"))
POSSIBLE = "since=2025-10-31&as_of=2025-11-05"
CHARTS = {
    f"{name}.{language}.svg": f"/{language}/tallies.svg?{query}"
    for language in ("en", "fr")
    for name, query in {
        "bars": SELECT,
        "lines": f"{SELECT}&chart=lines",
        "possible": POSSIBLE,
        "nothing": "since=2025-12-01&as_of=2025-11-05",
    }.items()
}


def application(url: str) -> Flask:
    """The sample record, recorded at noon in a new database, on an application for which it is noon."""
    app = create_app(Settings(database_url=url, home="CA"), clock=lambda: NOON)
    database = app.extensions["depositary"].database
    builders.append(database, *builders.sample(), at=NOON)
    builders.catch_up(database)
    return app


def main() -> None:
    """Draw all of them."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/golden.db"
        database = connect(url)
        migrate.upgrade(database)
        database.close()
        app = application(url)
        for name, path in CHARTS.items():
            (FOLDER / name).write_text(app.test_client().get(path).text, encoding="utf-8")
        app.extensions["depositary"].close()


if __name__ == "__main__":
    main()
