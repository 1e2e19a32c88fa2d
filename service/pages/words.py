"""What the templates use: names and dates in the language of the page, addresses of static files, texts of ours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask.templating import Environment
from jinja2 import StrictUndefined
from markupsafe import Markup, escape

from events import parties
from service import translations
from service.pages import dates, labels
from service.pages.assets import address
from service.translations import language, sentences


def install(environment: Environment) -> None:
    """Give the templates their filters; a name that a template does not get is an error."""
    environment.undefined = StrictUndefined
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.filters |= {
        "party": party,
        "plain": labels.plain,
        "act": labels.act,
        "kind": labels.kind,
        "field": labels.field,
        "when": dates.in_words,
        "date": dates.date_in_words,
        "day": dates.day_in_words,
        "number": translations.number,
        "coded": coded,
        "instant": dates.instant_in_words,
        "titled": titled,
        "told": told,
    }
    environment.globals |= {
        "asset": address,
        "_": translations._,
        "ngettext": translations.ngettext,
        "languages": translations.LANGUAGES,
        "regions": translations.REGIONS,
    }


def party(code: str) -> str:
    """The name of a party in the language of the page; its code when it has left the register."""
    return parties.name(code, language())


def titled(title: Mapping[str, Any]) -> Markup:
    """A title in the language of the page, else in English and marked as such."""
    own = title.get(language())
    if own:
        return escape(own)
    return Markup('<span lang="en">{}</span>').format(title["en"])


def told(sentence: str) -> Markup:
    """What is wrong, in the language of the page; marked as English where there is no French."""
    if language() == "en" or sentence in translations.said(language()):
        return escape(sentence)
    french = sentences.french(sentence)
    return escape(french) if french else Markup('<span lang="en">{}</span>').format(sentence)


def coded(text: str) -> Markup:
    """A text of ours with what stands between backquotes as code; all else is escaped."""
    return Markup(re.sub("`([^`]*)`", r"<code>\1</code>", str(escape(text))))
