"""The same picture as PNG, drawn by resvg with a font that is shipped, so that it is the same on every machine.

Library and font come with the extra `png`. At the start a text is drawn, to see that letters appear at all.
What the picture stands for is written into it as text chunks (PNG, third edition, section 11.3.3).
"""

from __future__ import annotations

import importlib
import logging
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

LIBRARY, FONT, FAMILY = "resvg_py", "font_source_sans_pro", "Source Sans Pro"
FACES = ("SourceSansPro-Regular.ttf", "SourceSansPro-Bold.ttf")
SIGNATURE = b"\x89PNG\r\n\x1a\n"
SCALE = 2.0
TRY = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><text y="30">{}</text></svg>'

LOG = logging.getLogger("depositary")
Renderer = Callable[[str], bytes]


class Unavailable(Exception):
    """PNG cannot be drawn here; the message is a sentence that says why and what to do."""


@cache
def renderer(library: str = LIBRARY, font: str = FONT) -> Renderer:
    """What draws SVG as PNG, tried once. Raises Unavailable."""
    try:
        draw = importlib.import_module(library).svg_to_bytes
        faces = [str(files(font) / "files" / face) for face in FACES]
    except ModuleNotFoundError as error:
        raise Unavailable(
            f'PNG needs the package {error.name}. Install it with pip install "depositary[png]".'
        ) from None

    def render(svg: str) -> bytes:
        given = {"sans_serif_family": FAMILY, "font_family": FAMILY, "font_files": faces, "skip_system_fonts": True}
        return bytes(draw(svg_string=svg, background="white", zoom=SCALE, **given))

    _try(render)
    return render


def prepare() -> None:
    """Try whether PNG can be drawn, and log why not; charts then answer with the same reason."""
    try:
        renderer()
    except Unavailable as reason:
        LOG.warning("Charts as PNG answer 501: %s", reason)


def _try(render: Renderer) -> None:
    """Draw no letter and two letters: three pictures that must differ. Raises Unavailable."""
    try:
        drawn = {render(TRY.format(letter)) for letter in ("", "7", "É")}
    except Exception as error:
        raise Unavailable(f"The package {LIBRARY} cannot draw here: {error}") from error
    if len(drawn) != 3:
        raise Unavailable("Letters do not appear in a picture drawn here: the font cannot be read.")


def png(svg: str, about: Mapping[str, str], render: Renderer) -> bytes:
    """The picture with what it stands for, by keyword (`Title`, `Source`, …), in its text chunks."""
    drawn = render(svg)
    head = len(SIGNATURE) + 25  # the signature, and IHDR, which comes first
    chunks = b"".join(_chunk(b"iTXt", _text(keyword, words)) for keyword, words in about.items())
    return drawn[:head] + chunks + drawn[head:]


def _text(keyword: str, words: str) -> bytes:
    """Keyword, not compressed, no language, no translated keyword, the text in UTF-8."""
    return keyword.encode("latin-1") + b"\0\0\0\0\0" + words.encode()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def about(picture: bytes) -> dict[str, str]:
    """What a picture says of itself in its text chunks."""
    told = {}
    for kind, data in _chunks(picture):
        if kind == b"iTXt":
            keyword, _, rest = data.partition(b"\0")
            told[keyword.decode("latin-1")] = rest[2:].split(b"\0", 2)[2].decode()
    return told


def _chunks(picture: bytes) -> Iterator[tuple[bytes, Any]]:
    at = len(SIGNATURE)
    while at < len(picture):
        (length,) = struct.unpack_from(">I", picture, at)
        kind, data = picture[at + 4 : at + 8], picture[at + 8 : at + 8 + length]
        if zlib.crc32(kind + data) != struct.unpack_from(">I", picture, at + 8 + length)[0]:
            raise ValueError(f"the chunk {kind!r} is damaged")
        yield kind, data
        at += 12 + length
