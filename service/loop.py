"""The one thread of a web process that talks to all its connections.

It takes by itself what is small and frequent: appends that are plainly right, and the events that live streams wait
for. A thread for each would wait more for the interpreter than work. All else is answered by threads that run the WSGI
application, which is therefore the whole application: any WSGI server serves the same.
"""

from __future__ import annotations

import asyncio
import io
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, Protocol

from flask import Flask
from granian._granian import RSGIHTTPProtocol as HTTPProtocol
from granian.rsgi import Scope
from sqlalchemy.exc import SQLAlchemyError

from events.committer import Answers, too_late
from events.drafts import Draft
from events.errors import Refused
from service import appending, signals
from service.access import LIMITS
from service.api.events import FAILED
from service.api.live import Stream
from service.appending import Answered
from service.context import KEY
from service.growth import Growth
from service.incoming import Incoming, environ_of, next_bytes, whole_body
from service.pinned import Pinned
from service.tokens import Token
from service.waiting import Arrivals, Deadlines, Turns

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

APPEND_SECONDS = 20.0
PROBES = ("/healthz", "/readyz", "/metrics", "/api/v1/events/live")
BODILESS = (204, 304)
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
        signals.on_end(self._here.watch.close)

    def _attach(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._arrivals, self._turns = Arrivals(loop), Turns(loop)
        self._growth = Growth(loop, self._here.watch)
        self._bodies, self._appends = Deadlines(loop, BODY_SECONDS), Deadlines(loop, APPEND_SECONDS)

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
            incoming = Incoming(self._more(proto), _length(environ)) if body is None else None
            environ["wsgi.input"] = io.BufferedReader(incoming, READ) if incoming else io.BytesIO(body or b"")
            done = await self._turns.take() if _works(environ) else None
            try:
                answer = await self._loop.run_in_executor(self._threads, self._call, environ)
            finally:
                if done:
                    done()
            if incoming and not incoming.ended:
                answer.headers.append(("connection", "close"))  # nothing can follow what was not read
        if isinstance(answer, Answered):
            proto.response_bytes(*answer)
        elif isinstance(answer.chunks, Stream):
            await self._follow(answer.chunks, proto.response_stream(answer.status, answer.headers))
        else:
            transport = proto.response_stream(answer.status, answer.headers)
            await self._loop.run_in_executor(self._threads, self._send, answer.chunks, transport)

    async def _body(self, environ: dict[str, Any], proto: HTTPProtocol) -> bytes | None:
        """The body of a request; None for one that the application reads as it comes, if it wants it."""
        length = _length(environ)
        if length is None and "HTTP_TRANSFER_ENCODING" not in environ:
            return b""
        if length is None or length > READ:
            return None
        coming = self._loop.create_task(whole_body(proto))
        self._bodies.add(coming)
        return await coming

    def _more(self, proto: HTTPProtocol) -> Callable[[], bytes]:
        """What gives the next bytes of a body to a thread."""
        chunks = aiter(proto)

        def more() -> bytes:
            coming = asyncio.run_coroutine_threadsafe(next_bytes(chunks), self._loop)
            try:
                return coming.result(BODY_SECONDS)
            except (RuntimeError, TimeoutError) as error:
                coming.cancel()
                raise OSError("the body stopped before its end") from error

        return more

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
        token = self._here.recent.known(secret) if secret else None
        if token or not secret:
            return token
        if secret not in self._looking:
            looking = self._loop.run_in_executor(self._threads, self._look_up, secret)
            self._looking[secret] = looking
            looking.add_done_callback(lambda _: self._looking.pop(secret))
        try:
            return await asyncio.shield(self._looking[secret])
        except SQLAlchemyError:
            return None

    def _look_up(self, secret: str) -> Token | None:
        found: Token | None = self._here.recent.get(secret, lambda: appending.look_up(self._here, secret))
        return found

    async def _appended(self, drafts: Sequence[Draft], author: str) -> Answers:
        """What the log answers. Raises Refused, or Busy."""
        answer = self._here.committer.submit(drafts, author=author)
        done = self._arrivals.of(answer)
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


async def _sent(transport: Transport, chunk: bytes) -> None:
    await transport.send_bytes(chunk)


def _length(environ: Mapping[str, Any]) -> int | None:
    """How many bytes a body has, where the client said so."""
    given: str = environ.get("CONTENT_LENGTH", "")
    return int(given) if given.isdigit() else None


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
