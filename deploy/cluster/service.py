"""Depositary itself on a cluster: its roles and tables, web processes that read from standbys, and workers."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg

from deploy.cluster import programs
from deploy.cluster.asking import ask
from deploy.cluster.layout import WORKERS, Layout

ROOT = Path(__file__).resolve().parent.parent.parent
READY = 60.0


def prepare(layout: Layout) -> str:
    """Roles, database, tables, grants, as `deploy/README.md` has them; answers a token that may write."""
    _as_superuser(layout, "CREATE ROLE depositary LOGIN PASSWORD '{password}'")
    _as_superuser(layout, "CREATE ROLE depositary_owner LOGIN PASSWORD '{password}' IN ROLE depositary")
    _as_superuser(layout, "CREATE DATABASE depositary OWNER depositary_owner")
    owner = layout.url("depositary_owner")
    command(layout, "db", "upgrade", DEPOSITARY_DATABASE_URL=owner)
    grants: list[str | Path] = [programs.must("psql"), "--quiet", f"{owner}?target_session_attrs=read-write"]
    subprocess.run([*grants, "--file", ROOT / "deploy" / "grants.sql"], check=True)
    return command(layout, "token", "create", "rehearsal", "--role", "editor").strip()


def command(layout: Layout, *arguments: str, **more: str) -> str:
    """Run `depositary` to its end and answer what it printed. Raises CalledProcessError."""
    run = [sys.executable, "-m", "service", *arguments]
    done = subprocess.run(run, env=environment(layout, **more), cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def environment(layout: Layout, **more: str) -> dict[str, str]:
    """What every process of the service is told."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DEPOSITARY_")}
    told = {
        "DEPOSITARY_DATABASE_URL": layout.url("depositary"),
        "DEPOSITARY_READ_URLS": layout.read_urls(),
        "DEPOSITARY_SECRET_KEY": layout.secret,
        "DEPOSITARY_HOME": "CA",
        "PYTHONPATH": str(ROOT),
    }
    return {**kept, **told, **more}


def start(layout: Layout) -> None:
    """Start the workers, then the web processes, and wait until these are ready. Raises TimeoutError."""
    for name, arguments in processes(layout).items():
        run = [sys.executable, "-m", "service", *arguments]
        programs.start(layout.folder, name, run, environment(layout), ROOT)
    end = time.monotonic() + READY
    for base in layout.bases():
        while not _ready(base):
            if time.monotonic() > end:
                raise TimeoutError(f"{base} does not become ready; see the logs in {layout.folder}")
            time.sleep(0.2)


def processes(layout: Layout) -> dict[str, list[str]]:
    """Each process of the service by name, and the command it runs."""
    workers = {f"worker{n}": ["worker"] for n in range(1, WORKERS + 1)}
    return workers | {f"web{n}": ["serve", "--port", str(port)] for n, port in enumerate(layout.webs, 1)}


def leading_worker(layout: Layout) -> str | None:
    """Who keeps the views abreast now, as the primary has it: machine and process number."""
    with psycopg.connect(f"{layout.url('depositary')}?target_session_attrs=read-write") as connection:
        query = "SELECT holder FROM leases WHERE expires_at > extract(epoch FROM clock_timestamp())"
        rows = connection.execute(query).fetchall()
    return str(rows[0][0]) if len(rows) == 1 else None


def _ready(base: str) -> bool:
    answer = ask(f"{base}/readyz")
    return answer is not None and answer["status"] != "unavailable" and _leads(answer)


def _leads(answer: dict[str, Any]) -> bool:
    return bool(answer["parts"].get("worker", {}).get("status") == "ok")


def _as_superuser(layout: Layout, statement: str) -> None:
    url = f"{layout.url('postgres', 'postgres')}?target_session_attrs=read-write"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.format(password=layout.password).encode())
