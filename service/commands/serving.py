"""`depositary serve`, `worker` and `demo`: the processes that run."""

from __future__ import annotations

import errno
import logging
import os
import secrets
import signal
import socket
import tempfile
import threading
from dataclasses import replace
from importlib.resources import as_file, files
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

import click

from events.database import Database, connect
from service import logs, migrate
from service.commands import prepare, settings
from service.settings import Settings

if TYPE_CHECKING:
    from service.worker import Worker

LOG = logging.getLogger("depositary")
SAMPLE = "carney-2025.jsonl"


@click.command()
@click.option("--host", help="Address to listen on; default DEPOSITARY_HOST or 127.0.0.1.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port; default DEPOSITARY_PORT or 8000.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Web processes.")
@click.option("--no-worker", is_flag=True, help="Leave the projections to `depositary worker`.")
def serve(host: str | None, port: int | None, workers: int, no_worker: bool) -> None:
    """Serve pages and API; on SQLite with the worker inside."""
    chosen = settings()
    chosen = replace(chosen, host=host or chosen.host, port=port or chosen.port)
    logs.configure(chosen.log_level, chosen.log_format)
    database = connect(chosen.database_url)
    prepare(database)
    _run(chosen, database, workers, inside=database.is_sqlite and not no_worker)


@click.command()
def worker() -> None:
    """Keep the views abreast of the log and run scheduled jobs. Any number may run; one leads."""
    chosen = settings()
    logs.configure(chosen.log_level, chosen.log_format)
    database = connect(chosen.database_url)
    prepare(database)
    stop = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: stop.set())
    from service.worker import Worker

    running = Worker(database)
    running.start()
    try:
        stop.wait()
    finally:
        running.stop()
        database.close()


@click.command()
@click.option("--database", "url", metavar="URL", help="Where to keep the record; default a temporary file.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port; default 8000, or a free one where that is taken.")
def demo(url: str | None, port: int | None) -> None:
    """Load the sample record and serve it, on a database of its own."""
    chosen = settings()
    logs.configure("WARNING")
    with tempfile.TemporaryDirectory(prefix="depositary-", ignore_cleanup_errors=True) as folder:
        home = chosen.home or "CA"
        url = url or f"sqlite:///{Path(folder) / 'demo.db'}"
        port = port or (chosen.port if _free(chosen.host, chosen.port) else _any_port(chosen.host))
        chosen = replace(chosen, database_url=url, home=home, port=port, log_level="WARNING")
        try:
            database = connect(url)
        except ValueError as error:
            raise click.UsageError(f"--database {error}") from None
        migrate.upgrade(database)
        loaded = load_sample(database)
        secret = _token(database)
        _greet(chosen, loaded, secret)
        _run(chosen, database, workers=1, inside=True)


def load_sample(database: Database) -> int:
    """Import the sample record; how many events it has."""
    from events.clock import now
    from service import files as event_files
    from service import importing

    with as_file(files("service") / "sample" / SAMPLE) as path, path.open("rb") as file:
        lines = event_files.lines(file, "jsonl")
        result = importing.run(lines, importing.appender(database, now), lambda read: None)
    if result.wrong:
        raise click.ClickException(f"the sample record cannot be imported: {result.wrong[0].detail}")
    return result.appended + result.repeated


def _token(database: Database) -> str:
    """A new token named "demo", or "demo 2" and so on where a demo ran on this database before."""
    from events.clock import now
    from service import tokens

    for name in chain(["demo"], (f"demo {n}" for n in count(2))):
        try:
            with database.write() as connection:
                return tokens.create(connection, name, "editor", now())
        except tokens.TokenError:
            continue
    raise AssertionError("unreachable")


def _greet(chosen: Settings, loaded: int, secret: str) -> None:
    base = f"http://{_shown_host(chosen.host)}:{chosen.port}"
    click.echo(
        f"Depositary with its sample record, {loaded} events.\n\n"
        f"  Timeline   {base}/en/\n"
        f"  Tallies    {base}/en/tallies?since=2025-03-14&as_of=2025-11-05&formal=true\n"
        f"  API        {base}/api/v1/timeline\n"
        f"  API pages  {base}/api/docs\n"
        f"  Token      {secret}  (editor)\n\n"
        "Stop it with Ctrl-C."
    )


def _shown_host(host: str) -> str:
    return "127.0.0.1" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host


def _run(chosen: Settings, database: Database, workers: int, *, inside: bool) -> None:
    """Serve until a signal ends it, with the worker inside or not."""
    from service.serving import serve as serve_web

    if not _free(chosen.host, chosen.port):
        raise click.ClickException(f"port {chosen.port} on {chosen.host} is taken; choose another with --port")
    chosen = replace(chosen, secret_key=chosen.secret_key or secrets.token_hex(32))  # one for all web processes
    os.environ.update(_environment(chosen))
    if not inside:
        database.close()
        serve_web(chosen, workers)
        return
    worker = Beside(database)
    try:
        serve_web(chosen, workers, worker.begin)
    finally:
        worker.end()
        database.close()


class Beside:
    """The worker beside a web server; it is loaded in a thread while the web processes are."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._worker: Worker | None = None
        self._beginning = threading.Thread(target=self._begin, name="beginning")

    def begin(self) -> None:
        """Load it and let it work."""
        self._beginning.start()

    def end(self) -> None:
        """Stop it, if it was begun."""
        if self._beginning.ident:
            self._beginning.join()
        if self._worker:
            self._worker.stop()

    def _begin(self) -> None:
        try:
            from service.worker import Worker

            self._worker = Worker(self._database)
            self._worker.start()
        except Exception:
            LOG.exception("the worker cannot begin, so the service ends")
            os.kill(os.getpid(), signal.SIGTERM)


def _environment(chosen: Settings) -> dict[str, str]:
    """The settings as the web processes read them."""
    values = {name: getattr(chosen, name) for name in Settings.__dataclass_fields__}
    values["public_read"] = "1" if chosen.public_read else "0"
    return {f"DEPOSITARY_{name.upper()}": str(value) for name, value in values.items() if value is not None}


def _free(host: str, port: int) -> bool:
    try:
        _bound(host, port)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            detail = (
                f"cannot listen on {host}, port {port}: {error.strerror}; check DEPOSITARY_HOST and DEPOSITARY_PORT"
            )
            raise click.ClickException(detail) from None
        return False
    return True


def _any_port(host: str) -> int:
    return _bound(host, 0)


def _bound(host: str, port: int) -> int:
    """The port that could be bound; any free one for 0. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        return int(probe.getsockname()[1])
