"""Which party a code of the treaty archive means.

Most are ISO 3166-1 alpha-3, some ISO 3166-3, and 56 are neither. A code whose meaning is not certain has no party. The
parties that are in no register of ours stand in `states.json`, for `DEPOSITARY_ORGANISATIONS`.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pycountry

from events import parties

STATES = Path(__file__).with_name("states.json")

# Where code, titles and dates leave one meaning. Of two names "A - B" it is the second: the first has rows of its own.
# The European Communities are said as the Union, as the source's own EUE and EUU do. Left out, among others, are EAZ
# (Zanzibar, but until 2020) and MFD (a Yugoslav state, but which).
# fmt: off
OTHER_CODES = {
    "ALG": "DZ", "CHN - TWN": "TW", "GDR": "DDDE", "GIN - GNQ": "GQ", "KOR - PRK": "KP", "LES": "LS", "QAR": "QA",
    "ROM": "RO", "SDN - SSD": "SS", "SWA - SWZ": "SZ", "USR": "SUHH", "VAE": "AE", "YGF": "YUCS",
    "AUH": "AUSTRIA_HUNGARY", "DZG": "DANZIG", "EAT": "TANGANYIKA", "HSG": "HESSE", "KOS": "KOSOVO", "Kosovo": "KOSOVO",
    "PRU": "PRUSSIA", "SAR": "SAHRAWI_REPUBLIC", "YAR": "NORTH_YEMEN",
    "EC": "EU", "EUE": "EU", "EUU": "EU", "EFTA": "EFTA", "IO-EBRD": "EBRD", "IO-IBRD": "IBRD", "IO-NEFCO": "NEFCO",
    "IO-EAEC": "EURATOM", "IO-European Atomic Energy Community": "EURATOM",
    "EURATOM European Atomic Energy Community": "EURATOM",
    "IO-IAEA": "IAEA", "IAEA International Atomic Energy Agency": "IAEA",
    "IO-Un Food and Agriculture Organization": "FAO", "FAO Food and Agriculture Organization of the UN": "FAO",
    "IO-World Health Organization": "WHO", "WHO World Health Organization": "WHO",
    "IO-World Meteorological Organization": "WMO", "WMO World Metereological Organization": "WMO",
}
# fmt: on


def code(state: str) -> str | None:
    """The party that a code of the file means: alpha-2, alpha-4 of a former country, or a code of ours."""
    return OTHER_CODES.get(state) or _iso().get(state)


def party_name(party: str) -> str:
    """The English name of a party."""
    return _ours().get(party) or parties.name(party)


@cache
def _iso() -> dict[str, str]:
    former = {country.alpha_3: country.alpha_4 for country in pycountry.historic_countries}
    return former | {country.alpha_3: country.alpha_2 for country in pycountry.countries}


@cache
def _ours() -> dict[str, str]:
    return {party: entry["en"] for party, entry in json.loads(STATES.read_text("utf-8")).items()}
