"""Files that people upload to be imported: kept in a folder of their own while they are tried, confirmed and appended.

What is known of an upload stands in a file beside it, so that any web process can show it. Its id is random, and it
belongs to one session. A file is gone once it is appended, refused or thrown away, at the latest after some hours.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import orjson
from sqlalchemy.exc import DBAPIError

from events import store
from events.database import Database
from events.decide import Decision
from events.drafts import Draft
from events.errors import LogError
from events.store import StreamCache
from service import files, importing
from service.importing import DryRun

ID = re.compile(r"[0-9a-f]{32}")
KEPT_SECONDS = 6 * 3600
STALLED_SECONDS = 90
SHOWN = 200


@dataclass(frozen=True, kw_only=True)
class Upload:
    """One uploaded file. `state` is `checking`, `refused`, `checked`, `appending`, `done` or `failed`.

    `read` of `size` tells how far it is: bytes of JSON lines, lines of CSV. `wrong` holds the first faults.
    """

    id: str
    owner: str
    author: str
    name: str
    form: files.Form
    size: int
    state: str = "checking"
    read: int = 0
    appended: int = 0
    repeated: int = 0
    faults: int = 0
    wrong: list[dict[str, Any]] = field(default_factory=list)
    at: float = 0.0

    @property
    def running(self) -> bool:
        """Whether it is being worked on."""
        return self.state in ("checking", "appending")

    @property
    def stalled(self) -> bool:
        """Whether whoever worked on it has fallen silent, as when the process ended."""
        return self.running and time.time() - self.at > STALLED_SECONDS


def receive(file: IO[bytes], name: str, *, owner: str, author: str) -> Upload:
    """Keep a file that came in."""
    _sweep()
    id = secrets.token_hex(16)
    folder = _folder(id)
    folder.mkdir(mode=0o700)
    with (folder / "file").open("wb") as kept:
        shutil.copyfileobj(file, kept)
    with (folder / "file").open("rb") as kept:
        form = files.form_of(name.lower(), kept.read(256))
        kept.seek(0)
        size = sum(1 for _line in kept) if form == "csv" else (folder / "file").stat().st_size
    return _keep(Upload(id=id, owner=owner, author=author, name=name, form=form, size=size))


def find(id: str, owner: str) -> Upload | None:
    """The upload of this session with this id."""
    if not ID.fullmatch(id):
        return None
    try:
        upload = Upload(**orjson.loads((_folder(id) / "state.json").read_bytes()))
    except FileNotFoundError:
        return None
    return upload if secrets.compare_digest(upload.owner, owner) else None


def check(upload: Upload, database: Database, clock: Callable[[], int]) -> None:
    """Try the file in the background, without writing to the log."""
    started = _keep(replace(upload, state="checking", read=0))
    _begin(started, DryRun(database, clock).append, "checked", "refused", to_the_end=True)


def append(upload: Upload, database: Database, clock: Callable[[], int]) -> None:
    """Append the file in the background, batch by batch, each whole or not at all; asked twice, only once."""
    if upload.stalled:
        shutil.rmtree(_busy(upload), ignore_errors=True)
    try:
        _busy(upload).mkdir()
    except FileExistsError:
        return
    latest = find(upload.id, upload.owner)
    if latest is None or latest.state == "done":
        shutil.rmtree(_busy(upload), ignore_errors=True)
        return
    streams = StreamCache()

    def write(drafts: list[Draft]) -> Decision:
        if any(draft.faults for draft in drafts):
            return store.judge(database, drafts, now=clock(), author=upload.author)
        return store.append(database, drafts, now=clock(), author=upload.author, streams=streams)

    _begin(_keep(replace(upload, state="appending", read=0)), write, "done", "failed", to_the_end=False)


def forget(upload: Upload) -> None:
    """Throw an upload away."""
    shutil.rmtree(_folder(upload.id), ignore_errors=True)


def _begin(upload: Upload, append: Callable[[list[Draft]], Decision], good: str, bad: str, *, to_the_end: bool) -> None:
    def told(read: int) -> None:
        _keep(replace(upload, read=read))

    def work() -> None:
        with suppress(FileNotFoundError):  # it was thrown away meanwhile
            try:
                with (_folder(upload.id) / "file").open("rb") as file:
                    result = importing.run(files.lines(file, upload.form), append, told, to_the_end=to_the_end)
            except (LogError, DBAPIError):
                _keep(replace(upload, state="failed"))
            else:
                _finish(upload, result, bad if result.wrong else good)
            finally:
                shutil.rmtree(_busy(upload), ignore_errors=True)

    threading.Thread(target=work, name=f"import {upload.id[:8]}", daemon=True).start()


def _finish(upload: Upload, result: importing.Result, state: str) -> None:
    if state in ("done", "refused"):
        (_folder(upload.id) / "file").unlink(missing_ok=True)
    wrong = [asdict(one) for one in sorted(result.wrong, key=lambda one: one.line)[:SHOWN]]
    ended = replace(upload, state=state, read=upload.size, wrong=wrong, faults=result.faults)
    _keep(replace(ended, appended=result.appended, repeated=result.repeated))


def _keep(upload: Upload) -> Upload:
    """Write down what is known, at once or not at all."""
    kept = replace(upload, at=time.time())
    folder = _folder(upload.id)
    written = folder / f"{threading.get_ident()}.part"
    written.write_bytes(orjson.dumps(asdict(kept)))
    written.replace(folder / "state.json")
    return kept


def _folder(id: str) -> Path:
    return _base() / id


def _busy(upload: Upload) -> Path:
    """A folder that stands while the file is appended, so that two processes never do so at once."""
    return _folder(upload.id) / "busy"


def _base() -> Path:
    """The folder of all uploads, which only this user can read. Raises PermissionError when it is another's."""
    user = os.getuid() if hasattr(os, "getuid") else 0
    base = Path(tempfile.gettempdir()) / f"depositary-uploads-{user}"
    base.mkdir(mode=0o700, exist_ok=True)
    about = base.lstat()
    if base.is_symlink() or (hasattr(os, "getuid") and (about.st_uid != user or about.st_mode & 0o077)):
        raise PermissionError(f"{base} is not ours alone; remove it")
    return base


def _sweep() -> None:
    """Throw away what was left lying."""
    for folder in _base().iterdir():
        with suppress(FileNotFoundError):  # another process threw it away meanwhile
            if time.time() - folder.stat().st_mtime > KEPT_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
