"""What stands around every page: its language and the same page in the other one, and where else to go."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import g, request

from service import cookies
from service.context import context
from service.pages.addresses import in_language
from service.translations import LANGUAGES, N_, language

PAGES = [
    ("", N_("Timeline")),
    ("tallies", N_("Tallies")),
    ("partnerships", N_("Partnerships")),
    ("parties", N_("Parties")),
    ("people", N_("People")),
    ("replay", N_("Replay")),
    ("diff", N_("Compare")),
]


def frame() -> dict[str, Any]:
    """What `base.html` needs beside the page itself."""
    return {
        "language": language(),
        "translated": request.path.split("/", 2)[1] in LANGUAGES,
        "in_language": in_language,
        "base": base(),
        "pages": PAGES,
        "signed_in": g.get("signed_in"),
        "csrf": cookies.csrf,
        "here": quote(request.full_path.rstrip("?"), safe="/?=:,"),
    }


def base() -> str:
    """Where links begin that leave the page: DEPOSITARY_PUBLIC_URL, else where the request came to."""
    return context().settings.public_url or request.host_url.rstrip("/")
