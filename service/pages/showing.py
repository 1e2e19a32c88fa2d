"""How a page is answered: the form and one snapshot are read, and a wrong value is shown at its field.

Every page reads the same body as the interface, so their figures are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Blueprint, Response, g, render_template, request

from service.context import context
from service.pages import addresses, dates
from service.pages.forms import CLOCKS, Form, typed
from service.pages.frame import base
from service.problems import Refusal
from service.query import Query, asked
from service.reading import Reading, read, tagged

blp = Blueprint("pages", __name__, url_prefix=addresses.PREFIX)
GONE = 410

Body = Callable[[Reading, dict[str, Any], Form], Mapping[str, Any]]
"""What a page shows at a reading, from the parameters as loaded and as typed; `gone` makes it a 410."""


@blp.url_value_preprocessor
def _language(endpoint: str | None, values: dict[str, Any] | None) -> None:
    g.language = (values or {}).pop("language", "en")


def show(template: str, views: Sequence[str], schema: type[Query], body: Body) -> Response:
    """Answer with a page; as of today unless a day was given.

    Wrong values give the same page with status 422, with the form as it was typed and without a body.
    """
    form = typed(request.args)
    try:
        args = form.load(schema)
        args.setdefault("as_of", context().today())
        return read(
            views, asked(args), lambda reading: _page(template, views, reading, form, body(reading, args, form))
        )
    except Refusal as refusal:
        if refusal.name != "invalid":
            raise
        page = _rendered(template, form.refused(refusal), {"summary": list(_summary(refusal, schema().fields))})
        return Response(page, refusal.problem.status, mimetype="text/html", headers={"Cache-Control": "no-store"})


def _summary(refusal: Refusal, fields: Container[str]) -> Iterator[dict[str, str | None]]:
    """What is wrong, each with the field it leads to; what the page cannot ask for has none."""
    for error in refusal.errors:
        place = error["pointer"].strip("/")
        name = place.partition("/")[0]
        shown = name in fields and name not in ("cursor", "facets", "min_position", "wait")
        yield {"name": name, "id": place.replace("/", "-") if shown else None, "detail": error["detail"]}


def ask(template: str) -> Response:
    """Answer with the form alone, for a reader to fill in."""
    page = _rendered(template, typed(request.args), {})
    return Response(page, mimetype="text/html", headers={"Cache-Control": "no-store"})


def _page(template: str, views: Sequence[str], reading: Reading, form: Form, body: Mapping[str, Any]) -> Response:
    shown = {"link": reading.link, "clocks": clocks(reading, form), **body}
    page = _rendered(template, form, shown)
    if body.get("gone"):  # a precondition never turns it into a 304 (RFC 9110, section 13.2.1)
        return Response(page, GONE, mimetype="text/html", headers={"Cache-Control": "private, no-cache"})
    return tagged(page.encode(), views, final=False, mimetype="text/html")


def _rendered(template: str, form: Form, shown: Mapping[str, Any]) -> str:
    return render_template(template, form=form, **shown)


def clocks(reading: Reading, form: Form) -> dict[str, Any]:
    """What the page stands for, a link that always shows just this, and one that shows the same now."""
    as_of = reading.clocks.as_of
    kept = {name: values for name, values in form.given.items() if name not in (*CLOCKS, "min_position", "wait")}
    permalink = reading.link(request.path, **kept)
    fresh = urlencode({name: values for name, values in kept.items() if name != "cursor"}, doseq=True)
    return {
        "as_of": as_of,
        "day": as_of and dates.day_in_words(as_of),
        "position": reading.clocks.position,
        "known_at": reading.known_text,
        "permalink": permalink,
        "address": base() + permalink,
        "now": f"{request.path}?{fresh}" if fresh else request.path,
        "pinned": form.pinned,
    }


def moved(link: str | None, path: str) -> str | None:
    """A link of the interface to its next page, led to a page of ours."""
    if link is None:
        return None
    query = [(name, value) for name, value in parse_qsl(urlsplit(link).query) if name != "facets"]
    return f"{path}?{urlencode(query)}"
