"""Which servers a URL names: several hosts as libpq writes them, and several URLs in one setting."""

from __future__ import annotations

import re

from sqlalchemy.engine import URL

SEVERAL = re.compile(
    r"(?P<before>postgres\w*(?:\+\w+)?://(?:[^/?#]*@)?)(?P<hosts>[^@/?#]*,[^@/?#]*)(?P<after>/[^?#]*)?"
)
HOST = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?")
PORT = "5432"


def spread(url: str) -> str:
    """The URL with several hosts as SQLAlchemy takes them: `postgresql://one:1,two:2/x` becomes `…/x?host=…&port=…`.

    Raises ValueError for a host that is none.
    """
    found = SEVERAL.match(url)
    if not found:
        return url
    hosts = [HOST.fullmatch(host) for host in found["hosts"].split(",")]
    if not all(hosts):
        raise ValueError("names several hosts, and one of them is none; give postgresql://user@one:5432,two:5432/name")
    names = ",".join(host["name"] for host in hosts if host)
    ports = ",".join(host["port"] or PORT for host in hosts if host)
    _, mark, query = url[found.end() :].partition("?")
    return f"{found['before']}{found['after'] or '/'}?host={names}&port={ports}{'&' if mark else ''}{query}"


def several(url: URL) -> bool:
    """Whether the URL names more than one host."""
    host = url.query.get("host", ())
    return len(host) > 1 if isinstance(host, tuple) else "," in host


def apart(urls: str) -> list[str]:
    """The URLs of one setting, which stand apart by spaces or commas."""
    return [url for url in re.split(r"[\s,]+(?=\w+(?:\+\w+)?://)|\s+", urls.strip(", \t\n")) if url]
