"""The words that templates show for codes and names of the record."""

from __future__ import annotations

import re

from flask.templating import Environment
from jinja2 import StrictUndefined
from markupsafe import Markup, escape

from events import parties
from events.types import KINDS
from service.pages import dates
from service.pages.assets import address

FIELDS = {
    "by": "By",
    "to": "To",
    "about": "About",
    "text_url": "Text",
    "effective_on": "Takes effect",
    "expires_on": "Expires",
    "from_year": "From",
    "to_year": "Until",
    "form": "Form",
    "sender": "Sent by",
    "in_force": "In force",
}
ANSWERS = {True: "yes", False: "no"}


def install(environment: Environment) -> None:
    """Give the templates their filters; a name that a template does not get is an error."""
    environment.undefined = StrictUndefined
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.filters |= {
        "party": party,
        "plain": plain,
        "act": act,
        "field": field,
        "when": dates.in_words,
        "date": dates.date_in_words,
        "coded": coded,
        "instant": dates.instant_in_words,
    }
    environment.globals["asset"] = address


def party(code: str) -> str:
    """The name of a party; its code when it has left the register."""
    return parties.name(code) if parties.exists(code) else code


def plain(word: str) -> str:
    """A word of the format as people write it: `in_person` is "in person"."""
    return word.replace("_", " ")


def act(type: str) -> str:
    """What sort of act this is: "Meeting", "Partnership renewed"."""
    kind, _, name = type.partition(".")
    known = KINDS.get(kind)
    return plain(f"{kind} {name}" if known is None or len(known.acts) > 1 else kind).capitalize()


def field(name: str) -> str:
    """The label of a field of `data`."""
    return FIELDS.get(name) or plain(name).capitalize()


def coded(text: str) -> Markup:
    """A text of ours with what stands between backquotes as code; all else is escaped."""
    return Markup(re.sub("`([^`]*)`", r"<code>\1</code>", str(escape(text))))
