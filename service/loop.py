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
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextvars import Context
from typing import Any

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from events.committer import Answers, too_late
from events.drafts import Draft
from events.errors import Refused
from service import appending, signals
from service.access import LIMITS, REFUSED
from service.api.events import FAILED
from service.appending import Answered
from service.context import KEY
from service.incoming import Client, Incoming, Receive, Send, environ_of
from service.outgoing import Begun, Outgoing, close
from service.pinned import Pinned
from service.problems import Refusal
from service.reading import LEFT
from service.tokens import Token
from service.waiting import Arrivals, Deadlines, Turns

THREADS, PATIENT, PROBING = 600, 400, 4
"""How many requests one process answers at once; of those that may wait for a position or a body; of probes."""

APPEND = 16 * 1024
"""Bytes of the largest body that is judged in the loop; larger ones would keep the others waiting."""

READ = 64 * 1024
"""Bytes of a body that is read before a thread takes the request; more is read as the thread asks for it."""

WHOLE = 1024 * 1024
"""Bytes of the largest answer that is sent in one piece."""

BODY_SECONDS, SLOWEST = 60.0, 16 * 1024
"""How long the next bytes of a body may take, and the whole: as long again, and a second for so many bytes."""

APPEND_SECONDS = 20.0
END_SECONDS = 1.0
"""How long clients are waited for when the process is asked to end."""

PROBES = ("/healthz", "/readyz", "/metrics")
LIVE = "/api/v1/events/live"
BODILESS = (204, 304)
LOG = logging.getLogger("depositary.http")


class Loop:
    """The ASGI application of a web process."""

    def __init__(self, app: Flask) -> None:
        self._app, self._here = app, app.extensions[KEY]
        self._short: bool = app.extensions[appending.SHORT]
        self._pinned = Pinned(self._here, app.extensions[LIMITS])
        self._threads = ThreadPoolExecutor(THREADS, "request")
        self._patient, self._waiting = ThreadPoolExecutor(PATIENT, "patient"), 0
        self._probing = ThreadPoolExecutor(PROBING, "probe")
        self._looking: dict[str, asyncio.Future[Token | None]] = {}

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer a request, or begin and end with the server."""
        if scope["type"] != "lifespan":
            await self._request(environ_of(scope), receive, send)
            return
        self._attach(asyncio.get_running_loop())
        signals.on_end(self._end)
        for moment in ("startup", "shutdown"):
            await receive()
            if moment == "shutdown":
                self._here.watch.close()
            await send({"type": f"lifespan.{moment}.complete"})

    def _attach(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._arrivals, self._turns = Arrivals(loop), Turns(loop)
        self._outgoing = Outgoing(loop, self._here.watch, self._threads)
        self._bodies, self._appends = Deadlines(loop, BODY_SECONDS), Deadlines(loop, APPEND_SECONDS)

    def _end(self) -> None:
        """Let all end that waits; of clients, soon."""

        def give_up() -> None:
            self._bodies.cancel()
            self._outgoing.give_up()

        self._loop.call_soon_threadsafe(self._loop.call_later, END_SECONDS, give_up)
        self._here.watch.close()

    async def _request(self, environ: dict[str, Any], receive: Receive, send: Send) -> None:
        began, length = time.perf_counter(), _length(environ)
        client, body = Client(receive, send, length), b""
        try:
            if not client.ended and (length is None or length <= READ):
                body = await self._begun(client)
        except ConnectionError:
            return
        except asyncio.CancelledError:
            await client.answer(408, [("connection", "close")], b"")
            return
        answer: Answered | Begun | None = self._pinned.get(environ, began) if self._short else None
        if self._short and body and client.ended and appending.plain(environ, APPEND):
            answer = await self._append(environ, body, began)
        if answer is None:
            answer = await self._work(environ, body, client)
        if isinstance(answer, Answered):
            await client.answer(*answer)
        else:
            await self._outgoing.send(answer, client)

    async def _begun(self, client: Client) -> bytes:
        """The body of a request, or as much as is read before a thread takes it. Raises ConnectionError."""
        coming = self._loop.create_task(client.some(READ))
        self._bodies.add(coming)
        try:
            return await coming
        finally:
            self._bodies.remove(coming)

    async def _work(self, environ: dict[str, Any], body: bytes, client: Client) -> Answered | Begun:
        """The answer of the application, from a thread of those that such requests have."""
        if environ.get("HTTP_TRANSFER_ENCODING", "chunked").lower() != "chunked":
            environ[REFUSED] = Refusal("not-implemented", "Send the body as it is, or chunked and nothing else.")
        patient, leaving, done = not client.ended or "min_position" in environ["QUERY_STRING"], None, None
        environ["wsgi.input"] = io.BytesIO(body)
        if patient and self._waiting >= PATIENT:
            patient = False
            environ[REFUSED] = Refusal("busy", "Too many requests wait here. Try again.", headers={"Retry-After": "1"})
        elif not client.ended:
            environ["wsgi.input"] = io.BufferedReader(Incoming(body, self._more(client)), READ)
        elif patient:
            leaving = self._loop.create_task(client.left())
            environ[LEFT] = leaving.done
        elif environ["REQUEST_METHOD"] == "GET" and environ["PATH_INFO"] not in (*PROBES, LIVE):
            done = await self._turns.take()
        probe = environ["PATH_INFO"] in PROBES
        threads = self._probing if probe else self._patient if patient else self._threads
        self._waiting += patient
        try:
            context = Context()
            answer = await self._loop.run_in_executor(threads, context.run, self._call, environ, context)
        finally:
            self._waiting -= patient
            if done:
                done()
            if leaving:
                leaving.cancel()
        if not client.ended:
            answer.headers.append(("connection", "close"))  # nothing can follow what was not read
        return answer

    def _more(self, client: Client) -> Callable[[], bytes]:
        """What gives the next bytes of a body to a thread."""
        end = time.monotonic() + BODY_SECONDS

        async def coming() -> bytes:
            mine = asyncio.current_task()
            assert mine is not None
            self._bodies.add(mine)
            try:
                return await client.next()
            finally:
                self._bodies.remove(mine)

        def more() -> bytes:
            nonlocal end
            piece = asyncio.run_coroutine_threadsafe(coming(), self._loop)
            try:
                taken = piece.result(min(BODY_SECONDS, end - time.monotonic()))
            except (CancelledError, TimeoutError) as error:
                piece.cancel()
                raise OSError("the body stopped before its end, or came too slowly") from error
            end += len(taken) / SLOWEST
            return taken

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
        try:
            await done
        finally:
            self._appends.remove(answer)
        if answer.cancelled():
            raise too_late()
        answers: Answers = answer.result()
        return answers

    def _call(self, environ: dict[str, Any], context: Context) -> Answered | Begun:
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
            return Begun(status, headers, chunks, context)
        try:
            answer = Answered(status, headers, b"".join(chunks))
        finally:
            close(chunks)
        self._pinned.keep(environ, answer)
        return answer


def _length(environ: Mapping[str, Any]) -> int | None:
    """How many bytes a body has, as far as it is known before it is read."""
    given: str = environ.get("CONTENT_LENGTH", "")
    if given.isdigit():
        return int(given)
    return None if "HTTP_TRANSFER_ENCODING" in environ or environ["SERVER_PROTOCOL"] == "HTTP/2" else 0


def _no_write(data: bytes) -> None:
    raise NotImplementedError("an application gives its answer back and does not write it")
