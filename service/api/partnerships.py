"""Partnerships and agreements over HTTP, with their status as of a day."""

from __future__ import annotations

from typing import Any

from flask import Response

from events.fields import Choice, Party
from events.kinds import agreement, partnership
from projections import partnerships as view
from projections.partnerships import PartnershipQuery
from service import cursors
from service.api.blueprint import VIEW_ERRORS, blueprint, fails
from service.api.shapes import ListShape
from service.context import context
from service.query import MOST, Listed, PagedQuery, Several, asked
from service.reading import Reading, answer, read

blp = blueprint("partnerships", "Which partnerships and agreements stand.")

FORMS = tuple(
    word for kind in (partnership, agreement) for word in next(iter(kind.KIND.acts.values())).fields["form"].words
)


class PartnershipFilters(PagedQuery):
    """Which to list."""

    party = Several(Party(), metadata={"description": "Repeatable: all of them."})
    status = Choice(*view.STATUSES, load_default="active")
    form = Choice(*FORMS)
    kinds = Listed(Choice(*view.KINDS), load_default=("partnership",))


@blp.route("/partnerships")
@blp.arguments(PartnershipFilters, location="query", as_kwargs=False)
@blp.response(200, ListShape)
@fails(blp, *VIEW_ERRORS)
def partnerships(args: dict[str, Any]) -> Response:
    """Partnerships by name, with status as of a day and the acts that made it."""

    def body(reading: Reading) -> Response:
        return answer(reading, ["partnerships"], partnerships_body(reading, args))

    return read(["partnerships"], asked(args), body)


def partnerships_body(reading: Reading, args: dict[str, Any]) -> dict[str, Any]:
    """`{items, next}` at the clocks of a reading."""
    query = PartnershipQuery(
        today=context().today(),
        parties=tuple(args["party"]),
        status=args["status"],
        form=args.get("form"),
        kinds=tuple(args["kinds"]),
    )
    after = cursors.read(args, (str, int))
    limit, generation = args.get("limit", MOST), reading.generation("partnerships")
    page = view.partnerships(reading.connection, generation, reading.clocks, query, limit, after)
    kept: dict[str, Any] = {name: args[name] for name in ("party", "status", "form", "limit") if name in args}
    kept["kinds"] = ",".join(args["kinds"])
    more = page.next and reading.link("/api/v1/partnerships", **kept, cursor=cursors.make(args, page.next))
    return {"items": page.items, "next": more}
