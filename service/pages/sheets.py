"""What a form is made of: fields, groups of fields in rows, and the sheet of what was typed into them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from service.pages.composing import Typed


@dataclass(frozen=True, kw_only=True)
class Input:
    """One field: `control` is `text`, `area`, `select`, `date`, `day`, `url` or `number`; `list` names suggestions.

    `clears` is whether it is said that nothing holds here any more; None where that cannot be said.
    """

    name: str
    label: str
    value: str = ""
    control: str = "text"
    list: str | None = None
    hint: str | None = None
    options: Sequence[tuple[str, str]] = ()
    error: str | None = None
    clears: bool | None = None

    @property
    def id(self) -> str:
        """The id of its element."""
        return self.name.replace(".", "-")


@dataclass(frozen=True, kw_only=True)
class Group:
    """Fields that belong together, in rows; `adds` when a row can be added."""

    name: str
    label: str
    rows: Sequence[Sequence[Input]]
    adds: str | None = None
    hint: str | None = None
    error: str | None = None

    @property
    def id(self) -> str:
        """The id of its element."""
        return self.name.replace(".", "-")


Block = Input | Group


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A form as it was sent: what was typed, what is wrong by field, and which list is to get one more row."""

    typed: Typed
    sent: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    adding: str | None = None

    def text(self, name: str) -> str:
        """What was typed into a field outside of `data`."""
        value: Any = self.typed
        for step in name.split("."):
            value = value.get(step, "") if isinstance(value, Mapping) else ""
        return value if isinstance(value, str) else ""
