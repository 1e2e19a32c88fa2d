"""The style sheet and the icon. An address that names the content it had may be kept for ever."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, request, send_from_directory

FOLDER = Path(__file__).resolve().parent.parent / "static"
YEAR = 31_536_000

blp = Blueprint("assets", __name__, url_prefix="/static")


@blp.get("/<path:path>")
def asset(path: str) -> Response:
    """A file of service/static, with an ETag; 404 for what is not there."""
    response = send_from_directory(FOLDER, path, etag=True, conditional=True)
    if request.args.get("v") == fingerprint(path):
        response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    else:
        response.headers["Cache-Control"] = "no-cache"
    return response


def address(path: str) -> str:
    """The address of a file as it is now: `/static/style.css?v=1f3870be`."""
    return f"/static/{path}?v={fingerprint(path)}"


@cache
def fingerprint(path: str) -> str:
    """The first digits of the file's SHA-256."""
    return hashlib.sha256((FOLDER / path).read_bytes()).hexdigest()[:12]
