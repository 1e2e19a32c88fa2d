"""Two versions of a form side by side: what changed there meanwhile, what was typed here, and one chosen of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.pages.composing import Typed
from service.pages.facts import WORDS, shown
from service.pages.labels import field as label_of
from service.pages.labels import plain

PARTED = ("title", "data")
"""What is compared field by field; everything else as a whole."""


def flat(typed: Typed) -> dict[str, Any]:
    """The fields that can be chosen, by name: `title.en`, `data.parties`, `sources`."""
    found = {name: value for name, value in typed.items() if name not in PARTED and name != "stream"}
    return found | {f"{part}.{name}": value for part in PARTED for name, value in typed.get(part, {}).items()}


def rows(base: Mapping[str, Any], theirs: Mapping[str, Any], mine: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every field in which the two differ: what it was, theirs, ours, and which is chosen until one chooses.

    A field that only one side changed keeps that change; one that both changed stays as it is in the record.
    """
    made = []
    for name in {**base, **theirs, **mine}:
        was, there, here = base.get(name), theirs.get(name), mine.get(name)
        if there != here:
            label = " · ".join(label_of(step) for step in name.split(".") if step != "data")
            texts = {"was": _text(name, was), "theirs": _text(name, there), "mine": _text(name, here)}
            made.append(
                {"name": name, "label": label, **texts, "both": was not in (there, here), "take": _take(was, there)}
            )
    return made


def settled(base: Typed, theirs: Typed, mine: Typed, chosen: Mapping[str, str]) -> Typed:
    """Theirs, with ours wherever `take.<name>` says `mine`."""
    one, other, before = flat(theirs), flat(mine), flat(base)
    result: Typed = {"data": {}}
    for name in {**one, **other}:
        take = chosen.get(f"take.{name}") or _take(before.get(name), one.get(name))
        value = (other if take == "mine" else one).get(name)
        if value is not None:
            part, _dot, inner = name.partition(".")
            if inner:
                result.setdefault(part, {})[inner] = value
            else:
                result[name] = value
    return result


def _take(was: Any, there: Any) -> str:
    return "mine" if was == there else "theirs"


def _text(name: str, value: Any) -> str | None:
    is_word = name.rpartition(".")[2] in (*WORDS, "formal") and isinstance(value, str)
    return plain(value) if is_word else shown(value)
