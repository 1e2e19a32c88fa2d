"""The description of the interface for people, made from the one for programs and from the schemas of events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

import marshmallow as ma
from flask import Blueprint, current_app, render_template
from flask_smorest import Api

from events import fields as kinds_of_field
from events.kind import Kind
from events.types import KINDS
from service import query

METHODS = ("get", "post")
TYPES: tuple[tuple[type, str], ...] = (
    (kinds_of_field.Party, "party"),
    (kinds_of_field.Parties, "list of parties"),
    (kinds_of_field.People, "list of {name, party, role}"),
    (kinds_of_field.Place, "{name, party}"),
    (kinds_of_field.Words, "list of text"),
    (kinds_of_field.Flag, "true or false"),
    (kinds_of_field.Whole, "whole number"),
    (kinds_of_field.Amount, "decimal text"),
    (kinds_of_field.Currency, "ISO 4217 code"),
    (kinds_of_field.Url, "URL"),
    (kinds_of_field.Edtf, "EDTF date"),
    (kinds_of_field.Day, "day, YYYY-MM-DD"),
    (query.CivilDay, "day, YYYY-MM-DD"),
    (query.KnownAt, "RFC 3339 instant"),
    (query.Number, "whole number"),
    (query.Seconds, "seconds, 0 to 30"),
    (query.TrueFalse, "true or false"),
)


def blueprint(api: Api) -> Blueprint:
    """The page at `/api/docs`."""
    blp = Blueprint("documentation", __name__, url_prefix="/api")

    @blp.get("/docs")
    def docs() -> str:
        """Every call, and every type of event."""
        spec = api.spec.to_dict()
        return render_template("docs.html", tags=_tags(spec), kinds=[_kind(k) for k in KINDS.values()])

    return blp


def _tags(spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    calls = list(_calls(spec))
    return [{**tag, "calls": [call for call in calls if tag["name"] in call["tags"]]} for tag in spec["tags"]]


def _calls(spec: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    schemas = dict(_schemas())
    for path, item in spec["paths"].items():
        for method in (name for name in METHODS if name in item):
            call = item[method]
            described = schemas.get((path, method))
            yield {
                "method": method.upper(),
                "path": path,
                "tags": call["tags"],
                "summary": call.get("summary", ""),
                "description": call.get("description", ""),
                "parameters": [_parameter(each, described) for each in _parameters(item, call)],
                "body": "requestBody" in call,
                "statuses": [
                    (code, HTTPStatus(int(code)).phrase) for code in sorted(call["responses"]) if code[0] < "6"
                ],
            }


def _parameters(item: Mapping[str, Any], call: Mapping[str, Any]) -> list[Any]:
    return [*item.get("parameters", []), *call.get("parameters", [])]


def _schemas() -> Iterator[tuple[tuple[str, str], ma.Schema]]:
    """The schema of each call's query, by the path and method as the description has them."""
    for rule in current_app.url_map.iter_rules():
        about = getattr(current_app.view_functions[rule.endpoint], "_apidoc", {})
        for each in about.get("arguments", {}).get("parameters", []):
            if each["in"] == "query":
                schema = each["schema"]() if isinstance(each["schema"], type) else each["schema"]
                path = str(rule).replace("<", "{").replace(">", "}")
                yield from (((path, method.lower()), schema) for method in rule.methods or ())


def _parameter(given: Mapping[str, Any], schema: ma.Schema | None) -> dict[str, Any]:
    field = schema.fields.get(given["name"]) if schema and given["in"] == "query" else None
    return {
        "name": given["name"],
        "in": given["in"],
        "required": given.get("required", False),
        "type": type_of(field) if field else "text",
        "about": given.get("description", ""),
    }


def _kind(kind: Kind) -> dict[str, Any]:
    return {"name": kind.name, "family": kind.family, "fields": _fields(kind), "acts": list(kind.acts)}


def _fields(kind: Kind) -> list[dict[str, Any]]:
    """The fields of all acts of a kind: on which act each stands, and on which it must."""
    rows: dict[str, dict[str, Any]] = {}
    for act, schema in kind.acts.items():
        for name, field in schema.fields.items():
            row = rows.setdefault(name, {"name": name, "type": type_of(field), "acts": [], "required": []})
            row["acts"].append(act)
            if field.required:
                row["required"].append(act)
    for row in rows.values():
        for name in ("acts", "required"):
            row[name] = "every act" if row[name] == list(kind.acts) and len(kind.acts) > 1 else ", ".join(row[name])
        if row["name"] in kind.on_first and not row["required"]:
            row["required"] = "the first act"
    return list(rows.values())


def type_of(field: ma.fields.Field[Any]) -> str:
    """What a field takes, in a few words."""
    if isinstance(field, kinds_of_field.Choice):
        return " · ".join(field.words)
    if isinstance(field, query.Listed):
        return f"{type_of(field.inner)}; several with commas"
    for known, words in TYPES:
        if isinstance(field, known):
            return words
    if isinstance(field, query.Several):
        return f"{type_of(field.inner)}; repeatable"
    return "JSON object" if type(field).__name__ == "Changes" else "text"
