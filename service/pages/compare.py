"""Compare: what changed between two days, two states of the record, or since an edition, as the interface tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import Response, g, render_template, request

from events import edtf, store
from events.fields import Text
from service.api.diff import SIDES, VIEWS, DiffQuery, diff_body, pins_of, waiting
from service.context import context
from service.editions import published
from service.pages.comparison import comparison
from service.pages.editions import pinned
from service.pages.forms import Form, typed
from service.pages.showing import blp
from service.problems import Refusal, wrong_query
from service.reading import Pin, Reading, read, read_log, tagged
from service.translations import _

LATEST = "latest"
CLOCKS = ("as_of", "known_at", "position")
EDITIONS = {"since": "from", "until": "to"}
ENDS = {f"{side}_{clock}" for side in SIDES for clock in CLOCKS} | EDITIONS.keys()
UNKNOWN = "There is no such edition. Choose one of the list."
NONE_YET = "No edition has been published yet."
BOTH = "Choose an edition for this end, or give its dates and positions, not both."


class CompareQuery(DiffQuery):
    """The two ends, or the editions that name them."""

    since = Text(metadata={"description": "The id of an edition, or `latest`, to compare from."})
    until = Text(metadata={"description": "The id of an edition, or `latest`, to compare with."})


@blp.get("/diff")
def compare() -> Response:
    """What changed between two states; the forms alone while none is named."""
    form, editions = typed(request.args), _editions()
    try:
        args = form.load(CompareQuery)
        if not ENDS & args.keys():
            return _fresh(form, editions, {})
        args = _ends(args, editions)
        pins = pins_of(args)
        return read(VIEWS, waiting(args, pins), lambda reading: _page(reading, args, pins, form, editions))
    except Refusal as refusal:
        if refusal.name != "invalid":
            raise
        shown = {"summary": [_fault(error["pointer"], error["detail"]) for error in refusal.errors]}
        return _fresh(form.refused(refusal), editions, shown, refusal.problem.status)


def _editions() -> list[dict[str, Any]]:
    return read_log(context(), 0, 0.0, lambda log: published(log, store.head(log).position))


def _ends(args: dict[str, Any], editions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The parameters of the interface: the clocks of the editions chosen, else those given, as of today by default."""
    for name, side in EDITIONS.items():
        if name in args:
            if any(f"{side}_{clock}" in args for clock in CLOCKS):
                raise wrong_query({name: BOTH})
            clocks = pinned(_edition(name, args[name], editions)["url"])
            args |= {f"{side}_as_of": edtf.day(clocks["as_of"]), f"{side}_position": clocks["at_position"]}
    to_day = args.get("to_as_of") or context().today()
    ends = {"to_as_of": to_day, "from_as_of": args.get("from_as_of") or to_day}
    return {**args, **ends, "of": args.get("of") or context().settings.home}


def _edition(name: str, id: str, editions: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The edition of this id, or the latest. Raises Refusal (422)."""
    for edition in editions:
        if id in (LATEST, edition["id"]):
            return edition
    raise wrong_query({name: UNKNOWN if editions else NONE_YET})


def _page(
    reading: Reading, args: dict[str, Any], pins: dict[str, Pin], form: Form, editions: Sequence[Mapping[str, Any]]
) -> Response:
    shown = comparison(reading, args, pins, diff_body(reading, args, pins), f"/{g.language}")
    return tagged(_rendered(_filled(form, args), editions, shown).encode(), VIEWS, final=False, mimetype="text/html")


def _filled(form: Form, args: Mapping[str, Any]) -> Form:
    """The form with the ends that editions and defaults stand for, so that they can be varied."""
    ends = {name: [str(args[name])] for name in (*ENDS - EDITIONS.keys(), "of") if args.get(name) is not None}
    return replace(form, given={**ends, **form.given})


def _fresh(form: Form, editions: Sequence[Mapping[str, Any]], shown: Mapping[str, Any], status: int = 200) -> Response:
    page = _rendered(form, editions, shown)
    return Response(page, status, mimetype="text/html", headers={"Cache-Control": "no-store"})


def _rendered(form: Form, editions: Sequence[Mapping[str, Any]], shown: Mapping[str, Any]) -> str:
    named = [(edition["id"], edition["name"]) for edition in editions]
    choices = {"since": [(LATEST, _("the latest")), *named], "until": [("", _("now")), *named]} if named else None
    return render_template("compare.html", form=form, choices_of=choices, **shown)


def _fault(pointer: str, detail: str) -> dict[str, str | None]:
    """What is wrong, with the field it leads to."""
    name = pointer.strip("/")
    return {"name": name, "id": name if name in ENDS | {"of"} else None, "detail": detail}
