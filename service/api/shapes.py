"""The shapes of answers, for the description of the interface. Answers are written without them, byte by byte."""

from __future__ import annotations

import marshmallow as ma
from marshmallow import fields


def _text(about: str = "") -> fields.Field[str]:
    return fields.String(metadata={"description": about} if about else {})


class ErrorShape(ma.Schema):
    """One fault of the input."""

    pointer = _text("JSON pointer (RFC 6901) into the body, or the name of a parameter.")
    detail = _text("What is wrong and what to do.")


class ProblemShape(ma.Schema):
    """A problem document (RFC 9457)."""

    type = _text("Path of the page that explains this kind of problem.")
    title = _text()
    status = fields.Integer()
    detail = _text()
    errors = fields.List(fields.Nested(ErrorShape))


class ClocksShape(ma.Schema):
    """What an answer stands for."""

    as_of = fields.Date(allow_none=True)
    known_at = fields.DateTime(allow_none=True)
    position = fields.Integer(metadata={"description": "The last position of the log it includes."})


class AppendedShape(ma.Schema):
    """Where an event stands in the log."""

    id = fields.UUID()
    stream = _text()
    version = fields.Integer()
    position = fields.Integer()
    recorded_at = fields.DateTime()


class AppendedListShape(ma.Schema):
    """Where each event of a batch stands, in order."""

    events = fields.List(fields.Nested(AppendedShape))


class EventShape(AppendedShape):
    """An event as stored: what its writer sent, and what the log added."""

    type = _text("<kind>.<act>")
    occurred_on = _text("When it happened, in EDTF.")
    title = fields.Dict(keys=fields.String(), values=fields.String())
    data = fields.Dict()
    sources = fields.List(fields.Dict())
    note = _text()
    recorded_by = _text()
    schema_version = fields.Integer()
    earliest = fields.Date(allow_none=True)
    latest = fields.Date(allow_none=True)


class EventPageShape(ma.Schema):
    """A page of the log."""

    events = fields.List(fields.Nested(EventShape))
    next = fields.String(allow_none=True)
    head = fields.Integer()


class StreamShape(ma.Schema):
    """A stream and its events."""

    stream = _text()
    version = fields.Integer()
    events = fields.List(fields.Nested(EventShape))


class ItemShape(ma.Schema):
    """An action: one act with all record events about it applied."""

    id = fields.UUID()
    stream = _text()
    type = _text()
    kind = _text()
    occurred_on = _text()
    earliest = fields.Date()
    latest = fields.Date()
    end = fields.Date(allow_none=True)
    title = fields.Dict(keys=fields.String(), values=fields.String())
    data = fields.Dict()
    sources = fields.List(fields.Dict())
    sourced = fields.Boolean()
    note = fields.String(allow_none=True)
    recorded_at = fields.DateTime()
    position = fields.Integer()
    revisions = fields.Integer()
    retracted = fields.Boolean()
    certain = fields.Boolean()


class TimelineShape(ClocksShape):
    """A page of the timeline."""

    items = fields.List(fields.Nested(ItemShape))
    next = fields.String(allow_none=True)
    facets = fields.Dict()


class ActionShape(ClocksShape):
    """One action with its history and the other acts of its stream."""

    action = fields.Nested(ItemShape)
    history = fields.List(fields.Dict())
    related = fields.List(fields.Nested(ItemShape))


class TallyShape(ma.Schema):
    """One party's row."""

    party = _text()
    name = _text()
    count = fields.Integer()
    possible = fields.Integer()
    first = fields.String(allow_none=True)
    last = fields.String(allow_none=True)
    previous = fields.String(allow_none=True)
    actions = _text("Link to the timeline of exactly what is counted.")


class TalliesShape(ClocksShape):
    """Meetings per party."""

    of = _text()
    since = fields.Date(allow_none=True)
    tallies = fields.List(fields.Nested(TallyShape))
    next = fields.String(allow_none=True)


class SeriesShape(ClocksShape):
    """Meetings per party as steps in time."""

    of = _text()
    since = fields.Date(allow_none=True)
    steps = fields.List(fields.Dict())
    next = fields.String(allow_none=True)


class ListShape(ClocksShape):
    """A list of items."""

    items = fields.List(fields.Dict())
    next = fields.String(allow_none=True)


class DiffShape(ma.Schema):
    """Two views held side by side."""

    from_ = fields.Nested(ClocksShape, data_key="from")
    to = fields.Nested(ClocksShape)
    actions = fields.Dict()
    tallies = fields.List(fields.Dict())
    partnerships = fields.List(fields.Dict())


class ProjectionShape(ma.Schema):
    """How far a view has come."""

    name = _text()
    position = fields.Integer()
    head = fields.Integer()
    lag = fields.Integer()
    version = fields.Integer()
    status = _text()
    updated_at = fields.DateTime()
