"""Who may read and write: tokens with a name and a role. Only a token's hash is kept."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, Connection, LargeBinary, MetaData, String, Table, insert, select, update
from sqlalchemy.exc import IntegrityError

ROLES = ("reader", "editor", "admin")
METADATA = MetaData()

tokens = Table(
    "tokens",
    METADATA,
    Column("name", String(120), primary_key=True),
    Column("hash", LargeBinary, nullable=False, unique=True),
    Column("role", String(20), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
)


SECONDS, MOST = 0.2, 1_000
_changes = [0]
"""How often tokens were revoked in this process."""


class TokenError(Exception):
    """A token cannot be made or revoked; the message is one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What is known of a token; instants are in microseconds since 1970."""

    name: str
    role: str
    created_at: int
    expires_at: int | None
    revoked_at: int | None

    def valid(self, now: int) -> bool:
        """Whether it may be used now."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def may_write(self) -> bool:
        """Whether it may append events."""
        return self.role in ("editor", "admin")


class Recent:
    """Tokens looked up a moment ago, by their secret: under load each is read a few times a second, not each time.

    So a token that another process revokes may be good for `SECONDS` more; one revoked in this process is not.
    """

    def __init__(self) -> None:
        self._found: dict[str, tuple[float, int, Token | None]] = {}

    def known(self, secret: str) -> Token | None:
        """The token with this secret, where it is remembered."""
        until, seen, token = self._found.get(secret, (0.0, 0, None))
        return token if time.monotonic() < until and seen == _changes[0] else None

    def get(self, secret: str, look_up: Callable[[], Token | None]) -> Token | None:
        """The token with this secret."""
        token = self.known(secret)
        if token is not None:
            return token
        now, changes = time.monotonic(), _changes[0]
        token = look_up()
        if len(self._found) >= MOST:
            self._found.clear()
        if token is not None:
            self._found[secret] = (now + SECONDS, changes, token)
        return token


def create(connection: Connection, name: str, role: str, now: int, days: int | None = None) -> str:
    """Make a token and give it back; it cannot be read again. A name is never used twice. Raises TokenError."""
    if not name.strip() or len(name) > 120 or not name.isprintable():
        raise TokenError("a token's name is 1 to 120 printable characters")
    secret = f"dep_{secrets.token_urlsafe(32)}"
    expires_at = None if days is None else now + days * 86_400 * 1_000_000
    values = {"name": name, "hash": _hash(secret), "role": role, "created_at": now, "expires_at": expires_at}
    try:
        with connection.begin_nested():
            connection.execute(insert(tokens).values(**values))
    except IntegrityError:
        raise TokenError(f"the name {name} is taken; names stand in the record, so each is used once") from None
    return secret


def revoke(connection: Connection, name: str, now: int) -> None:
    """End a token's use at once. Raises TokenError when there is no such token in use."""
    _changes[0] += 1
    mine = (tokens.c.name == name) & tokens.c.revoked_at.is_(None)
    if not connection.execute(update(tokens).where(mine).values(revoked_at=now)).rowcount:
        raise TokenError(f"there is no token {name} in use")


def every(connection: Connection) -> list[Token]:
    """All tokens by name."""
    return [_token(row) for row in connection.execute(select(tokens).order_by(tokens.c.name))]


def find(connection: Connection, secret: str) -> Token | None:
    """The token a bearer shows, valid or not."""
    row = connection.execute(select(tokens).where(tokens.c.hash == _hash(secret))).one_or_none()
    return _token(row) if row else None


def named(connection: Connection, name: str) -> Token | None:
    """The token of a name, valid or not."""
    row = connection.execute(select(tokens).where(tokens.c.name == name)).one_or_none()
    return _token(row) if row else None


def _token(row: object) -> Token:
    return Token(**{name: getattr(row, name) for name in Token.__dataclass_fields__})


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode(errors="replace")).digest()
