"""Word search that does not mind case and accents: `lodz` finds `Łódź`.

The same folding is applied to what is searched and to the search, and by this module only, so that every database finds
the same. Folding what is folded changes nothing.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import groupby
from string import ascii_lowercase, ascii_uppercase

SEPARATOR = "\u200b"  # ZERO WIDTH SPACE: invisible, but written to part words (Thai, Khmer)
# Letters that Unicode does not take apart, and signs that are typed as an apostrophe. Lower case: casefold comes first.
LETTERS = {
    **dict(zip("øłđðıħŋŧəɓɖɗƙƴɛɔɣɨʉ", "olddihntabddkyeogiu", strict=True)),
    **dict.fromkeys("ʹʺʻʼʽʾʿˈˊˋꞌ", "'"),
    "œ": "oe",
    "æ": "ae",
    "þ": "th",
    "ـ": "",  # ARABIC TATWEEL only stretches a word
}

LONGEST = 200
"""What of a word counts, in characters; no index takes words without end."""

PLAIN, OTHERS = re.compile("[a-z0-9]+"), re.compile(r"[^\x00-\x7f]+")
LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)


def fold(text: str) -> str:
    """Return text without case, accents, optional vowel points and invisible signs, composed (NFC)."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text).translate(LOWER)
    return unicodedata.normalize("NFC", OTHERS.sub(lambda run: "".join(map(_plain, run[0])), apart))


folded = lru_cache(16_384)(fold)
"""As `fold`, for names, which come again and again."""


def words(text: str) -> list[str]:
    """Return the words of text, folded and in order: the longest runs of letters, digits and the marks they carry.

    An apostrophe parts words as a hyphen does: `Xi's` holds `xi` and `s`. Scripts written without spaces
    (Chinese, Japanese, Thai) give one word for each unbroken run.
    """
    folded = fold(text)
    if folded.isascii():
        return [run[:LONGEST] for run in PLAIN.findall(folded)]
    runs = ("".join(run) for inside, run in groupby(folded, _in_word) if inside)
    return [run[:LONGEST] for run in runs if any(char.isalnum() for char in run)]


@lru_cache(maxsize=8_192)
def _plain(char: str) -> str:
    """Fold one character of decomposed text."""
    if _dropped(char):
        return ""
    lower = unicodedata.normalize("NFKD", char.casefold())
    return "".join(LETTERS.get(part, part) for part in lower if not _dropped(part))


def _dropped(char: str) -> bool:
    """Tell whether char is an accent, an optional point or an invisible sign, rather than part of the spelling.

    By canonical combining class (Unicode Standard, section 4.3): 1 is overlays, 10 to 36 the points of Hebrew, Arabic
    and Syriac, 200 and above accents. Vowel signs of Indic scripts, Thai tones and Japanese voicing marks are kept.
    """
    category = unicodedata.category(char)
    if category == "Mn":
        order = unicodedata.combining(char)
        return order == 1 or 10 <= order <= 36 or order >= 200 or _selects(char)
    return category == "Me" or (category == "Cf" and char != SEPARATOR)


def _selects(char: str) -> bool:
    """Tell whether char only chooses a glyph: a variation selector, or the combining grapheme joiner."""
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef" or char == "\u034f"


@lru_cache(maxsize=8_192)
def _in_word(char: str) -> bool:
    return char.isalnum() or unicodedata.category(char).startswith("M")
