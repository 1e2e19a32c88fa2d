"""`depositary import`: files of events."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import IO

import click

from events.clock import now
from events.database import Database
from service import ahead, files, importing
from service.commands import opened, progress, settings

SHOWN = 100
LARGE = 8 * 1024 * 1024
"""From how many bytes on a file is read in a process of its own."""


@click.command("import")
@click.argument("paths", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--format", "form", default="auto", type=click.Choice(["auto", "jsonl", "csv"]), help="Form of the files."
)
@click.option("--dry-run", is_flag=True, help="Judge every line, append nothing.")
@click.option("--keep-recorded-at", is_flag=True, help="Take recorded_at from the file, to migrate an archive.")
def import_(paths: tuple[Path, ...], form: str, dry_run: bool, keep_recorded_at: bool) -> None:
    """Append the events of FILEs, JSON lines or CSV. A second import of the same file appends nothing.

    A file is taken in batches, each whole or not at all. A batch with a fault ends the import; what came before
    stays. `-` is standard input.
    """
    failed = False
    with opened(settings()) as database:
        for path in paths:
            try:
                with click.open_file(str(path), "rb") as file:
                    result = _one(database, file, path, form, dry_run, keep_recorded_at)
            except OSError as error:
                raise click.ClickException(f"{path}: {error.strerror or error}") from None
            failed = _report(path, result, dry_run) or failed
            if failed and not dry_run:
                break
    sys.exit(1 if failed else 0)


def _one(database: Database, file: IO[bytes], path: Path, form: str, dry_run: bool, keep: bool) -> importing.Result:
    append = importing.DryRun(database, now).append if dry_run else importing.appender(database, now)
    chosen: files.Form
    if form == "auto":
        peeked = file.peek(256) if hasattr(file, "peek") else b"{"
        chosen = files.form_of(path.name, peeked)
    else:
        chosen = "csv" if form == "csv" else "jsonl"
    size = path.stat().st_size if path.is_file() else None
    with progress(f"Importing {path.name}") as bar:
        told = (lambda read: bar(read, size)) if chosen == "jsonl" else (lambda read: bar(read, None))
        if size and size > LARGE and (os.cpu_count() or 1) > 1:
            lines = ahead.lines(path, chosen, keep_recorded_at=keep, organisations=settings().organisations)
        else:
            lines = files.lines(file, chosen, keep_recorded_at=keep)
        return importing.run(lines, append, told, to_the_end=dry_run)


def _report(path: Path, result: importing.Result, dry_run: bool) -> bool:
    """Say what was done and what was wrong; whether anything was."""
    for wrong in result.wrong[:SHOWN]:
        where = f" {wrong.pointer}:" if wrong.pointer else ""
        click.echo(f"{path}:{wrong.line}:{where} {wrong.detail}", err=True)
    if result.faults > SHOWN:
        click.echo(f"{path}: and {result.faults - SHOWN} errors more", err=True)
    done = "would be appended" if dry_run else "appended"
    click.echo(f"{path}: {result.appended} {done}, {result.repeated} already there, {result.faults} errors")
    return bool(result.wrong)
