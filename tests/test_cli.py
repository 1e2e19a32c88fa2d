"""The command line: import, export, replay, check, rebuild, tokens, and how it says no."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from events import store
from events.database import Database, connect
from projections import checkpoints
from projections.registry import BY_NAME
from service import migrate
from tests import builders
from tests.conftest import Databases
from tests.processes import Process, run


def head(database: Database) -> int:
    with database.read() as connection:
        return store.head(connection).position


@pytest.fixture
def sample(url: str) -> str:
    done = run(url, "import", str(builders.SAMPLE))
    assert done.returncode == 0, done.stderr
    return url


def test_a_second_import_of_the_same_file_appends_nothing(sample: str, database: Database) -> None:
    done = run(sample, "import", str(builders.SAMPLE))
    assert ": 0 appended, 295 already there, 0 errors" in done.stdout
    assert head(database) == 295


def test_lines_without_ids_are_imported_once_however_often_the_file_is(url: str, tmp_path: Path) -> None:
    file = tmp_path / "plain.jsonl"
    twice = json.dumps(builders.meeting())
    file.write_text(f"{twice}\n\n{twice}\n{json.dumps(builders.meeting('CA', 'FR'))}\n")
    assert ": 3 appended, 0 already there" in run(url, "import", str(file)).stdout
    assert ": 0 appended, 3 already there" in run(url, "import", str(file)).stdout


def test_errors_name_line_and_field_and_leave_the_batch_out(url: str, database: Database, tmp_path: Path) -> None:
    file = tmp_path / "bad.jsonl"
    wrong = builders.meeting("CA", "fr", on="2025-02-30")
    file.write_text("\n".join([json.dumps(builders.meeting()), json.dumps(wrong), "{", "[]"]))
    done = run(url, "import", str(file))
    assert done.returncode == 1
    assert f"{file}:2: /data/parties/1: Use upper case: FR." in done.stderr
    assert f"{file}:2: /occurred_on: " in done.stderr
    assert f"{file}:3: The body is not JSON" in done.stderr
    assert f"{file}:4: This must be a JSON object" in done.stderr
    assert head(database) == 0


def test_a_dry_run_judges_the_whole_file_and_appends_nothing(url: str, database: Database, tmp_path: Path) -> None:
    file = tmp_path / "acts.jsonl"
    acts = [
        builders.act("partnership.established", "partnership:a", "2025-01-01"),
        builders.act("partnership.suspended", "partnership:a", "2025-02-01"),
        builders.act("partnership.suspended", "partnership:a", "2025-03-01"),
    ]
    file.write_text("\n".join(map(json.dumps, acts[:2])))
    assert ": 2 would be appended" in run(url, "import", "--dry-run", str(file)).stdout
    file.write_text("\n".join(map(json.dumps, acts)))
    done = run(url, "import", "--dry-run", str(file))
    assert done.returncode == 1
    assert "Impossible sequence" in done.stderr
    assert head(database) == 0


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_an_export_imports_into_the_same_events(sample: str, databases: Databases, tmp_path: Path, form: str) -> None:
    file, other = tmp_path / f"all.{form}", databases.new()
    assert run(sample, "export", "--format", form, "-o", str(file)).returncode == 0
    assert ": 295 appended" in run(other, "import", str(file)).stdout
    contents = []
    for url in (sample, other):
        opened = connect(url)
        with opened.read() as connection:
            contents.append([(e.id, e.type, e.stream, e.content) for e in store.read(connection, 0, 500)])
        opened.close()
    assert contents[0] == contents[1]


def test_the_documented_csv_form_is_read(url: str, database: Database, tmp_path: Path) -> None:
    readme = (builders.ROOT / "service" / "README.md").read_text(encoding="utf-8")
    file = tmp_path / "example.csv"
    file.write_text(readme.split("```csv\n")[1].split("```")[0], encoding="utf-8")
    done = run(url, "import", str(file))
    assert done.returncode == 0, done.stderr
    with database.read() as connection:
        data = store.read(connection)[0].content.data
    assert data["parties"] == ["CA", "KR"]
    assert data["people"][1] == {"name": "Lee Jae Myung", "party": "KR"}
    assert data["place"] == {"name": "Gyeongju", "party": "KR"}


def test_a_csv_with_a_wrong_cell_names_line_and_column(url: str, tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    with file.open("w", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(["type", "occurred_on", "title.en", "parties", "mode", "formal"])
        writer.writerow(["meeting.held", "2025-01-01", "A", "CA;FR", "phone", "perhaps"])
    done = run(url, "import", str(file))
    assert done.returncode == 1
    assert f"{file}:2: /data/formal:" in done.stderr
    file.write_text("type,colour\nmeeting.held,red\n")
    assert "there is no column colour" in run(url, "import", str(file)).stderr
    file.write_bytes("type,occurred_on,title.en,parties\nmeeting.held,2025-01-01,Café,CA;FR\n".encode("latin-1"))
    assert f"{file}:2: " in run(url, "import", str(file)).stderr


def test_record_times_of_an_archive_are_kept_and_judged(url: str, database: Database, tmp_path: Path) -> None:
    file = tmp_path / "archive.jsonl"

    def archive(*times: str | None) -> str:
        lines = [builders.meeting(note=f"{time} {n}") for n, time in enumerate(times)]
        lines = [line | ({"recorded_at": time} if time else {}) for line, time in zip(lines, times, strict=True)]
        file.write_text("\n".join(map(json.dumps, lines)))
        done = run(url, "import", "--keep-recorded-at", str(file))
        return done.stdout + done.stderr

    assert "2 appended" in archive("2015-10-01T14:58:32-04:00", "2015-10-01T18:58:32Z")
    with database.read() as connection:
        assert store.read(connection)[1].as_dict()["recorded_at"] == "2015-10-01T18:58:32.000000Z"
    assert ":2: /recorded_at:" in archive("2016-01-01T00:00:00Z", "2015-12-31T00:00:00Z")
    assert ":1: /recorded_at:" in archive("2015-01-01T00:00:00Z")
    assert ":1: /recorded_at:" in archive("2999-01-01T00:00:00Z")
    assert "is required" in archive(None)
    assert head(database) == 2


def test_check_finds_nothing_wrong_and_then_names_what_was_altered(sample: str, database: Database) -> None:
    assert run(sample, "rebuild").returncode == 0
    assert run(sample, "check").returncode == 0
    with database.write() as connection:
        connection.execute(text("UPDATE tallies_meetings_1 SET party = 'FR' WHERE position = 3 AND party = 'CN'"))
        connection.execute(text("DELETE FROM timeline_topics_1 WHERE nth = 0"))
    done = run(sample, "check")
    assert done.returncode == 1
    assert "tallies: different row in meetings" in done.stdout
    assert "timeline: missing row in topics" in done.stdout
    assert run(sample, "rebuild", "tallies").returncode == 0
    assert "tallies" not in run(sample, "check").stdout


def test_a_first_rebuild_takes_in_the_whole_log(url: str, database: Database) -> None:
    for _ in range(3):
        builders.append(database, *(builders.meeting() for _ in range(1_000)))
    assert run(url, "rebuild", "tallies").returncode == 0
    with database.read() as connection:
        (made,) = checkpoints.of(connection, BY_NAME["tallies"])
    assert (made.position, made.live) == (3_000, True)


@pytest.mark.parametrize("view", ["timeline", "tallies", "partnerships"])
def test_replay_gives_from_the_log_alone_what_the_view_gives(sample: str, view: str) -> None:
    from service.app import create_app
    from service.settings import Settings

    done = run(sample, "replay", "--as-of", "2025-06-30", "--view", view)
    assert done.returncode == 0, done.stderr
    replayed = json.loads(done.stdout)
    app = create_app(Settings(database_url=sample, home="CA"))
    builders.catch_up(app.extensions["depositary"].database)
    wanted = {"as_of": "2025-06-30", "limit": "500"}
    answer = app.test_client().get(f"/api/v1/{view}", query_string=wanted).json
    app.extensions["depositary"].close()
    name = "tallies" if view == "tallies" else "items"
    shown = [{key: row[key] for key in replayed[name][0]} for row in answer[name]]
    assert replayed[name] == shown
    assert replayed["position"] == answer["position"] == 295


def test_a_token_is_printed_alone_listed_and_revoked(url: str) -> None:
    made = run(url, "token", "create", "desk", "--role", "editor", "--expires", "30")
    assert made.stdout.count("\n") == 1
    assert made.stdout.startswith("dep_")
    assert run(url, "token", "create", "desk", "--role", "reader").returncode == 1
    assert "desk\teditor\tin use" in run(url, "token", "list").stdout
    assert made.stdout.strip() not in run(url, "token", "list").stdout
    assert run(url, "token", "revoke", "desk").returncode == 0
    assert "desk\teditor\trevoked" in run(url, "token", "list").stdout
    assert run(url, "token", "revoke", "desk").returncode == 1


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "said"),
    [
        (["nonsense"], {}, 2, "No such command"),
        (["import"], {}, 2, "Missing argument"),
        (["import", "missing.jsonl"], {}, 1, "missing.jsonl"),
        (["replay", "--as-of", "2025-02-30"], {}, 2, "2025-02-30"),
        (["rebuild", "nothing"], {}, 2, "nothing"),
        (["check"], {"DEPOSITARY_PORT": "many"}, 2, "DEPOSITARY_PORT"),
        (["check"], {"DEPOSITARY_HOME": "ca"}, 2, "DEPOSITARY_HOME"),
        (["check"], {"DEPOSITARY_PUBLIC_URL": "https://"}, 2, "DEPOSITARY_PUBLIC_URL"),
        (["serve"], {"DEPOSITARY_HOST": "192.0.2.1"}, 1, "DEPOSITARY_HOST"),
        (["check"], {"DEPOSITARY_DATABASE_URL": "sqlite:////nowhere/at/all.db"}, 1, "DEPOSITARY_DATABASE_URL"),
        (["check"], {"DEPOSITARY_PUBLIC_READ": "yes"}, 2, "DEPOSITARY_PUBLIC_READ"),
        (["check"], {"DEPOSITARY_DATABASE_URL": "mysql://x/y"}, 2, "DEPOSITARY_DATABASE_URL"),
        (["check"], {"DEPOSITARY_ORGANISATIONS": "/nowhere.json"}, 2, "DEPOSITARY_ORGANISATIONS"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    url: str, arguments: list[str], environment: dict[str, str], code: int, said: str
) -> None:
    done = run(url, *arguments, **environment)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_an_older_schema_stops_the_start_with_what_to_run(databases: Databases, command: str) -> None:
    url = databases.empty()
    if databases.engine == "sqlite":
        assert run(url, "db", "upgrade").stdout.strip() == f"schema {migrate.newest()}"
        return
    done = run(url, command)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "run `depositary db upgrade`" in done.stderr
    assert run(url, "db", "upgrade").returncode == 0
    assert run(url, "check").returncode == 0


@pytest.mark.parametrize("command", [["db", "upgrade"], ["export"], ["serve"]])
def test_a_newer_schema_is_said_in_one_line(url: str, database: Database, command: list[str]) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    done = run(url, *command)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("newer than this program (0004): upgrade the program")
    assert "Traceback" not in done.stderr


def test_an_upgrade_by_many_at_once_happens_once(databases: Databases) -> None:
    url = databases.empty()
    starters = [Process(url, "db", "upgrade") for _ in range(4)]
    assert [starter.process.wait(60) for starter in starters] == [0, 0, 0, 0]
    for starter in starters:
        starter.output.close()
    opened = connect(url)
    migrate.check(opened)
    assert head(opened) == 0
    opened.close()


def test_the_log_holds_what_the_service_role_may_only_add_to(url: str, databases: Databases) -> None:
    if databases.engine == "sqlite":
        return
    grants = (builders.ROOT / "deploy" / "grants.sql").read_text(encoding="utf-8")
    owner = connect(url)
    with owner.write() as connection:
        if not connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = 'depositary'")):
            connection.execute(text("CREATE ROLE depositary LOGIN PASSWORD 'secret'"))
    builders.append(owner, builders.meeting())
    builders.catch_up(owner)
    with owner.write() as connection:
        driver: Any = connection.connection.driver_connection
        driver.execute(re.sub(r"^(\\set .*|BEGIN;|COMMIT;)$", "", grants, flags=re.M))
    service = connect(owner.url.set(username="depositary", password="secret"))
    builders.append(service, builders.meeting())
    builders.catch_up(service)
    with service.read() as connection:
        assert checkpoints.live(connection, BY_NAME["timeline"]).position == 2
    for statement in (
        "UPDATE events SET type = 'x'",
        "DELETE FROM events",
        "TRUNCATE events",
        "ALTER TABLE events DISABLE TRIGGER ALL",
        "DROP TABLE events",
        "UPDATE event_ids SET position = 9",
    ):
        with pytest.raises(Exception, match=r"permission denied|must be owner"), service.write() as connection:
            connection.execute(text(statement))
    service.close()
    owner.close()
