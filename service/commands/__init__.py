"""The commands of `depositary`, one file each, and what they share: settings, the database, progress bars."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from events.database import Database, connect
from service import logs, migrate
from service.settings import Settings, from_environment


class Bar(Protocol):
    """What is told how much of how much is done."""

    def __call__(self, done: int, total: int | None = None) -> None:
        """Show it."""


def settings() -> Settings:
    """The settings of this run. Raises WrongSetting."""
    return from_environment(os.environ)


@contextmanager
def opened(chosen: Settings) -> Iterator[Database]:
    """The database of these settings: brought up to date on SQLite, checked elsewhere. Raises SchemaOutdated."""
    logs.configure(chosen.log_level if chosen.log_level != "INFO" else "WARNING")
    database = connect(chosen.database_url)
    try:
        prepare(database)
        yield database
    finally:
        database.close()


def prepare(database: Database) -> None:
    """Run the missing migrations on SQLite; elsewhere say that they must be run."""
    if database.is_sqlite:
        migrate.upgrade(database)
    migrate.check(database)


@contextmanager
def progress(title: str) -> Iterator[Bar]:
    """A bar on standard error that is told (done, total); silent when standard error is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(title, total=None)

        def tell(done: int, total: int | None = None) -> None:
            bar.update(task, completed=done, total=total)

        yield tell
