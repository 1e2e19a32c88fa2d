"""Signing in with a token, signing out, and who may open the pages that write."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, cast
from urllib.parse import quote

from flask import Response, current_app, g, redirect, render_template, request
from flask.blueprints import BlueprintSetupState
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from service import cookies, tokens
from service.context import context
from service.pages.showing import blp
from service.tokens import Token
from service.translations import N_, _

GUESSES = 10
RULE = RateLimitItemPerMinute(GUESSES)
UNKNOWN = N_("This token is not known, has expired or was revoked. Check that all of it was copied.")
NOT_SENT_HERE = N_("This page was left open too long, or you signed in anew since. Nothing is lost: send it again.")
SIGNED_OUT = N_("You are signed out. Nothing is lost: sign in from another window, then send this again.")

P = ParamSpec("P")


@blp.record
def _watch_guesses(state: BlueprintSetupState) -> None:
    state.app.extensions["guesses"] = MovingWindowRateLimiter(MemoryStorage())


@blp.get("/sign-in")
def sign_in() -> Response:
    """The form that asks for a token."""
    return _page(None, 200, request.args.get("next", ""))


@blp.post("/sign-in")
def enter() -> Response:
    """Sign in with the token of the form; the same sentence for every token that is not good."""
    following = request.form.get("next", "")
    if not cookies.csrf_holds():
        return _page(_(NOT_SENT_HERE), 403, following)
    token = _found(request.form.get("token", "").strip())
    if token is None and not current_app.extensions["guesses"].hit(RULE, request.remote_addr or "unknown"):
        return _page(_("Too many tries. Wait a minute."), 429, following)
    if token is None:
        return _page(_(UNKNOWN), 401, following)
    cookies.sign_in(token)
    return _away(_within(following))


@blp.post("/sign-out")
def sign_out() -> Response:
    """End the session; a form of another session ends nothing."""
    if cookies.csrf_holds():
        cookies.sign_out()
    return _away(f"/{g.language}/")


def for_writers(view: Callable[P, Response]) -> Callable[P, Response]:
    """Ask who is not signed in to do so first, and refuse tokens that may only read.

    A form that comes without a session reaches the view, which gives it back with `hindrance`, so that nothing is lost.
    """

    @wraps(view)
    def checked(*args: P.args, **values: P.kwargs) -> Response:
        token: Token | None = g.signed_in
        if token is None and request.method != "POST":
            here = quote(request.full_path.rstrip("?"), safe="/?=:,")
            return _away(f"/{g.language}/sign-in?next={here}")
        if token is not None and not token.may_write():
            return _page(None, 403, "")
        return view(*args, **values)

    return checked


def hindrance() -> tuple[int, str] | None:
    """Why a form that was sent cannot be taken, with the status that says so; None when it can."""
    if g.signed_in is None:
        return 401, _(SIGNED_OUT)
    return None if cookies.csrf_holds() else (403, _(NOT_SENT_HERE))


def _found(secret: str) -> Token | None:
    here = context()
    with here.database.read() as connection:
        token = tokens.find(connection, secret)
    return token if token and token.valid(here.clock()) else None


def _page(fault: str | None, status: int, following: str) -> Response:
    page = render_template("sign_in.html", fault=fault, next=_within(following))
    return Response(page, status, mimetype="text/html", headers={"Cache-Control": "no-store"})


def _within(address: str) -> str:
    """An address of this service; the timeline for any other."""
    local = address.startswith("/") and not address.startswith("//") and "\\" not in address
    return address if local and address.isprintable() and " " not in address else f"/{g.language}/"


def _away(address: str) -> Response:
    return cast(Response, redirect(address, 303))
