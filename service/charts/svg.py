"""Elements of SVG, written so that no text can become markup."""

from __future__ import annotations

from markupsafe import Markup, escape

from service.charts.text import clean

FONT = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif"  # all but the last as wide as `text` says
INK, SOFT, RULE, GROUND = "#1b1a17", "#5d5850", "#ddd8cc", "#ffffff"


def element(name: str, /, *content: str | Markup, **attributes: str | float | None) -> Markup:
    """One element; in names of attributes `_` stands for `-`, and a trailing one is dropped. None is left out."""
    given = ((key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items() if value is not None)
    written = "".join(f' {key}="{escape(_plain(value))}"' for key, value in given)
    inner = "".join(part if isinstance(part, Markup) else escape(clean(part)) for part in content)
    return Markup(f"<{name}{written}>{inner}</{name}>" if content else f"<{name}{written}/>")


def _plain(value: str | float) -> str:
    return clean(value) if isinstance(value, str) else f"{round(value, 2):g}"


def written(
    text: str, x: float, y: float, *, size: float = 13, soft: bool = False, **more: str | float | None
) -> Markup:
    """A line of text with its baseline at y."""
    look = {"class_": "soft" if soft else None, "fill": SOFT if soft else None, "font_size": size, **more}
    return element("text", text, x=x, y=y, **look)


def linked(href: str | None, words: str, *content: Markup, outside: bool = False) -> Markup:
    """What leads somewhere, with the words that say where; `outside` opens it in a window of its own."""
    told = element("title", words)
    if href is None:
        return element("g", told, *content)
    away = {"target": "_blank", "rel": "noopener"} if outside else {}
    return element("a", told, *content, href=href, **away)
