"""Who can be a party: countries by ISO 3166-1 alpha-2, former countries by ISO 3166-3 alpha-4, and organisations.

Every code is upper case and names one party. The register only grows: `extend` adds the codes of an installation
when the program starts, and never takes over a code of ISO 3166. Names of countries are those of Unicode CLDR.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pycountry
from babel import Locale

Kind = Literal["country", "former_country", "organisation"]

OURS = Path(__file__).with_name("organisations.json")
CODE = re.compile(r"[A-Z][A-Z0-9_]{1,19}")
FIELDS = {"en", "fr", "kind"}
HABITS = {  # what people write out of habit
    "UK": "GB",
    "EL": "GR",
    "UAE": "AE",
    "PRC": "CN",
    "ROK": "KR",
    "DPRK": "KP",
    "DRC": "CD",
    "USSR": "SUHH",
    "VATICAN": "VA",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One entry of the register."""

    code: str
    kind: Kind
    en: str
    fr: str


def exists(code: str) -> bool:
    """Tell whether code, exactly as written, is in the register."""
    return code in _register()


def kind(code: str) -> Kind:
    """Return what sort of party this is; a code that has left the register was an organisation of a setting."""
    party = _register().get(code)
    return party.kind if party else "organisation"


def name(code: str, language: str = "en") -> str:
    """Return the party's name in French for "fr", else in English; a code that has left the register names itself."""
    party = _register().get(code)
    if party is None:
        return code
    return party.fr if language == "fr" else party.en


def codes() -> tuple[str, ...]:
    """Return every code in the register, in order."""
    return tuple(sorted(_register()))


def extend(path: Path) -> None:
    """Add the parties of a JSON file `{code: {"en": …, "fr": …, "kind": …}}`, all or none.

    `fr` may be left out, and `kind` is "organisation" (if left out) or "country". An organisation already known takes
    the names of the file. ValueError names the file and the entry that is wrong, in one line.
    """
    _register().update({party.code: party for party in _read(path)})
    _names.cache_clear()


def suggest(code: str) -> str:
    """Say in a sentence or two what to write instead of an unknown code. Only exact matches are offered."""
    tidy = code.strip().upper()
    shown = code[:80] if tidy and code[:80].isprintable() else ascii(code[:80])
    if exists(tidy):
        return (
            f"Use upper case: {tidy}." if code.strip() == code else f"Leave out the spaces, and use upper case: {tidy}."
        )
    if tidy in _iso_alpha_3():
        return f"ISO 3166-1 alpha-2 is used: {tidy} is {_iso_alpha_3()[tidy]}."
    if former := _former_codes().get(tidy):
        return f"A former country has the four letters of ISO 3166-3: {tidy} is {' or '.join(former)}."
    if known := HABITS.get(tidy) or _names().get(tidy.casefold()):
        return f"{shown} is not the code used here. Write {known}."
    return (
        f"{shown} is not in the register of parties. Give the ISO 3166-1 alpha-2 code of a country, such as CA, or the "
        "code of an organisation, such as NATO; the setting DEPOSITARY_ORGANISATIONS adds more."
    )


@cache
def _register() -> dict[str, Party]:
    parties = [*_countries(), *_former_countries(), *_read(OURS)]
    return {party.code: party for party in parties}


def _countries() -> Iterator[Party]:
    english, french = Locale("en").territories, Locale("fr").territories
    for country in pycountry.countries:
        en: str = english.get(country.alpha_2, country.name)
        yield Party(code=country.alpha_2, kind="country", en=en, fr=french.get(country.alpha_2, en))


def _former_countries() -> Iterator[Party]:
    """Former countries bear their English names of ISO 3166-3 in both languages: CLDR names none of them."""
    for country in pycountry.historic_countries:
        yield Party(code=country.alpha_4, kind="former_country", en=country.name, fr=country.name)


def _read(path: Path) -> list[Party]:
    try:
        entries = json.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not JSON: {error}.") from error
    if not isinstance(entries, dict):
        raise ValueError(f'{path} must hold one JSON object, such as {{"NATO": {{"en": "…", "fr": "…"}}}}.')
    return [_party(path, code, entry) for code, entry in entries.items()]


def _party(path: Path, code: str, entry: Any) -> Party:
    """Check one entry of a file."""
    where = f"{path}, entry {json.dumps(code)}:"
    if not CODE.fullmatch(code):
        raise ValueError(f"{where} a code is 2 to 20 of A-Z, 0-9 and _, beginning with a letter.")
    if code in _iso_codes():
        raise ValueError(f"{where} this is a code of ISO 3166. Choose another.")
    if not isinstance(entry, dict) or not entry.keys() <= FIELDS:
        raise ValueError(f'{where} an entry is an object with "en", and perhaps "fr" and "kind".')
    if not _is_name(entry.get("en")) or not _is_name(entry.get("fr", "-")):
        raise ValueError(f'{where} give an English name as "en", and a French one as "fr" or not at all.')
    if entry.get("kind", "organisation") not in ("country", "organisation"):
        raise ValueError(f'{where} "kind" is "country" or "organisation".')
    names = {"fr": entry["en"], "kind": "organisation", **entry}
    return Party(code=code, **names)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value.isprintable() and bool(value.strip())


@cache
def _iso_codes() -> frozenset[str]:
    """Return every code that ISO 3166 gives to a country today, and the four letters of those of the past."""
    former = {country.alpha_4 for country in pycountry.historic_countries}
    return frozenset({country.alpha_2 for country in pycountry.countries} | _iso_alpha_3().keys() | former)


@cache
def _iso_alpha_3() -> dict[str, str]:
    return {country.alpha_3: country.alpha_2 for country in pycountry.countries}


@cache
def _former_codes() -> dict[str, list[str]]:
    """Map the two- and three-letter codes of former countries to the four letters (CS was two countries)."""
    found: dict[str, list[str]] = {}
    for country in pycountry.historic_countries:
        for short in (country.alpha_2, country.alpha_3):
            found.setdefault(short, []).append(country.alpha_4)
    return found


@cache
def _names() -> dict[str, str]:
    """Map names, without case, to codes: first those shown here, then the other names that ISO 3166-1 gives."""
    found: dict[str, str] = {}
    for party in _register().values():
        found.setdefault(party.en.casefold(), party.code)
        found.setdefault(party.fr.casefold(), party.code)
    for country in pycountry.countries:
        for field in ("name", "common_name", "official_name"):
            if other := getattr(country, field, None):
                found.setdefault(other.casefold(), country.alpha_2)
    return found
