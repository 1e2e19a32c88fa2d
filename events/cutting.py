"""Ending connections from outside, so that whoever waits on a server that hangs gets an error instead of nothing."""

from __future__ import annotations

import os
import socket
from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psycopg


def cut(connections: Collection[object]) -> None:
    """Shut the sockets of these connections down, also of those that other threads wait on."""
    if not connections:
        return
    import psycopg  # there are connections, so it is loaded; on SQLite it never is

    for connection in connections:
        if isinstance(connection, psycopg.Connection):
            _cut(connection)


def _cut(connection: psycopg.Connection[object]) -> None:
    import psycopg

    try:
        with socket.socket(fileno=os.dup(connection.pgconn.socket)) as end:
            end.shutdown(socket.SHUT_RDWR)
    except (psycopg.Error, OSError):
        pass
