"""The session of a browser: a signed cookie that names a token, never its secret, and guards the forms it sends.

The name is looked up at every request, so a token that expired or was revoked is signed out at once.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256

from flask import Flask, request, session
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy import Connection

from events.standbys import Source
from service import tokens
from service.context import context
from service.tokens import Token

LIFETIME = timedelta(hours=12)
"""How long a cookie is good for; signing out takes it from the browser, and revoking the token from everywhere."""


class Cookies(SecureCookieSessionInterface):
    """Flask's signed cookie; sent over https alone where the service is reached so."""

    def get_cookie_secure(self, app: Flask) -> bool:
        """Whether the cookie is for https alone."""
        return request.is_secure or (context().settings.public_url or "").startswith("https:")


def install(app: Flask) -> None:
    """Keep sessions in a cookie that scripts and other sites cannot use."""
    app.session_interface = Cookies()
    app.config.update(SESSION_COOKIE_NAME="depositary", SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Lax")
    app.permanent_session_lifetime = LIFETIME


def sign_in(token: Token) -> None:
    """Begin a session anew for this token."""
    session.clear()
    session["token"] = token.name
    csrf()


def sign_out() -> None:
    """End the session."""
    session.clear()


def signed_in() -> Token | None:
    """The good token that the session names."""
    name = session.get("token")
    if not isinstance(name, str):
        return None
    token = looked_up(lambda connection: tokens.named(connection, name))
    return token if token and token.valid(context().clock()) else None


def looked_up(find: Callable[[Connection], Token | None]) -> Token | None:
    """A token as the primary knows it; for reading alone, while no primary answers, as a standby does."""

    def there(source: Source) -> Token | None:
        with source.database.read() as connection:
            return find(connection)

    here = context()
    if request.method in ("GET", "HEAD"):
        return here.standbys.fresh(there)
    return there(Source(database=here.database))


def csrf() -> str:
    """The secret that every form of this session carries; made when it is first asked for."""
    if "csrf" not in session:
        session["csrf"] = secrets.token_urlsafe(24)
    return str(session["csrf"])


def csrf_holds() -> bool:
    """Whether the form that came carries the secret of this session."""
    return secrets.compare_digest(csrf().encode(), request.form.get("csrf", "").encode(errors="replace"))


def owner() -> str:
    """A name for this session under which something may be kept for it; it cannot be turned back."""
    return sha256(csrf().encode()).hexdigest()
