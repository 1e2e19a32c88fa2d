"""Partnerships and agreements: which stand on a day, since when, and by which acts."""

from __future__ import annotations

from typing import Any

from flask import Response, g

from projections.partnerships import STATUSES
from service.api.partnerships import FORMS, PartnershipFilters, partnerships_body
from service.pages.forms import CLOCKS, Form
from service.pages.labels import plain
from service.pages.parties import files
from service.pages.showing import blp, moved, show
from service.reading import Reading
from service.translations import _


@blp.get("/partnerships")
def partnerships() -> Response:
    """Which partnerships stand."""
    return show("partnerships.html", ["partnerships"], PartnershipFilters, _body)


ON_A_PAGE, ACTS = 100, 6
"""How many are listed on a page, and how many of the acts of each: the last ones."""


@blp.context_processor
def _choices() -> dict[str, Any]:
    kinds = (("", _("partnerships")), ("agreement", _("agreements")), ("partnership,agreement", _("both")))
    return {
        "status_options": [(status, plain(status)) for status in STATUSES],
        "form_options": [("", _("any")), *((form, plain(form)) for form in FORMS)],
        "kinds_options": kinds,
    }


def _body(reading: Reading, args: dict[str, Any], form: Form) -> dict[str, Any]:
    path = f"/{g.language}/partnerships"
    found = partnerships_body(reading, {"limit": ON_A_PAGE, **args})
    for item in found["items"]:
        item["more"] = max(0, len(item["acts"]) - ACTS)
        item["acts"] = item["acts"][-ACTS:]
    kept = {name: values for name, values in form.given.items() if name not in (*CLOCKS, "cursor")}
    return {
        "items": found["items"],
        "status": args["status"],
        "parties": sorted({code for item in found["items"] for code in item["parties"]}),
        "files": files(reading, form, "partnerships"),
        "next": moved(found["next"], path),
        "first": reading.link(path, **kept) if "cursor" in args else None,
    }
