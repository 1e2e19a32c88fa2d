"""How a page of ours is put into another one: the code to copy."""

from __future__ import annotations

from markupsafe import escape

from service.pages.frame import base

TALLEST, WIDEST = 900, 720
BELOW = 70  # for what stands below a chart


def embedding(path: str, title: str, *, width: str = "100%", height: int = TALLEST) -> dict[str, str]:
    """The code to copy: a frame, and a script of the page around it that lets the frame be as tall as it needs."""
    address = base() + path
    frame = (
        f'<iframe src="{escape(address)}" title="{escape(title)}" width="{width}" height="{height}" '
        'loading="lazy" style="border:0"></iframe>'
    )
    return {"address": address, "frame": frame, "script": SCRIPT % escape(base())}


SCRIPT = """<script>
addEventListener("message", ({ data, origin, source }) => {
  if (origin !== "%s" || data?.type !== "depositary:height") return;
  for (const frame of document.querySelectorAll("iframe")) {
    if (frame.contentWindow === source) frame.height = data.height;
  }
});
</script>"""
