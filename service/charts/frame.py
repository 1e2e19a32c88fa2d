"""What stands around every chart: title and subtitle above; credit, clocks and address below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from service.charts.svg import FONT, GROUND, INK, RULE, element, written
from service.charts.text import balanced, lines

WIDE, NARROW = 720, 360
TITLE, SUBTITLE, SMALL = 21, 14, 11


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The words of a chart. `notes` go below it, one paragraph each; `told` says its figures in one text.

    `name` begins every id, so that several charts may stand in one page; `outside` opens links in a new window.
    """

    title: str
    subtitle: str
    notes: Sequence[str]
    told: str
    language: str = "en"
    name: str = "chart"
    width: int = WIDE
    outside: bool = False

    @property
    def margin(self) -> int:
        """The space left and right: little where there is little."""
        return 24 if self.width >= WIDE else 8

    @property
    def room(self) -> int:
        """How wide the chart within may be."""
        return self.width - 2 * self.margin


def above(frame: Frame) -> tuple[list[Markup], float]:
    """Title and subtitle, and the y below them."""
    parts: list[Markup] = []
    y = 14.0
    for line in balanced(frame.title, TITLE, frame.room, 4, bold=True):
        y += TITLE * 1.25
        parts.append(written(line, frame.margin, y, size=TITLE, font_weight=700))
    for nth, line in enumerate(lines(frame.subtitle, SUBTITLE, frame.room, 6)):
        y += SUBTITLE * 1.4 + (4 if nth == 0 else 0)
        parts.append(written(line, frame.margin, y, size=SUBTITLE, soft=True))
    return parts, y + 18


def below(frame: Frame, y: float) -> tuple[list[Markup], float]:
    """A rule and the notes under it, and the height of the whole."""
    y += 10
    parts = [element("line", x1=frame.margin, x2=frame.width - frame.margin, y1=y, y2=y, class_="rule", stroke=RULE)]
    y += 6
    for note in frame.notes:
        for line in lines(note, SMALL, frame.room, 8):
            y += SMALL * 1.45
            parts.append(written(line, frame.margin, y, size=SMALL, soft=True))
        y += 3
    return parts, round(y + 14)


def picture(frame: Frame, height: float, parts: Sequence[Markup], definitions: Sequence[Markup] = ()) -> Markup:
    """The whole as an SVG document that needs nothing beside it."""
    title, told = f"{frame.name}-title", f"{frame.name}-told"
    ground = element("rect", class_="ground", width=frame.width, height=height, fill=GROUND)
    head = [element("title", frame.title, id=title), element("desc", frame.told, id=told)]
    head += [element("defs", *definitions)] if definitions else []
    return element(
        "svg",
        *_lines([*head, ground, *parts]),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {frame.width} {height:g}",
        width=frame.width,
        height=height,
        class_="chart",
        role="group" if any("<a " in part for part in parts) else "img",
        aria_labelledby=title,
        aria_describedby=told,
        lang=frame.language,
        font_family=FONT,
        font_size=13,
        fill=INK,
    )


def _lines(parts: Sequence[Markup]) -> list[Markup]:
    """The parts, one a line."""
    return [Markup("\n"), *(part + Markup("\n") for part in parts)]
