"""Every text of the pages has its French, with the same values in it, and French spacing."""

from __future__ import annotations

import re

import pytest
from babel.messages.catalog import Message

from tests.translations import extracted, kept

HOLE = re.compile(r"%\(\w+\)s")
CODE = re.compile(r"`[^`]*`")


def said(message: Message) -> list[tuple[str, str]]:
    """Pairs of English and French: one, or one for each number."""
    english = message.id if isinstance(message.id, tuple) else (message.id,)
    french = message.string if isinstance(message.string, tuple) else (message.string,)
    return list(zip(english, french, strict=True))


@pytest.fixture(scope="module")
def french() -> list[tuple[str, str]]:
    return [pair for message in kept() if message.id for pair in said(message)]


def test_the_catalogue_holds_just_the_texts_of_the_pages() -> None:
    """When this fails: python tests/translations.py, then fill in what is empty."""
    assert {message.id for message in kept() if message.id} == {message.id for message in extracted() if message.id}


def test_nothing_is_left_in_english(french: list[tuple[str, str]]) -> None:
    assert [english for english, text in french if not text] == []


def test_the_same_values_stand_in_both(french: list[tuple[str, str]]) -> None:
    assert [text for english, text in french if sorted(HOLE.findall(english)) != sorted(HOLE.findall(text))] == []
    assert [text for english, text in french if CODE.findall(english) != CODE.findall(text)] == []


def test_french_is_set_as_in_canada(french: list[tuple[str, str]]) -> None:
    """A space that does not break before a colon and within « », none before ; ! ?, curved apostrophes."""
    texts = [CODE.sub("", text) for _, text in french]
    assert [text for text in texts if re.search(r"[^\u00a0/\dps]:(?!\w|//)", text)] == []
    assert [text for text in texts if re.search(r"[\s\u00a0][;!?]", text)] == []
    assert [text for text in texts if re.search(r"«(?!\u00a0)|(?<!\u00a0)»", text)] == []
    assert [text for text in texts if "'" in text] == []
