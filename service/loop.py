"""The one thread of a web process that talks to all its connections.

It takes by itself what is small and frequent: appends that are plainly right, and the events that live streams wait
for. A thread for each would wait more for the interpreter than work. All else is answered by threads that run the WSGI
application, which is therefore the whole application: any WSGI server serves the same.
"""

from __future__ import annotations

import asyncio
import io
import logging
import signal
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from flask import Flask
from granian._granian import RSGIHTTPProtocol as HTTPProtocol
from granian.rsgi import Scope
from sqlalchemy.exc import SQLAlchemyError

from events.committer import Answers, too_late
from events.drafts import Draft
from events.errors import Refused
from events.watch import Watch
from service import appending
from service.access import LIMITS
from service.api.events import FAILED
from service.api.live import HEARTBEAT_SECONDS, Stream
from service.appending import Answered
from service.context import KEY
from service.pinned import Pinned
from service.tokens import Token

THREADS = 1_000
"""How many requests one process answers at once."""

APPEND = 16 * 1024
"""Bytes of the largest body that is judged in the loop; larger ones would keep the others waiting."""

READ = 64 * 1024
"""Bytes of a body that is read before a thread takes the request; more is read as the thread asks for it."""

WHOLE = 1024 * 1024
"""Bytes of the largest answer that is sent in one piece."""

BODY_SECONDS = 60.0
"""How long the next bytes of a body may take."""

STREAM_SECONDS = 0.000_25
"""The time between two rounds of sending is at least so long for each stream that is open: 0.2 seconds for 800."""

TURNS, TURN_SECONDS = 3, 0.1
"""How many requests work at a time, and how long each is counted."""

APPEND_SECONDS = 20.0
PROBES = ("/healthz", "/readyz", "/metrics", "/api/v1/events/live")
BODILESS = (204, 304)
ENDED = (signal.SIGTERM, signal.SIGINT)
LOG = logging.getLogger("depositary.http")


class Begun(NamedTuple):
    """An answer that is sent as it is made; `chunks` may be a `Stream`."""

    status: int
    headers: list[tuple[str, str]]
    chunks: Iterable[bytes]


class Transport(Protocol):
    """What takes the chunks of an answer."""

    def send_bytes(self, data: bytes) -> Awaitable[None]:
        """Send a chunk. Raises when the client has gone."""


class Loop:
    """The RSGI application of a web process."""

    def __init__(self, app: Flask) -> None:
        self._app, self._here = app, app.extensions[KEY]
        self._short: bool = app.extensions[appending.SHORT]
        self._pinned = Pinned(self._here, app.extensions[LIMITS])
        self._threads = ThreadPoolExecutor(THREADS, "request")
        self._looking: dict[str, asyncio.Future[Token | None]] = {}
        self._reading: dict[int, asyncio.Future[None]] = {}

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Called before the first request."""
        self._attach(loop)
        _end_streams_on_signal(self._here.watch.close)

    def _attach(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._answers, self._turns = _Answers(loop), _Turns(loop)
        self._growth = _Growth(loop, self._here.watch)
        self._bodies, self._appends = _Deadlines(loop, BODY_SECONDS), _Deadlines(loop, APPEND_SECONDS)

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Called after the last request."""
        self._here.watch.close()

    async def __rsgi__(self, scope: Scope, proto: HTTPProtocol) -> None:
        """Answer a request."""
        environ, began = environ_of(scope), time.perf_counter()
        try:
            body = await self._body(environ, proto)
        except (OSError, RuntimeError, asyncio.CancelledError):
            proto.response_empty(408, [("connection", "close")])
            return
        answer: Answered | Begun | None = self._pinned.get(environ, began) if self._short else None
        if self._short and body and appending.plain(environ, APPEND):
            answer = await self._append(environ, body, began)
        if answer is None:
            environ["wsgi.input"] = io.BytesIO(body) if body is not None else self._incoming(proto)
            done = await self._turns.take() if _works(environ) else None
            try:
                answer = await self._loop.run_in_executor(self._threads, self._call, environ)
            finally:
                if done:
                    done()
        if isinstance(answer, Answered):
            proto.response_bytes(*answer)
        elif isinstance(answer.chunks, Stream):
            await self._follow(answer.chunks, proto.response_stream(answer.status, answer.headers))
        else:
            transport = proto.response_stream(answer.status, answer.headers)
            await self._loop.run_in_executor(self._threads, self._send, answer.chunks, transport)

    async def _body(self, environ: dict[str, Any], proto: HTTPProtocol) -> bytes | None:
        """The body of a request; None for one that the application reads as it comes, if it wants it."""
        length = environ.get("CONTENT_LENGTH", "")
        if not length and "HTTP_TRANSFER_ENCODING" not in environ:
            return b""
        if not length.isdigit() or int(length) > READ:
            return None
        coming = self._loop.create_task(_whole(proto))
        self._bodies.add(coming)
        return await coming

    def _incoming(self, proto: HTTPProtocol) -> io.BufferedReader:
        chunks = aiter(proto)

        def more() -> bytes:
            coming = asyncio.run_coroutine_threadsafe(_next(chunks), self._loop)
            try:
                return coming.result(BODY_SECONDS)
            except (RuntimeError, TimeoutError) as error:
                coming.cancel()
                raise OSError("the body stopped before its end") from error

        return io.BufferedReader(_Incoming(more), READ)

    async def _append(self, environ: dict[str, Any], body: bytes, began: float) -> Answered | None:
        """The answer to an append that the log took; None where the application must say what is to be said."""
        try:
            token = await self._token(appending.bearer(environ))
            drafts = appending.sound(body, token, self._here)
            if not token or not drafts:
                return None
            answers = await self._appended(drafts, token.name)
        except Refused:
            return None
        except Exception as error:
            environ[FAILED] = error
            return None
        return appending.shown(self._here, environ, answers, began)

    async def _token(self, secret: str) -> Token | None:
        """The token with a secret; of those who ask for one that is not remembered, the first looks it up for all."""
        recent = self._here.recent
        if not secret or (token := recent.known(secret)):
            return token if secret else None
        if secret not in self._looking:
            look: Callable[[], Token | None] = lambda: recent.get(secret, lambda: appending.look_up(self._here, secret))  # noqa: E731
            self._looking[secret] = asyncio.ensure_future(self._loop.run_in_executor(self._threads, look))
            self._looking[secret].add_done_callback(lambda _: self._looking.pop(secret))
        try:
            return await asyncio.shield(self._looking[secret])
        except SQLAlchemyError:
            return None

    async def _appended(self, drafts: Sequence[Draft], author: str) -> Answers:
        """What the log answers. Raises Refused, or Busy."""
        answer = self._here.committer.submit(drafts, author=author)
        done = self._answers.of(answer)
        self._appends.add(answer)
        await done
        if answer.cancelled():
            raise too_late()
        answers: Answers = answer.result()
        return answers

    def _call(self, environ: dict[str, Any]) -> Answered | Begun:
        """Run the application, in a thread."""
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], Any]:
            started[:] = int(status[:3]), headers
            return _no_write

        chunks = self._app.wsgi_app(environ, start_response)
        status, headers = started
        length = next((value for name, value in headers if name.lower() == "content-length"), "")
        whole = environ["REQUEST_METHOD"] == "HEAD" or status in BODILESS or (length.isdigit() and int(length) <= WHOLE)
        if not whole:
            return Begun(status, headers, chunks)
        try:
            answer = Answered(status, headers, b"".join(chunks))
        finally:
            _close(chunks)
        self._pinned.keep(environ, answer)
        return answer

    def _send(self, chunks: Iterable[bytes], transport: Transport) -> None:
        """Send an answer as it is made, in a thread; no faster than the client takes it."""
        try:
            for chunk in chunks:
                if chunk:
                    asyncio.run_coroutine_threadsafe(_sent(transport, chunk), self._loop).result()
        finally:
            _close(chunks)

    async def _follow(self, stream: Stream, transport: Transport) -> None:
        """Send a live stream until it ends or the client goes."""
        growth = self._growth
        growth.followers += 1
        try:
            growth.listen()
            await transport.send_bytes(stream.begin())
            while not self._here.watch.closed:
                if self._here.watch.head <= stream.after:
                    grown = await growth.next
                    if not grown:
                        await transport.send_bytes(stream.beat())
                    continue
                chunk = stream.known() or await self._read(stream)
                if chunk:
                    await transport.send_bytes(chunk)
        except (RuntimeError, ConnectionError):
            pass  # the client has gone
        finally:
            growth.followers -= 1
            stream.close()

    async def _read(self, stream: Stream) -> bytes | None:
        """What a stream sends next; of those that stand at one position, the first reads it for all."""
        at = stream.after
        if at in self._reading:
            await self._reading[at]
            return stream.known()
        self._reading[at] = self._loop.create_future()
        try:
            return await self._loop.run_in_executor(self._threads, stream.read)
        finally:
            self._reading.pop(at).set_result(None)


class _Answers:
    """Brings the committer's answers into the loop, those of one transaction together."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop, self._called = loop, False
        self._ready: deque[asyncio.Future[None]] = deque()

    def of(self, answer: Future[Answers]) -> asyncio.Future[None]:
        """Is done when the answer is."""
        done = self._loop.create_future()
        answer.add_done_callback(lambda _: self._note(done))
        return done

    def _note(self, done: asyncio.Future[None]) -> None:
        self._ready.append(done)
        if not self._called:
            self._called = True
            self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        self._called = False
        while self._ready:
            done = self._ready.popleft()
            if not done.done():
                done.set_result(None)


class _Deadlines:
    """Cancels what is not done after so many seconds. It looks once a second: a timer for each would cost more."""

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._loop, self._seconds = loop, seconds
        self._waiting: deque[tuple[float, Future[Any] | asyncio.Future[Any]]] = deque()

    def add(self, one: Future[Any] | asyncio.Future[Any]) -> None:
        """Watch over one more."""
        if not self._waiting:
            self._loop.call_later(1, self._look)
        self._waiting.append((time.monotonic() + self._seconds, one))

    def _look(self) -> None:
        now = time.monotonic()
        while self._waiting and (self._waiting[0][1].done() or self._waiting[0][0] < now):
            self._waiting.popleft()[1].cancel()
        if self._waiting:
            self._loop.call_later(1, self._look)


class _Turns:
    """Lets few requests work at a time, in the order they came: a crowd of threads waits more than it works.

    A turn ends with the request, or soon: a request that waits for a database must not keep the others waiting.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop, self._left = loop, TURNS
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self) -> Callable[[], None]:
        """Wait for a turn; what ends it, which may be called twice."""
        if self._left:
            self._left -= 1
        else:
            mine = self._loop.create_future()
            self._waiting.append(mine)
            await mine
        over = [False]

        def end() -> None:
            if not over[0]:
                over[0] = True
                ending.cancel()
                self._end()

        ending = self._loop.call_later(TURN_SECONDS, end)
        return end

    def _end(self) -> None:
        if self._waiting:
            self._waiting.popleft().set_result(None)
        else:
            self._left += 1


class _Growth:
    """Tells all streams together that the log has grown, or that it is time for a sign of life."""

    def __init__(self, loop: asyncio.AbstractEventLoop, watch: Watch) -> None:
        self._loop, self._watch, self._listening = loop, watch, False
        self._told, self._telling = 0.0, False
        self.followers = 0
        self.next: asyncio.Future[bool] = loop.create_future()

    def listen(self) -> None:
        """Begin to be told, with the first stream."""
        if not self._listening:
            self._listening = True
            self._watch.tell(self._grown)
            self._beat()

    def _grown(self) -> None:
        """Called by the watch, from its thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._soon)

    def _soon(self) -> None:
        """Tell, but not so often that the streams leave no time for anything else."""
        if not self._telling:
            self._telling = True
            until = self._told + self.followers * STREAM_SECONDS
            self._loop.call_later(0 if self._watch.closed else max(0.0, until - self._loop.time()), self._tell)

    def _tell(self) -> None:
        self._telling, self._told = False, self._loop.time()
        self._wake(grown=True)

    def _beat(self) -> None:
        self._wake(grown=False)
        self._loop.call_later(HEARTBEAT_SECONDS, self._beat)

    def _wake(self, *, grown: bool) -> None:
        self.next.set_result(grown)
        self.next = self._loop.create_future()


class _Incoming(io.RawIOBase):
    """The body of a request, read as it comes."""

    def __init__(self, more: Callable[[], bytes]) -> None:
        self._more, self._left, self._ended = more, b"", False

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer, or part of it; 0 at the end."""
        taken = self._left or (b"" if self._ended else self._more())
        self._ended = not taken
        size = min(len(buffer), len(taken))
        buffer[:size], self._left = taken[:size], taken[size:]
        return size


async def _whole(proto: HTTPProtocol) -> bytes:
    return bytes(await proto())


async def _next(chunks: AsyncIterator[bytes]) -> bytes:
    """The next bytes of a body; none at its end."""
    try:
        while not (chunk := await anext(chunks)):
            pass
        return bytes(chunk)
    except StopAsyncIteration:
        return b""


async def _sent(transport: Transport, chunk: bytes) -> None:
    await transport.send_bytes(chunk)


def _works(environ: Mapping[str, Any]) -> bool:
    """Whether a request will work rather than wait for its body, a commit or a position. Probes never queue."""
    return (
        environ["REQUEST_METHOD"] == "GET"
        and environ["PATH_INFO"] not in PROBES
        and "min_position" not in environ["QUERY_STRING"]
    )


def _close(chunks: Iterable[bytes] | Iterator[bytes]) -> None:
    close = getattr(chunks, "close", None)
    if close:
        close()


def _no_write(data: bytes) -> None:
    raise NotImplementedError("an application gives its answer back and does not write it")


def environ_of(scope: Scope) -> dict[str, Any]:
    """A request as WSGI has it, but for `wsgi.input`. Header values that are not ASCII are left out."""
    host, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host.strip("[]"),
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.errors": sys.stderr,
        "wsgi.input_terminated": True,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        key = _key(name)
        environ[key] = f"{environ[key]}{'; ' if name == 'cookie' else ','}{value}" if key in environ else value
    if scope.authority and "HTTP_HOST" not in environ:
        environ["HTTP_HOST"] = scope.authority
    return environ


@lru_cache(256)
def _key(name: str) -> str:
    key = name.upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"


def _end_streams_on_signal(close: Callable[[], None]) -> None:
    """Let live streams end as soon as this process is asked to, so that a stop need not wait for them.

    The wakeup descriptor hears of signals whoever handles them; what is heard is passed on to the loop, which had it.
    """
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    passed = socket.socket(fileno=before) if before >= 0 else None

    def wait() -> None:
        with reader, writer:
            while heard := reader.recv(1):
                if passed:
                    passed.send(heard)
                if heard[0] in ENDED:
                    close()

    threading.Thread(target=wait, name="signals", daemon=True).start()
