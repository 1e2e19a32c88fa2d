"""Rows as CSV that a spreadsheet opens as it should and that says what it stands for.

First come lines of two cells, the first of which begins with "# ": what the rows stand for. Then an empty line, the
names of the columns, and the rows. A cell that a spreadsheet would take for a formula is led by an apostrophe.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

BYTE_ORDER_MARK = "\ufeff"  # by which spreadsheets know UTF-8
FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")

Cell = str | int | bool | None


def table(about: Mapping[str, Cell], columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """The whole file, in UTF-8."""
    out = io.StringIO()
    out.write(BYTE_ORDER_MARK)
    top = csv.writer(out)
    top.writerows((f"# {name}", cell(value)) for name, value in about.items())
    out.write("\r\n")
    # every text is quoted, so that no reader takes a "#" within it for a remark
    body = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC)
    body.writerow(columns)
    body.writerows([cell(value) for value in row] for row in rows)
    return out.getvalue().encode()


def cell(value: Cell) -> str | int:
    """A value as a cell that is never run."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int():
            return value
        case str() if value.lstrip(" ").startswith(FORMULA):
            return f"'{value}"
        case _:
            return value
