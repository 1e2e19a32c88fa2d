"""What a file says first: both clocks, the filters it was asked for with, and where the same can be seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from service.charts.tables import Cell
from service.reading import Reading


def meta_of(reading: Reading, filters: Mapping[str, Sequence[str]], permalink: str) -> dict[str, Any]:
    """What a file stands for: both clocks, the filters as they were given, and the page that always shows the same."""
    return {
        **reading.meta(),
        "filters": {name: list(values) for name, values in filters.items()},
        "permalink": permalink,
    }


def flat(about: Mapping[str, Any]) -> dict[str, Cell]:
    """The same as single values: a filter `party` as `filter party`."""
    told = {name: value for name, value in about.items() if name != "filters"}
    return told | {f"filter {name}": ", ".join(values) for name, values in about["filters"].items()}
