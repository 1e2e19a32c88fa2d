"""The words that were searched for, marked where they stand in a text; found as the search finds them."""

from __future__ import annotations

from collections.abc import Collection
from itertools import groupby

from markupsafe import Markup, escape

from projections.words import words


def highlight(text: str, wanted: Collection[str]) -> Markup:
    """The text as HTML, with each word that folds to a wanted one in `<mark>`."""
    runs = ("".join(run) for _, run in groupby(text, str.isalnum))
    return Markup("").join(
        Markup("<mark>{}</mark>").format(run) if _found(run, wanted) else escape(run) for run in runs
    )


def _found(run: str, wanted: Collection[str]) -> bool:
    return any(word in wanted for word in words(run))
