"""The fields of the form of a type of event, made from its storage schema: labels, what was typed, what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from marshmallow import fields as ma_fields

from events.fields import Amount, Choice, Currency, Day, Edtf, Flag, Parties, Party, People, Place, Url, Whole, Words
from events.types import TYPES, kind_of
from service.pages.composing import PERSON, PLACE, SOURCE, rows_sent
from service.pages.labels import field as label_of
from service.pages.labels import plain
from service.pages.sheets import Block, Group, Input, Sheet
from service.translations import _

LONG = ("note", "reason", "goods")


def blocks(type: str, sheet: Sheet) -> list[Block]:
    """All fields of the form, in order: when, what, the title, the sources, the note."""
    is_act = kind_of(type).family == "act"
    made: list[Block] = [_date(sheet)] if is_act else []
    made += [_data(name, each, sheet) for name, each in TYPES[type].fields.items()]
    made += _titles(sheet) if is_act else []
    made += [_sources(sheet), Input(name="note", label=label_of("note"), value=sheet.text("note"), control="area")]
    return [_marked(block, sheet.errors) for block in made]


def names(blocks: Sequence[Block]) -> set[str]:
    """The names of all fields and groups."""
    inner = {each.name for block in blocks if isinstance(block, Group) for row in block.rows for each in row}
    return inner | {block.name for block in blocks}


def _date(sheet: Sheet) -> Input:
    return Input(
        name="occurred_on",
        label=label_of("occurred_on"),
        value=sheet.text("occurred_on"),
        control="date",
        hint=_("needed"),
    )


def _titles(sheet: Sheet) -> list[Block]:
    english = Input(
        name="title.en",
        label=_("Title in English"),
        value=sheet.text("title.en"),
        hint=_("needed; at most 300 characters"),
    )
    return [english, Input(name="title.fr", label=_("Title in French"), value=sheet.text("title.fr"))]


def _sources(sheet: Sheet) -> Group:
    rows = _row_count("sources", len(sheet.typed.get("sources", ())), 1, sheet)
    made = [_source(nth, sheet) for nth in range(rows)]
    return Group(name="sources", label=label_of("sources"), rows=made, adds=_("Add a source"))


def _source(nth: int, sheet: Sheet) -> list[Input]:
    labels = {"title": _("Title of the source")}
    controls = {"url": "url", "published_on": "date"}
    given = _at(sheet.typed.get("sources", ()), nth)
    return [
        Input(
            name=f"sources.{nth}.{part}",
            label=labels.get(part) or label_of(part),
            value=given.get(part, ""),
            control=controls.get(part, "text"),
        )
        for part in SOURCE
    ]


def _data(name: str, each: ma_fields.Field[Any], sheet: Sheet) -> Block:
    typed = sheet.typed.get("data", {}).get(name)
    match each:
        case Parties():
            return _parties(name, each, typed or [], sheet)
        case People():
            rows = range(_row_count(f"data.{name}", len(typed or ()), 1, sheet))
            made = [_person(f"data.{name}.{nth}", _at(typed or (), nth)) for nth in rows]
            return Group(name=f"data.{name}", label=label_of(name), rows=made, adds=_("Add a person"))
        case Place():
            return Group(name=f"data.{name}", label=label_of(name), rows=[_place(f"data.{name}", typed or {})])
        case _:
            return _single(name, each, typed or "", _clears(name, each, sheet))


def _parties(name: str, each: Parties, typed: Sequence[str], sheet: Sheet) -> Group:
    least = max(1, each.least)
    rows = [
        [
            Input(
                name=f"data.{name}.{nth}",
                label=_("%(field)s %(nth)s", field=label_of("party"), nth=nth + 1),
                value=typed[nth] if nth < len(typed) else "",
                list="party-names",
            )
        ]
        for nth in range(_row_count(f"data.{name}", len(typed), least, sheet))
    ]
    hint = _("empty: all") if name == "targets" else _("at least %(n)s", n=least) if each.required else None
    return Group(name=f"data.{name}", label=label_of(name), rows=rows, adds=_("Add a party"), hint=hint)


def _person(name: str, given: Mapping[str, str]) -> list[Input]:
    lists = {"name": "people", "party": "party-names"}
    return [
        Input(name=f"{name}.{part}", label=label_of(part), value=given.get(part, ""), list=lists.get(part))
        for part in PERSON
    ]


def _place(name: str, given: Mapping[str, str]) -> list[Input]:
    lists = {"party": "party-names"}
    return [
        Input(name=f"{name}.{part}", label=label_of(part), value=given.get(part, ""), list=lists.get(part))
        for part in PLACE
    ]


def _single(name: str, each: ma_fields.Field[Any], typed: str, clears: bool | None) -> Input:
    plain_one = Input(
        name=f"data.{name}",
        label=label_of(name),
        value=typed,
        hint=_("needed") if each.required else None,
        clears=clears,
    )
    match each:
        case Party():
            return replace(plain_one, list="party-names")
        case Choice():
            words = [(word, plain(word)) for word in each.words]
            return replace(plain_one, control="select", options=[("", _("not given")), *words])
        case Flag():
            options = [("", _("not given")), ("true", _("yes")), ("false", _("no"))]
            return replace(plain_one, control="select", options=options)
        case Words():
            return replace(plain_one, control="area", hint=_("one a line"))
        case Edtf():
            return replace(plain_one, control="date")
        case Day():
            return replace(plain_one, control="day", hint=_("YYYY-MM-DD"))
        case Url():
            return replace(plain_one, control="url")
        case Whole():
            return replace(plain_one, control="number")
        case Amount():
            return replace(plain_one, control="number", hint=_("digits alone, such as 1250000.50"))
        case Currency():
            return replace(plain_one, hint=_("three letters, such as CAD"))
        case _:
            return replace(plain_one, list="people") if name == "person" else plain_one


def _clears(name: str, each: ma_fields.Field[Any], sheet: Sheet) -> bool | None:
    """Whether a later act of a life cycle takes back what earlier ones gave; None where it cannot."""
    cleared = name in sheet.typed.get("clear", {})
    return cleared if cleared or (each.allow_none and sheet.text("stream")) else None


def _row_count(name: str, given: int, least: int, sheet: Sheet) -> int:
    """How many rows a list shows: those filled in, and another where one was asked for."""
    more = max(given, rows_sent(sheet.sent, name)) + 1 if sheet.adding == name else given
    return max(more, least)


def _at(rows: Sequence[Mapping[str, str]], nth: int) -> Mapping[str, str]:
    return rows[nth] if nth < len(rows) else {}


def _marked(block: Block, errors: Mapping[str, str]) -> Block:
    """The block with what is wrong; long texts get room."""
    if isinstance(block, Group):
        rows = [[_long(replace(each, error=errors.get(each.name))) for each in row] for row in block.rows]
        return replace(block, rows=rows, error=errors.get(block.name))
    return _long(replace(block, error=errors.get(block.name)))


def _long(one: Input) -> Input:
    """A field of one line becomes one of several where its text has several."""
    is_long = one.control == "text" and ("\n" in one.value or one.name.rpartition(".")[2] in LONG)
    return replace(one, control="area") if is_long else one
