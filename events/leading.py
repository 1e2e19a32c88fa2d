"""Of several hosts, the one that led last is tried first, so that nobody waits again and again for one that hangs.

The order is only a preference: the others are tried as well.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, event


class Leading:
    """Which host took the last connection that may write; shared by all that connect to the same servers."""

    def __init__(self) -> None:
        self._last: tuple[str, str] | None = None

    def follow(self, engine: Engine) -> None:
        """Put the hosts in order for each new connection of an engine, and note which took it."""
        event.listen(engine, "do_connect", self._order)
        event.listen(engine, "connect", self._note)

    def _order(self, dialect: object, record: object, arguments: object, named: dict[str, Any]) -> None:
        hosts, ports = str(named["host"]).split(","), str(named.get("port", "")).split(",")
        if len(hosts) == len(ports):
            ordered = sorted(zip(hosts, ports, strict=True), key=lambda pair: pair != self._last)
            named["host"], named["port"] = (",".join(parts) for parts in zip(*ordered, strict=True))

    def _note(self, connection: Any, record: object) -> None:
        self._last = (connection.info.host, str(connection.info.port))
