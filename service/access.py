"""Who may do what: bearer tokens, signed-in browsers, public reading, and the rate limit for those without a token.

A signed-in browser reads everywhere with its token, and writes through the pages' forms; calls of the interface that
write want the token itself.
"""

from __future__ import annotations

import math
import time

from flask import Flask, Response, g, request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from service import cookies, tokens
from service.context import context
from service.cookies import looked_up
from service.problems import Refusal
from service.tokens import Token

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="depositary"'}
OPEN = ("/healthz", "/readyz", "/problems/", "/static/")
SIGN_IN = ("/sign-in", "/en/sign-in", "/fr/sign-in")


LIMITS = "depositary.limits"
COUNTED = "depositary.counted"
"""In the environment of a request that was counted before: for how many seconds it must wait."""

REFUSED = "depositary.refused"
"""In the environment of a request that the server refuses: why."""

LARGEST_FORM, LARGEST_SIGN_IN = 512 * 1024, 16 * 1024
"""Bytes of a form; a form is parsed before it is known whose it is."""


def install(app: Flask, rate_limit: int | None) -> None:
    """Check every request before it is answered."""
    limits = Limits(rate_limit) if rate_limit is not None else None
    app.extensions[LIMITS] = limits
    cookies.install(app)

    def check() -> None:
        g.token = g.signed_in = None
        if REFUSED in request.environ:
            raise request.environ[REFUSED]
        try:
            g.token = bearer()
            if g.token is None and _takes_cookies():
                g.token = g.signed_in = cookies.signed_in()
        finally:
            if limits and g.token is None:
                _limit(limits)
        check_reading()

    app.before_request(check)
    app.before_request(limit_forms)
    app.after_request(keep_private)


def _takes_cookies() -> bool:
    """Whether a session says who asks: on pages, and for reading the interface where that is not public."""
    if request.path.startswith("/api/v1/"):
        return request.method in ("GET", "HEAD") and not context().settings.public_read
    return not request.path.startswith((OPEN[0], OPEN[1], OPEN[3]))


def keep_private(response: Response) -> Response:
    """Keep what a signed-in reader was shown out of shared caches."""
    if g.get("signed_in") and not response.cache_control.no_store:
        response.cache_control.public = False
        response.cache_control.private = True
    return response


def limit_forms() -> None:
    """Take large bodies only where events are appended, and files of those who are signed in."""
    if request.path.startswith("/api/"):
        return
    file = request.path.endswith("/import") and request.mimetype == "multipart/form-data"
    if not (file and g.signed_in):
        signing = request.path.endswith(("/sign-in", "/sign-out"))
        request.max_content_length = LARGEST_SIGN_IN if signing else LARGEST_FORM


def check_reading() -> None:
    """Refuse reading without a token where it is not public."""
    if request.path.startswith(OPEN) or request.path in SIGN_IN or request.method == "OPTIONS":
        return
    if g.token is None and not context().settings.public_read:
        raise Refusal("unauthorised", "Reading here needs a token.", headers=CHALLENGE)


def require(*roles: str) -> Token:
    """The token of this request, which must have one of these roles. Raises Refusal (401, 403)."""
    token: Token | None = g.token
    if token is None:
        raise Refusal("unauthorised", "This needs a token. Send Authorization: Bearer <token>.", headers=CHALLENGE)
    if token.role not in roles:
        detail = f"The token {token.name} has the role {token.role}; this needs {' or '.join(roles)}."
        raise Refusal("forbidden", detail)
    return token


def bearer() -> Token | None:
    """The good token that the request shows; None when it shows none. Raises Refusal for a bad one."""
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, secret = header.partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise Refusal("unauthorised", "Send the token as Authorization: Bearer <token>.", headers=CHALLENGE)
    shown = secret.strip()
    token = context().recent.get(shown, lambda: looked_up(lambda connection: tokens.find(connection, shown)))
    if token is None or not token.valid(context().clock()):
        detail = "This token is not known, has expired or was revoked."
        raise Refusal("unauthorised", detail, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
    return token


class Limits:
    """How often an address may ask without a token."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._window = MovingWindowRateLimiter(MemoryStorage())
        self._rule = RateLimitItemPerMinute(per_minute)

    def seconds(self, address: str) -> int:
        """Count a request; how long to wait when it is one too many, else 0."""
        if self._window.hit(self._rule, address):
            return 0
        reset = self._window.get_window_stats(self._rule, address).reset_time
        return max(1, math.ceil(reset - time.time()))


def _limit(limits: Limits) -> None:
    if request.path.startswith(OPEN):
        return
    counted: int | None = request.environ.get(COUNTED)
    seconds = limits.seconds(request.remote_addr or "unknown") if counted is None else counted
    if seconds:
        detail = f"At most {limits.per_minute} requests a minute without a token. Wait {seconds} s, or use a token."
        raise Refusal("rate-limited", detail, headers={"Retry-After": str(seconds)})
