"""Strict fields for stored data: what is not exactly right is refused with a sentence that says what to do.

Nothing is converted. A number is not taken for text, nor text for a number; a boolean is neither.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import marshmallow as ma
import pycountry
from marshmallow import fields

from events import edtf, parties

TEXT_LIMIT = 10_000
LARGEST_WHOLE = 2**53 - 1  # the largest whole number RFC 8785 lets stand in JSON
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
FILLERS = "\u115f\u1160\u2800\u3164\uffa0"
HOST = re.compile(r"[^\x00-\x20%<>\"\\^`{|}]*[^\W_][^\x00-\x20%<>\"\\^`{|}]*")
PLAIN_URL = re.compile(r"https?://[a-z0-9]+(?:[.-][a-z0-9]+)*(?:/[!-~]*)?")  # one that needs no closer look
AMOUNT = re.compile(r"[0-9]+(\.[0-9]+)?")

MESSAGES: dict[str, Any] = {
    "required": "This field is required. Add it.",
    "null": "null is not a value here. Leave the field out, or give it a value.",
    "validator_failed": "This value is not allowed here.",
}


class Strict(ma.Schema):
    """A schema that refuses unknown fields, and says which fields there are."""

    class Meta:
        """Refuse what is not named."""

        unknown = ma.RAISE

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        known = ", ".join(sorted(self.fields)) or "none"
        self.error_messages = {
            "type": f"This must be a JSON object with the fields {known}.",
            "unknown": f"Unknown field. Remove it; the fields here are: {known}.",
        }

    def handle_error(self, error: ma.ValidationError, data: Any, **kwargs: Any) -> None:
        """Leave the error as it is; the caller turns it into faults."""


class Checked(fields.Field[Any]):
    """A field whose `check` returns the value as it came, or raises ValueError with a sentence."""

    default_error_messages = MESSAGES

    def check(self, value: Any) -> Any:
        """Return the value, or raise ValueError saying what to do."""
        raise NotImplementedError

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        try:
            return self.check(value)
        except ValueError as error:
            raise ma.ValidationError(str(error)) from error


def text(value: Any, limit: int = TEXT_LIMIT) -> str:
    """Check that value is text: not blank, no control characters but tab and line breaks, at most `limit` long."""
    if not isinstance(value, str):
        raise ValueError("This must be text (a JSON string).")
    if len(value) > limit:
        raise ValueError(f"This text has {len(value)} characters; at most {limit} are allowed. Shorten it.")
    if value.isascii() and value.isprintable() and not value.isspace() and value:
        return value
    if CONTROL.search(value):
        raise ValueError("Control characters other than tab and line breaks are not allowed. Remove them.")
    if not any(map(_visible, value)):
        raise ValueError("This text is blank. Write something, or leave the field out.")
    return value


def _visible(char: str) -> bool:
    """Whether a character shows something of its own: no space, no mark without its letter, no filler."""
    return not char.isspace() and unicodedata.category(char) not in ("Cf", "Mn", "Me") and char not in FILLERS


def party(value: Any) -> str:
    """Check that value is the code of a party in the register."""
    if not isinstance(value, str):
        raise ValueError('This must be the code of a party, such as "CA".')
    if not parties.exists(value):
        raise ValueError(parties.suggest(value[:80]))
    return value


def url(value: Any) -> str:
    """Check that value is an http(s) URL with a host and without credentials."""
    if not isinstance(value, str) or len(value) > TEXT_LIMIT:
        raise ValueError('This must be a URL, such as "https://example.org/page".')
    if PLAIN_URL.fullmatch(value):
        return value
    if CONTROL.search(value) or any(char.isspace() for char in value):
        raise ValueError("A URL holds no spaces or control characters. Percent-encode them.")
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("This is not a valid URL. Give it as https://host/path.") from None
    if parts.scheme not in ("http", "https") or not HOST.fullmatch(host or ""):
        raise ValueError("Only http and https URLs with a host are accepted. Give it as https://host/path.")
    if "@" in parts.netloc:
        raise ValueError("A URL must not carry a user name or password. Remove the part before the @.")
    return value


class Text(Checked):
    """Text that is not blank, of at most `limit` characters."""

    def __init__(self, limit: int = TEXT_LIMIT, **options: Any) -> None:
        super().__init__(**options)
        self.limit = limit

    def check(self, value: Any) -> str:
        """See `text`."""
        return text(value, self.limit)


class Party(Checked):
    """The code of one party."""

    def check(self, value: Any) -> str:
        """See `party`."""
        return party(value)


class Url(Checked):
    """An http(s) URL without credentials."""

    def check(self, value: Any) -> str:
        """See `url`."""
        return url(value)


class Edtf(Checked):
    """A date in the contract's EDTF profile, kept as it was written."""

    def check(self, value: Any) -> str:
        """Return the text when it parses."""
        if not isinstance(value, str):
            raise ValueError('This must be a date as text, such as "2025-10-30".')
        edtf.parse(value)
        return value


class Day(Checked):
    """One civil day, `YYYY-MM-DD`."""

    def check(self, value: Any) -> str:
        """Return the text when it is a day of the calendar."""
        if not isinstance(value, str):
            raise ValueError('This must be a day as text, such as "2025-10-30".')
        edtf.day(value)
        return value


class Flag(Checked):
    """true or false, and nothing that only looks like it."""

    def check(self, value: Any) -> bool:
        """Return the boolean."""
        if not isinstance(value, bool):
            raise ValueError("This must be true or false, without quotes.")
        return value


class Whole(Checked):
    """A whole number between two bounds, written without fraction or exponent."""

    def __init__(self, least: int = 0, most: int = LARGEST_WHOLE, **options: Any) -> None:
        super().__init__(**options)
        self.least, self.most = least, most

    def check(self, value: Any) -> int:
        """Return the number when it is whole and within bounds."""
        if not isinstance(value, int) or isinstance(value, bool) or not self.least <= value <= self.most:
            raise ValueError(f"This must be a whole number from {self.least} to {self.most}, without quotes.")
        return value


class Choice(Checked):
    """One of a few words."""

    def __init__(self, *words: str, **options: Any) -> None:
        super().__init__(**options)
        self.words = words

    def check(self, value: Any) -> str:
        """Return the word when it is one of them."""
        if not isinstance(value, str) or value not in self.words:
            raise ValueError(f"This must be one of: {', '.join(self.words)}.")
        return value


class Amount(Checked):
    """An amount of money as decimal text: digits with an optional fraction."""

    def check(self, value: Any) -> str:
        """Return the text when it is plain digits."""
        if not isinstance(value, str) or len(value) > TEXT_LIMIT or not AMOUNT.fullmatch(value):
            raise ValueError(
                'Give the amount as text of digits with an optional fraction, such as "1250000.50": '
                "no sign, exponent or thousands separators."
            )
        return value


@cache
def currencies() -> frozenset[str]:
    """The alphabetic codes of ISO 4217."""
    return frozenset(currency.alpha_3 for currency in pycountry.currencies)


class Currency(Checked):
    """An ISO 4217 code."""

    def check(self, value: Any) -> str:
        """Return the code when it exists."""
        if not isinstance(value, str) or value not in currencies():
            raise ValueError('This is no currency of ISO 4217. Give its three capital letters, such as "CAD".')
        return value


class ListOf(fields.List[Any]):
    """A JSON array with at least and at most so many items."""

    default_error_messages = {**MESSAGES, "invalid": "This must be a JSON array."}

    def __init__(self, inner: fields.Field[Any], least: int = 0, most: int | None = None, **options: Any) -> None:
        super().__init__(inner, **options)
        self.least, self.most = least, most

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> list[Any]:
        if not isinstance(value, list):
            raise self.make_error("invalid")
        if len(value) < self.least:
            raise ma.ValidationError(f"At least {self.least} needed here; {len(value)} given.")
        if self.most is not None and len(value) > self.most:
            raise ma.ValidationError(f"At most {self.most} are allowed here; {len(value)} given.")
        return super()._deserialize(value, attr, data, **kwargs)


class Parties(ListOf):
    """A list of parties that names none twice."""

    def __init__(self, least: int = 0, **options: Any) -> None:
        super().__init__(Party(), least, 250, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> list[Any]:
        codes = super()._deserialize(value, attr, data, **kwargs)
        twice = {
            i: [f"{code} appears twice. Name each party once."] for i, code in enumerate(codes) if code in codes[:i]
        }
        if twice:
            raise ma.ValidationError(twice)
        return codes


class Words(ListOf):
    """A list of texts, such as topics."""

    def __init__(self, **options: Any) -> None:
        super().__init__(Text(), **options)


class Sub(fields.Nested):
    """An object within an object, checked as strictly."""

    default_error_messages = MESSAGES


class PlaceSchema(Strict):
    """Where: a name, the party it lies in, or both."""

    name = Text()
    party = Party()

    @ma.validates_schema(skip_on_field_errors=True)
    def _not_empty(self, data: Mapping[str, Any], **kwargs: Any) -> None:
        if not data:
            raise ma.ValidationError('A place needs a name, such as {"name": "Gyeongju", "party": "KR"}.', "name")


class PersonSchema(Strict):
    """Who: a name, whom they act for, and in which role."""

    name = Text(required=True)
    party = Party()
    role = Text()


class People(ListOf):
    """The people who took part."""

    def __init__(self, **options: Any) -> None:
        super().__init__(Sub(PersonSchema()), 0, 500, **options)


class Place(Sub):
    """See `PlaceSchema`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(PlaceSchema(), **options)
