"""Everything that can be set from outside, read once from the environment; a wrong setting stops the start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from events import parties
from events.database import parse_url
from events.hosts import apart
from events.standbys import LAG_SECONDS

FORMATS = ("text", "json")
COUNTS = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the folder where web processes keep what they count."""
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class WrongSetting(Exception):
    """A setting cannot be used; the message is one line that names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one process. Each is read from `DEPOSITARY_` and its name in capitals."""

    database_url: str = "sqlite:///depositary.db"
    home: str | None = None
    public_read: bool = True
    public_url: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    log_level: str = "INFO"
    log_format: str = "text"
    secret_key: str | None = None
    rate_limit: int | None = None
    organisations: Path | None = None
    read_urls: str | None = None
    read_lag: float = LAG_SECONDS


def from_environment(environment: Mapping[str, str]) -> Settings:
    """Read the settings. Raises WrongSetting."""
    given = {
        name: environment[variable]
        for name in Settings.__dataclass_fields__
        if environment.get(variable := f"DEPOSITARY_{name.upper()}", "") != ""
    }
    try:
        if "organisations" in given:
            parties.extend(Path(given["organisations"]))
    except ValueError as error:
        raise WrongSetting(f"DEPOSITARY_ORGANISATIONS: {error}") from None
    checks = {
        "database_url": _database_url,
        "home": _home,
        "public_read": _yes_or_no,
        "public_url": _public_url,
        "port": _port,
        "log_level": _log_level,
        "log_format": _log_format,
        "rate_limit": _rate_limit,
        "organisations": Path,
        "read_urls": _read_urls,
        "read_lag": _read_lag,
    }
    values: dict[str, object] = {}
    for name, value in given.items():
        try:
            values[name] = checks[name](value) if name in checks else value
        except ValueError as error:
            raise WrongSetting(f"DEPOSITARY_{name.upper()} {error}") from None
    made = Settings(**values)  # type: ignore[arg-type]
    if made.read_urls and made.database_url.startswith("sqlite"):
        raise WrongSetting("DEPOSITARY_READ_URLS needs a PostgreSQL server in DEPOSITARY_DATABASE_URL")
    return made


def _database_url(value: str) -> str:
    parse_url(value)
    return value


def _read_urls(value: str) -> str:
    for url in apart(value):
        if parse_url(url).get_backend_name() != "postgresql":
            raise ValueError("must name standbys of PostgreSQL, such as postgresql://user@standby/name")
    return value


def _read_lag(value: str) -> float:
    if not (value.replace(".", "", 1).isascii() and value.replace(".", "", 1).isdigit() and 1 <= float(value) <= 3600):
        raise ValueError("must be a number of seconds from 1 to 3600")
    return float(value)


def _home(value: str) -> str:
    if not parties.exists(value):
        raise ValueError(f"is not the code of a party. {parties.suggest(value)}")
    return value


def _yes_or_no(value: str) -> bool:
    if value not in ("0", "1"):
        raise ValueError("must be 0 or 1")
    return value == "1"


def _public_url(value: str) -> str:
    from events.fields import url as web_url

    try:
        scheme, separator, rest = web_url(value).rstrip("/").partition("://")
        return scheme.lower() + separator + rest
    except ValueError:
        raise ValueError("must be an http(s) URL, such as https://record.example.org") from None


def _port(value: str) -> int:
    if not (value.isascii() and value.isdigit() and 1 <= int(value) <= 65535):
        raise ValueError("must be a port number from 1 to 65535")
    return int(value)


def _log_level(value: str) -> str:
    if value.upper() not in LEVELS:
        raise ValueError(f"must be one of {', '.join(LEVELS)}")
    return value.upper()


def _log_format(value: str) -> str:
    if value not in FORMATS:
        raise ValueError(f"must be one of {', '.join(FORMATS)}")
    return value


def _rate_limit(value: str) -> int:
    if not (value.isascii() and value.isdigit() and int(value) > 0):
        raise ValueError("must be a whole number of requests per minute, above 0")
    return int(value)
