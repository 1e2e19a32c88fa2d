"""Reads go on while a server is away, and nobody waits for one that hangs; real standbys are in `test_cluster.py`."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from events import store
from events.database import Database, connect, is_away
from events.standbys import Behind, Source, Standbys
from service.app import create_app
from service.settings import Settings
from tests import builders
from tests.conftest import Databases
from tests.processes import free_port


@pytest.fixture
def server(database: Database) -> Database:
    """A database on PostgreSQL."""
    if database.is_sqlite:
        pytest.skip("SQLite has no standbys")
    return database


@pytest.fixture
def nobody(server: Database) -> Iterator[Database]:
    """A server that does not answer."""
    opened = connect(server.url.set(host="127.0.0.1", port=free_port(), query={}))
    yield opened
    opened.close()


def head(source: Source) -> int:
    with source.database.read() as connection:
        return store.head(connection).position


def until_heard(standbys: Standbys) -> None:
    end = time.monotonic() + 10
    while not all(server.heard or server.trouble() for server in (standbys._primary, *standbys._standbys)):
        assert time.monotonic() < end
        time.sleep(0.01)


def test_without_standbys_everything_is_read_on_the_primary(database: Database) -> None:
    standbys = Standbys(database)
    assert standbys.read(lambda source: source.primary and source.last)
    standbys.close()


def test_a_server_that_leads_is_not_read_as_a_standby(server: Database) -> None:
    standbys = Standbys(server, [connect(server.url)])
    standbys.start()
    until_heard(standbys)
    assert standbys.read(lambda source: source.primary)
    standbys.close()


def test_reads_go_on_while_the_primary_is_away(server: Database, nobody: Database) -> None:
    builders.append(server, builders.meeting())
    standbys = Standbys(nobody, [connect(nobody.url), connect(server.url)])
    standbys.start()
    until_heard(standbys)
    assert standbys.read(head) == 1
    assert not standbys.read(lambda source: source.primary)
    assert [bool(trouble) for _, _, trouble in standbys.states()] == [True]
    standbys.close()


def test_a_standby_without_what_was_written_here_is_no_help(server: Database, nobody: Database) -> None:
    standbys = Standbys(nobody, [connect(server.url)], written=lambda: 1)
    standbys.start()
    until_heard(standbys)
    with pytest.raises(DBAPIError):
        standbys.read(head)
    builders.append(server, builders.meeting())
    assert standbys.read(head) == 1
    standbys.close()


def test_a_server_with_another_last_event_is_not_read(server: Database, databases: Databases) -> None:
    standbys = Standbys(server, [connect(databases.new())])
    standbys.start()
    until_heard(standbys)
    assert standbys.readable()
    builders.append(server, builders.meeting("CA", "FR"))
    builders.append(standbys._standbys[0].database, builders.meeting("CA", "JP"))
    end = time.monotonic() + 10
    while standbys.readable():
        assert time.monotonic() < end
        time.sleep(0.05)
    standbys.close()


def test_while_the_primary_is_away_pages_are_shown_and_writing_is_put_off(server: Database, nobody: Database) -> None:
    app = create_app(Settings(database_url=server.url.render_as_string(hide_password=False), home="CA"))
    builders.load_sample(app)
    here = app.extensions["depositary"]
    here.close()
    standbys = Standbys(nobody, [connect(server.url)])
    app.extensions["depositary"] = replace(here, database=nobody, standbys=standbys)
    standbys.start()
    until_heard(standbys)
    client = app.test_client()
    assert client.get("/en/").status_code == 200
    assert client.get("/api/v1/events?limit=1").json["head"] == 295
    assert client.get("/api/v1/timeline?at_position=296").status_code == 503
    assert client.post("/api/v1/events", headers={"Authorization": "Bearer x"}, json={}).status_code == 503
    assert client.get("/readyz").json["status"] == "degraded"
    standbys.close()


def test_whoever_waits_on_a_server_that_hangs_is_told(server: Database) -> None:
    caught: list[DBAPIError] = []

    def wait() -> None:
        try:
            with server.write() as connection:
                connection.execute(text("SELECT pg_sleep(60)"))
        except DBAPIError as error:
            caught.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    while not server.connections:
        time.sleep(0.01)
    time.sleep(0.2)
    server.cut()
    waiting.join(10)
    assert [is_away(error) for error in caught] == [True]
    with server.write() as connection:
        assert store.head(connection).position == 0


def test_a_connection_to_a_server_that_leads_no_more_is_thrown_away(server: Database) -> None:
    with server.write() as connection:
        demoted = connection.connection.driver_connection
        connection.execute(text("SET default_transaction_read_only = on"))
    with pytest.raises(DBAPIError) as caught:
        builders.append(server, builders.meeting())
    assert is_away(caught.value)
    with server.write() as connection:
        assert connection.connection.driver_connection is not demoted


def test_whoever_finds_all_servers_behind_is_asked_to_come_again(server: Database) -> None:
    def behind(source: Source) -> int:
        raise Behind(7)

    standbys = Standbys(server)
    with pytest.raises(Behind, match="position 7"):
        standbys.read(behind)
    standbys.close()
