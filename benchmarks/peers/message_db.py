"""message-db (`@eventide/message-db` on npm): functions inside PostgreSQL, called here through psycopg.

As its documentation has it: `write_message` for every message, its transaction committed by the caller, so a batch
is one transaction of many calls, pipelined; `get_category_messages` to read. It needs the extension pgcrypto for one
function that PostgreSQL has had by itself since version 13, so the extension is left out where it is missing. It keeps
no views of its own.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import protocol
import psycopg
from psycopg_pool import ConnectionPool
from workload import Event

TABLES = ("schema/message-store", "tables/messages", "types/message")
FUNCTIONS = (
    "message-store-version",
    "hash-64",
    "acquire-lock",
    "category",
    "is-category",
    "id",
    "cardinal-id",
    "stream-version",
    "write-message",
    "get-stream-messages",
    "get-category-messages",
    "get-last-stream-message",
)
INDEXES = ("messages-id", "messages-stream", "messages-category")
WRITE = "SELECT message_store.write_message(%s, %s, %s, %s::jsonb)"
READ = "SELECT global_position, data FROM message_store.get_category_messages('meeting', %s, %s)"
READ_ANY = "SELECT global_position, data FROM message_store.messages WHERE global_position >= %s ORDER BY 1 LIMIT %s"


def install(connection: psycopg.Connection[Any]) -> None:
    """Create the message store as its own script does, without its views and role, which nothing here uses."""
    folder = Path(os.environ["PEER_MODULES"]) / "@eventide" / "message-db" / "database"
    names = (*TABLES, *(f"functions/{name}" for name in FUNCTIONS), *(f"indexes/{name}" for name in INDEXES))
    for name in names:
        connection.execute((folder / f"{name}.sql").read_text().replace("CONCURRENTLY", "").encode())


class Store:
    """The functions, called from a pool of connections. PEER_CATEGORIES=1 gives every stream a category of its own."""

    def __init__(self, url: str) -> None:
        self.apart = os.environ.get("PEER_CATEGORIES") == "1"
        with psycopg.connect(url) as connection:
            connection.execute("SET search_path TO message_store, public")
            if connection.execute("SELECT to_regclass('message_store.messages')").fetchone() == (None,):
                install(connection)
        options = {"options": "-c search_path=message_store,public"}
        self.pool = ConnectionPool(url, min_size=16, max_size=24, kwargs=options, open=True)
        self.pool.wait()

    def append(self, events: Sequence[Event]) -> None:
        """Write messages in one transaction."""
        kind = f"meeting{events[0]['id'][:4]}" if self.apart else "meeting"
        rows = [(event["id"], f"{kind}-{event['id']}", "Held", json.dumps(event)) for event in events]
        with self.pool.connection() as connection:
            if len(rows) == 1:
                connection.execute(WRITE, rows[0], prepare=True)
            else:
                with connection.pipeline(), connection.cursor() as cursor:
                    cursor.executemany(WRITE, rows)

    def read(self, after: int, limit: int) -> list[tuple[int, Event]]:
        """A part of the category, or of the whole store by its global position."""
        with self.pool.connection() as connection:
            found = connection.execute(READ_ANY if self.apart else READ, (after + 1, limit), prepare=True)
            return [(at, data if isinstance(data, dict) else json.loads(data)) for at, data in found]

    def close(self) -> None:
        """Let go of the database."""
        self.pool.close()


if __name__ == "__main__":
    protocol.main(Store, ["psycopg"])
