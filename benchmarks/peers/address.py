"""Where a database is: the parts of its URL, for clients that want them one by one."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True, kw_only=True)
class Address:
    """A PostgreSQL database; `host` may be the folder of a socket."""

    host: str
    port: int
    user: str
    password: str
    name: str


def parse(url: str) -> Address:
    """The parts of `postgresql://user:password@host:port/name` or `postgresql://user@/name?host=/folder`."""
    at = urlsplit(url)
    query = parse_qs(at.query)
    host = query.get("host", [at.hostname or "localhost"])[0]
    user, password = at.username or "postgres", at.password or ""
    return Address(host=host, port=at.port or 5432, user=user, password=password, name=at.path.lstrip("/"))


def sqlite_path(url: str) -> str | None:
    """The file of an SQLite database, or None for another one."""
    return url.removeprefix("sqlite:///") if url.startswith("sqlite") else None
