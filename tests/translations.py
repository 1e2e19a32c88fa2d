"""Bring the French catalogue up to date with the code: `python tests/translations.py`, then fill in what is empty.

The texts are taken from `_()`, `N_()` and `ngettext()` in Python and in the templates.
"""

from __future__ import annotations

import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "service" / "translations" / "fr.po"
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
OPTIONS = {"templates/**.html": {"trimmed": "true", "extensions": "jinja2.ext.i18n", "silent": "false"}}
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}


def extracted() -> Catalog:
    """Every text of the pages, with the files it stands in."""
    found = Catalog(locale="fr", project="Depositary", header_comment="# The pages of Depositary in Canadian French.")
    folder = ROOT / "service"
    for name, _line, text, _comments, _context in extract_from_dir(folder, METHODS, OPTIONS, KEYWORDS):
        if text:
            found.add(text, locations=[(f"service/{name}", None)])
    return found


def kept() -> Catalog:
    """The catalogue as it is."""
    with FILE.open("rb") as file:
        return read_po(file, locale="fr")


def main() -> int:
    """Add what is new, drop what is gone, and say what has no French yet."""
    found, before = extracted(), kept() if FILE.exists() else Catalog(locale="fr")
    for message in found:
        old = before.get(message.id) if message.id else None
        if old is not None:
            message.string = old.string
    with FILE.open("wb") as file:
        write_po(file, found, width=120, sort_output=True, omit_header=False, include_lineno=False)
    empty = [message.id for message in found if message.id and not any(message.string or ())]
    print(f"{len(found)} texts, {len(empty)} without French")
    return 0


if __name__ == "__main__":
    sys.exit(main())
