"""What the repository says of itself is so: settings, types, commands, routes and rooms."""

from __future__ import annotations

import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import click
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import MetaData, inspect

import events.tables
import projections.tables
import service.jobs
import service.tokens
from events.database import Database
from events.types import TYPES
from projections.registry import VIEWS
from service.cli import depositary
from service.problems import PROBLEMS
from service.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
SERVICE = (ROOT / "service" / "README.md").read_text(encoding="utf-8")
EVENTS = (ROOT / "events" / "README.md").read_text(encoding="utf-8")
ROOMS = ("events", "projections", "service")


@pytest.mark.parametrize("name", Settings.__dataclass_fields__)
def test_every_setting_is_documented(name: str) -> None:
    assert f"`DEPOSITARY_{name.upper()}`" in SERVICE


@pytest.mark.parametrize("type", TYPES)
def test_every_type_of_event_is_documented(type: str) -> None:
    assert f"`{type}`" in EVENTS


def test_every_command_and_option_is_documented() -> None:
    context = click.Context(depositary)
    for name in depositary.list_commands(context):
        command = depositary.get_command(context, name)
        assert command
        assert f"`depositary {name}" in SERVICE
        for option in command.params:
            if isinstance(option, click.Option):
                assert option.opts[0] in SERVICE, f"{name} {option.opts[0]}"


def test_every_route_is_described(app: Flask, client: FlaskClient) -> None:
    described = client.get("/api/openapi.json").json["paths"]
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1"):
            path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                assert method.lower() in described[path], rule.rule


def test_every_problem_has_a_page(client: FlaskClient) -> None:
    for name in PROBLEMS:
        assert client.get(f"/problems/{name}").status_code == 200


@pytest.mark.parametrize("room", ROOMS)
def test_every_file_of_a_room_says_what_it_is(room: str) -> None:
    for path in (ROOT / room).rglob("*.py"):
        assert path.read_text(encoding="utf-8").startswith('"""'), path


@pytest.mark.parametrize("room", ROOMS)
def test_a_rooms_rule_is_the_one_on_the_map(room: str) -> None:
    rule = (ROOT / room / "__init__.py").read_text(encoding="utf-8").split('"""')[1].strip()
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert rule.split(". Views")[0].rstrip(".") in readme


def test_the_tables_are_those_the_code_declares(database: Database) -> None:
    declared = MetaData()
    for module in (events.tables, projections.tables, service.jobs, service.tokens):
        for table in module.METADATA.tables.values():
            table.to_metadata(declared)
    with database.read() as connection:
        inspector = inspect(connection)
        for name, table in declared.tables.items():
            columns = {column["name"]: column["nullable"] for column in inspector.get_columns(name)}
            assert columns == {column.name: bool(column.nullable) for column in table.columns}, name
            keys = inspector.get_pk_constraint(name)["constrained_columns"]
            assert keys == [column.name for column in table.primary_key], name


def test_views_are_named_once() -> None:
    assert len({view.name for view in VIEWS}) == len(VIEWS)


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    for path in (ROOT / "requirements.lock", ROOT / "requirements-dev.lock", ROOT / "dev.py", ROOT / ".ci" / "run"):
        text = path.read_text(encoding="utf-8")
        assert "://" not in text or path.suffix == ".py"
        assert str(ROOT) not in text


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


@pytest.mark.parametrize("room", ROOMS)
def test_every_file_of_a_room_ships_in_the_wheel(room: str) -> None:
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["*"]
    for path in (ROOT / room).rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".py":
            assert any(fnmatch(path.name, pattern) for pattern in patterns), path
            assert (path.parent / "__init__.py").exists() or path.parent.parent.name == "service", path
