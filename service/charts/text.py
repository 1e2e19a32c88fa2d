"""How wide text will be, and where it breaks, for a picture that brings no font of its own.

The widths are those of Helvetica, which most sans-serif fonts share or stay below, and a reserve for those that do not.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

WIDTHS = {
    191: "'",
    222: "ijl",
    278: " !,./:;It[\\]f",
    333: "()-`r",
    335: "{}|",
    355: '"',
    389: "*",
    469: "^",
    500: "ckszxyvJ",
    556: "0123456789abdeghnopqu#$?_L",
    584: "+<=>~",
    611: "FTZ",
    667: "ABEKPSVXY&",
    722: "CDHNRUw",
    778: "GOQ",
    833: "Mm",
    889: "%",
    944: "W",
    1015: "@",
}
BY_CHARACTER = {character: width for width, characters in WIDTHS.items() for character in characters}
USUAL, FULL = 600, 1000
RESERVE, BOLD = 1.14, 1.1
ELLIPSIS = "…"
NOT_SHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]+")
"""Control characters, and those that turn the direction of what follows: none of them may stand in a picture."""


def clean(text: str) -> str:
    """The text on one line, without what cannot be shown or may not stand in XML; spaces that do not break stay."""
    return re.sub("  +", " ", NOT_SHOWN.sub(" ", text)).strip(" ")


def width(text: str, size: float, *, bold: bool = False) -> float:
    """About how wide a text is at a font size, in the same unit; rather too much than too little."""
    return sum(map(_advance, text)) * size / 1000 * RESERVE * (BOLD if bold else 1)


@lru_cache(2_048)
def _advance(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    if unicodedata.east_asian_width(character) in "WF":
        return FULL
    return BY_CHARACTER.get(unicodedata.normalize("NFKD", character)[0], USUAL)


def shortened(text: str, size: float, room: float, *, bold: bool = False) -> str:
    """The text, cut with an ellipsis where it would be wider than the room."""
    if width(text, size, bold=bold) <= room:
        return text
    while text and width(text + ELLIPSIS, size, bold=bold) > room:
        text = text[:-1]
    return text.rstrip() + ELLIPSIS


def lines(text: str, size: float, room: float, most: int, *, bold: bool = False) -> list[str]:
    """The text broken between words, and within those that are too long, into at most so many lines."""
    found: list[str] = []
    rest = clean(text)
    while rest and len(found) < most - 1:
        line = _first_line(rest, size, room, bold)
        found.append(line.rstrip())
        rest = rest[len(line) :].lstrip()
    return [*found, shortened(rest, size, room, bold=bold)] if rest else found


def balanced(text: str, size: float, room: float, most: int, *, bold: bool = False) -> list[str]:
    """As `lines`, with lines of about the same width."""
    found = lines(text, size, room, most, bold=bold)
    while len(found) > 1 and room > size:
        room *= 0.96
        tighter = lines(text, size, room, most, bold=bold)
        if len(tighter) > len(found) or tighter[-1].endswith(ELLIPSIS):
            break
        found = tighter
    return found


def _first_line(text: str, size: float, room: float, bold: bool) -> str:
    if width(text, size, bold=bold) <= room:
        return text
    end = 1
    while width(text[: end + 1], size, bold=bold) <= room:
        end += 1
    space = text.rfind(" ", 0, end + 1)
    joint = max(text.rfind(mark, 0, end) for mark in "&/?") + 1  # an address may break there
    return text[:space] if space > 0 else text[: joint or end]
