"""oEmbed (oembed.com, version 1.0): from the address of a page of ours, the code that puts it into another page."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlencode

from flask import Blueprint, Response, g, jsonify, request
from werkzeug.datastructures import MultiDict

from events.fields import Text
from service.context import context
from service.pages.embedding import BELOW, TALLEST, WIDEST, embedding
from service.pages.embeds import EmbeddedTallies, EmbeddedTimeline
from service.pages.forms import Form, typed
from service.pages.frame import base
from service.pages.tally_charts import VIEWS, chart_of
from service.problems import Refusal
from service.query import Number, Query, asked
from service.reading import read
from service.translations import LANGUAGES, _

blp = Blueprint("oembed", __name__)

PAGE = re.compile(rf"/({'|'.join(LANGUAGES)})/(?:embed/)?(tallies|timeline|)")
DAY = 86_400


class OembedQuery(Query):
    """What oEmbed asks."""

    url = Text(required=True)
    format = Text(load_default="json")
    maxwidth = Number(1)
    maxheight = Number(1)


@blp.get("/oembed")
def oembed() -> Response:
    """The frame for a page of ours: 404 for any other address, 501 for another format than JSON."""
    args = typed(request.args).load(OembedQuery)
    if args["format"] != "json":
        raise Refusal("not-implemented", "oEmbed is answered in JSON here. Ask for format=json.")
    g.language, name, form = _page(args["url"])
    width = min(WIDEST, args.get("maxwidth", WIDEST))
    title, height = _tallies(form, width) if name == "tallies" else _timeline(form)
    height = min(height, args.get("maxheight", height))
    path = f"/{g.language}/embed/{name}"
    query = urlencode(dict(form.given), doseq=True)
    code = embedding(f"{path}?{query}" if query else path, title, width=str(width), height=height)
    answer: dict[str, Any] = {"version": "1.0", "type": "rich", "title": title, "html": code["frame"]}
    answer |= {"width": width, "height": height, "cache_age": DAY}
    response = jsonify({**answer, "provider_name": "Depositary", "provider_url": base()})
    response.headers["Cache-Control"] = "no-cache" if context().settings.public_read else "private, no-cache"
    return response


def _page(url: str) -> tuple[str, str, Form]:
    """Language, page and query of an address. Raises Refusal (404) when it is not that of a page that can be framed."""
    ours = next((each for each in (base(), request.host_url.rstrip("/")) if url.startswith(f"{each}/")), None)
    path, _mark, asked_for = url.removeprefix(ours or url).partition("#")[0].partition("?")
    found = PAGE.fullmatch(path)
    if found is None:
        raise Refusal("not-found", "This is not the address of tallies or of a timeline here.")
    query = MultiDict([(name, value) for name, values in parse_qs(asked_for).items() for value in values])
    return found[1], found[2] or "timeline", typed(query)


def _tallies(form: Form, width: int) -> tuple[str, int]:
    """Title and height of the chart."""
    args = form.load(EmbeddedTallies)
    args.setdefault("as_of", context().today())
    chart = read(VIEWS, asked(args), lambda reading: chart_of(reading, args, form))
    return chart.title, chart.height(width) + BELOW


def _timeline(form: Form) -> tuple[str, int]:
    form.load(EmbeddedTimeline)
    return _("Timeline"), TALLEST
