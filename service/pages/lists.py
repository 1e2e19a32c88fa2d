"""Every list as a file beside its page: `.json` with the items of the interface, `.csv` for a spreadsheet.

Both say first what they stand for: the filters, both clocks, and an address that shows the same for ever. A file
holds the whole list, up to `MOST_ROWS`; beyond those, `next` leads on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from flask import Response, g, request

from projections.involvement import parties_in, people_in
from projections.register import persons
from projections.words import fold
from service import cursors
from service.api.parties import party_rows
from service.api.partnerships import PartnershipFilters, partnerships_body
from service.api.timeline import TimelineFilters, timeline_body
from service.charts.tables import Cell, table
from service.context import context
from service.pages.forms import Form, typed
from service.pages.frame import base
from service.pages.heads import flat, meta_of
from service.pages.parties import PartiesFilters, named
from service.pages.people import PeopleFilters
from service.pages.showing import blp, moved
from service.pages.tally_charts import kept
from service.query import Query, asked
from service.reading import Reading, read, tagged
from service.translations import language

MOST_ROWS = 10_000

Row = Mapping[str, Any]
Found = tuple[Sequence[Row], str | None]


@dataclass(frozen=True, kw_only=True)
class Listing:
    """One list: its parameters, the view it is read from, its items and next page, and its columns in CSV."""

    page: str
    schema: type[Query]
    view: str
    found: Callable[[Reading, dict[str, Any]], Found]
    columns: Sequence[str]
    cells: Callable[[Row, Reading], Iterable[Cell]]


def _timeline(reading: Reading, args: dict[str, Any]) -> Found:
    body = timeline_body(reading, args)
    return body["items"], body["next"]


def _partnerships(reading: Reading, args: dict[str, Any]) -> Found:
    body = partnerships_body(reading, args)
    return body["items"], body["next"]


def _people(reading: Reading, args: dict[str, Any]) -> Found:
    rows = persons(reading.connection, reading.generation("timeline"), reading.clocks)
    found = [row for row in rows if args.get("party") is None or args["party"] in row["parties"]]
    return _page(reading, args, [row for row in found if named(args.get("q"), row["name"], *row["roles"])])


def _parties(reading: Reading, args: dict[str, Any]) -> Found:
    rows = [row for row in party_rows(reading) if named(args.get("q"), *row["name"].values(), row["party"])]
    return _page(reading, args, sorted(rows, key=lambda row: fold(row["name"][language()])))


def _page(reading: Reading, args: dict[str, Any], rows: Sequence[Row]) -> Found:
    page, place = cursors.page(args, rows)
    more = {name: args.get(name) for name in ("party", "q", "limit")}
    return page, reading.link("", **more, cursor=cursors.make(args, place)) if place else None


ACTION = "id type stream occurred_on earliest latest end title parties people place mode formal level topics"
ACTION += " sources note certain retracted revisions position recorded_at address"


def _action(item: Row, reading: Reading) -> list[Cell]:
    data = item["data"]
    told = {
        **item,
        "title": item["title"].get(language()) or item["title"]["en"],
        "parties": ";".join(parties_in(data)),
        "people": ";".join(name for name, _party, _role in people_in(data)),
        "place": (data.get("place") or {}).get("name"),
        "topics": ";".join(data.get("topics") or ()),
        "sources": " ".join(source["url"] for source in item["sources"]),
        "address": base() + reading.link(f"/{g.language}/actions/{item['id']}"),
    }
    return [told.get(name, data.get(name)) for name in ACTION.split()]


STANDING = "stream name parties form scope status since until expires_on acts"


def _standing(item: Row, reading: Reading) -> list[Cell]:
    acts = "; ".join(f"{act['type']} {act['occurred_on']}" for act in item["acts"])
    return [_joined(acts if name == "acts" else item[name]) for name in STANDING.split()]


def _person(item: Row, reading: Reading) -> list[Cell]:
    return [_joined(item[name]) for name in ("name", "parties", "roles", "actions")]


def _party(item: Row, reading: Reading) -> list[Cell]:
    return [item["party"], item["name"][language()], item["kind"], item["actions"]]


def _joined(value: Any) -> Cell:
    return ";".join(value) if isinstance(value, list | tuple) else value


LISTINGS = {
    "timeline": Listing(
        page="", schema=TimelineFilters, view="timeline", found=_timeline, columns=ACTION.split(), cells=_action
    ),
    "partnerships": Listing(
        page="partnerships",
        schema=PartnershipFilters,
        view="partnerships",
        found=_partnerships,
        columns=STANDING.split(),
        cells=_standing,
    ),
    "people": Listing(
        page="people",
        schema=PeopleFilters,
        view="timeline",
        found=_people,
        columns=("name", "parties", "roles", "actions"),
        cells=_person,
    ),
    "parties": Listing(
        page="parties",
        schema=PartiesFilters,
        view="timeline",
        found=_parties,
        columns=("party", "name", "kind", "actions"),
        cells=_party,
    ),
}
NAMES = "<any(" + ",".join(LISTINGS) + "):name>"


@blp.get(f"/{NAMES}.json")
def listed_json(name: str) -> Response:
    """A list as JSON."""

    def write(reading: Reading, form: Form, items: Sequence[Row], more: str | None) -> bytes:
        return orjson.dumps({**_about(reading, form, name), "items": items, "next": more})

    return _answer(LISTINGS[name], write, "application/json")


@blp.get(f"/{NAMES}.csv")
def listed_csv(name: str) -> Response:
    """A list as CSV."""
    listing = LISTINGS[name]

    def write(reading: Reading, form: Form, items: Sequence[Row], more: str | None) -> bytes:
        about = {**flat(_about(reading, form, name)), **({"next": base() + more} if more else {})}
        return table(about, listing.columns, (list(listing.cells(item, reading)) for item in items))

    return _answer(listing, write, "text/csv")


def _answer(
    listing: Listing, write: Callable[[Reading, Form, Sequence[Row], str | None], bytes], mimetype: str
) -> Response:
    form = typed(request.args)
    args = form.load(listing.schema)
    args.setdefault("as_of", context().today())
    args.setdefault("limit", MOST_ROWS)

    def answer(reading: Reading) -> Response:
        items, more = listing.found(reading, args)
        made = write(reading, form, items, _further(more, form))
        return tagged(made, [listing.view], final=False, mimetype=mimetype)

    return read([listing.view], asked(args), answer)


def _further(more: str | None, form: Form) -> str | None:
    """The next file; a limit that nobody asked for is not written into it."""
    link = moved(more, request.path)
    return link if link is None or "limit" in form.given else link.replace(f"limit={MOST_ROWS}&", "")


def _about(reading: Reading, form: Form, name: str) -> dict[str, Any]:
    asked_for = kept(form)
    page = f"/{g.language}/{LISTINGS[name].page}"
    return meta_of(reading, asked_for, base() + reading.link(page, **asked_for))
