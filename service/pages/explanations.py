"""A page for every kind of problem: the address that a problem document's `type` gives."""

from __future__ import annotations

from flask import Blueprint, render_template

from service.problems import DETAILS, PROBLEMS, Refusal

blp = Blueprint("explanations", __name__, url_prefix="/problems")


@blp.get("/<name>")
def explanation(name: str) -> str:
    """What this problem means, and what to do. Raises Refusal (404)."""
    if name not in PROBLEMS:
        raise Refusal("not-found", DETAILS["not-found"])
    return render_template("explanation.html", name=name, problem=PROBLEMS[name])
