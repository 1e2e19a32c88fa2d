"""An edition: a state of the record that was published, kept so that it can be compared with a later one."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from events import edtf
from events.fields import Checked, Text, text
from events.kind import Facts, Kind

EXAMPLE = "/en/tallies?as_of=2025-11-05&at_position=295"


class PinnedPath(Checked):
    """The path and query of a page, with `as_of` and `at_position` in it, so that it always shows the same."""

    def check(self, value: Any) -> Any:
        """Return the path when it is local and pinned."""
        value = text(value)
        if not value.startswith("/") or value.startswith("//") or any(c.isspace() or c in "#\\" for c in value):
            raise ValueError(f"Give the path and query of a page of this service, such as {EXAMPLE}.")
        parts = urlsplit(value)
        query = parse_qs(parts.query)
        positions, days = query.get("at_position", []), query.get("as_of", [])
        if len(positions) != 1 or not (positions[0].isascii() and positions[0].isdigit()) or len(days) != 1:
            raise ValueError(f"The query must name as_of and at_position once each, such as {EXAMPLE}.")
        edtf.day(days[0])
        return value


class Published(Facts):
    """The data of `edition.published`."""

    name = Text(required=True)
    url = PinnedPath(required=True)
    note = Text()


KIND = Kind(name="edition", family="edition", acts={"published": Published()})
