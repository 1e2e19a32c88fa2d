"""The parties known to the record over HTTP."""

from __future__ import annotations

from typing import Any

from flask import Response

from events import parties as register
from projections import browse, partnerships
from projections import register as counts
from projections.browse import TimelineQuery
from projections.partnerships import PartnershipQuery
from projections.tallies import TallyQuery
from projections.tallying import tallied
from projections.words import fold
from service import cursors
from service.api.blueprint import VIEW_ERRORS, blueprint, fails
from service.api.shapes import ListShape
from service.context import context
from service.problems import Refusal
from service.query import MOST, ClocksQuery, PagedQuery, asked
from service.reading import Reading, answer, read

blp = blueprint("parties", "Countries and organisations the record knows.")
VIEWS = ["timeline", "tallies", "partnerships"]


@blp.route("/parties")
@blp.arguments(PagedQuery, location="query", as_kwargs=False)
@blp.response(200, ListShape)
@fails(blp, *VIEW_ERRORS)
def parties(args: dict[str, Any]) -> Response:
    """Parties by name, with the number of actions each is involved in."""

    def body(reading: Reading) -> Response:
        page, place = cursors.page(args, party_rows(reading))
        more = place and reading.link("/api/v1/parties", limit=args.get("limit"), cursor=cursors.make(args, place))
        return answer(reading, ["timeline"], {"items": page, "next": more})

    return read(["timeline"], asked(args), body)


def party_rows(reading: Reading) -> list[dict[str, Any]]:
    """Every party that is involved in an action: `{party, name, kind, actions}`, by English name."""
    found = counts.party_counts(reading.connection, reading.generation("timeline"), reading.clocks)
    return [party_row(code, found[code]) for code in sorted(found, key=lambda code: fold(register.name(code)))]


def party_row(code: str, actions: int) -> dict[str, Any]:
    names = {language: register.name(code, language) for language in ("en", "fr")}
    return {"party": code, "name": names, "kind": register.kind(code), "actions": actions}


@blp.route("/parties/<code>")
@blp.arguments(ClocksQuery, location="query", as_kwargs=False)
@blp.response(200)
@fails(blp, 404, *VIEW_ERRORS)
def party(args: dict[str, Any], code: str) -> Response:
    """One party: its tallies, the people met, its partnerships and agreements, the measures it has part in."""
    check_party(code)
    return read(VIEWS, asked(args), lambda reading: answer(reading, VIEWS, party_body(reading, code)))


def check_party(code: str) -> None:
    """Raise Refusal (404) for a code that is not in the register, with what to write instead."""
    if not register.exists(code):
        raise Refusal("not-found", f"There is no party {code[:40]}. {register.suggest(code[:40])}")


def party_body(reading: Reading, code: str) -> dict[str, Any]:
    """`{party, name, kind, actions, tallies, people, partnerships, measures}` at the clocks of a reading."""
    connection, clocks, generation = reading.connection, reading.clocks, reading.generation
    actions = counts.party_counts(connection, generation("timeline"), clocks, code).get(code, 0)
    met = tallied(connection, generation("tallies"), clocks, TallyQuery(of=code))
    query = PartnershipQuery(today=context().today(), parties=(code,), status="all", kinds=partnerships.KINDS)
    bound = partnerships.partnerships(connection, generation("partnerships"), clocks, query, MOST)
    wanted = TimelineQuery(parties=(code,), kinds=("measure",))
    measures = browse.browse(connection, generation("timeline"), clocks, wanted, MOST)
    fields = ("party", "count", "possible", "first", "last")
    return {
        **party_row(code, actions),
        "tallies": [
            {name: getattr(tally, name) for name in fields} | {"name": register.name(tally.party)} for tally in met
        ],
        "people": counts.people(connection, generation("timeline"), clocks, code),
        "partnerships": bound.items,
        "measures": measures.items,
    }
