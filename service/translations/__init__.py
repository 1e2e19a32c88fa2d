"""The pages in English and Canadian French. English stands in the code; French in `service/translations/fr.po`.

A text without French is shown in English, so a page is never broken by a missing one; a test finds what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from babel import Locale
from babel.messages.pofile import read_po
from flask import g, has_app_context

LANGUAGES = {"en": "English", "fr": "Français"}
LOCALES = {"en": Locale("en", "CA"), "fr": Locale("fr", "CA")}
REGIONS = {"en": "en", "fr": "fr-CA"}

Texts = Mapping[str | tuple[str, str], str | tuple[str, ...]]


def language() -> str:
    """The language of the page that is being made: "en" or "fr"."""
    return str(g.get("language", "en")) if has_app_context() else "en"


def _(text: str, /, **values: Any) -> str:
    """The text in the language of the page, its `%(name)s` filled in."""
    found = catalogue(language()).get(text) or text
    assert isinstance(found, str)
    return found % values if values else found


def N_(text: str) -> str:
    """Mark a text for translation where it stands; `_` translates it where it is shown."""
    return text


def ngettext(one: str, many: str, n: int, /, **values: Any) -> str:
    """The text for one or for many; `%(n)s` is the number. In French nought is one."""
    singular = n == 1 or (language() == "fr" and n in (0, -1))
    found = catalogue(language()).get((one, many)) or (one, many)
    text = found[0 if singular else 1]
    return text % {"n": number(n), **values}


def number(n: int) -> str:
    """A whole number with its thousands apart: 1,234 or 1 234."""
    return f"{n:,}".replace(",", "\u202f") if language() == "fr" else f"{n:,}"


@cache
def said(code: str) -> frozenset[str]:
    """All texts of a language, to tell them from others."""
    return frozenset(text for text in catalogue(code).values() if isinstance(text, str))


@cache
def catalogue(code: str) -> Texts:
    """The texts of a language by their English ones."""
    file = files("service") / "translations" / f"{code}.po"
    if not file.is_file():
        return {}
    with file.open("rb") as opened:
        messages = read_po(opened, locale=code)
    texts: dict[Any, Any] = {}
    for message in messages:
        if message.id and message.string and any(message.string):
            texts[message.id] = message.string
    return texts
