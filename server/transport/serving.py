"""The demo under uvicorn, in one process."""

import asyncio
import gc
import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from uvicorn import Config, Server

from server.room.room import Room, open_room
from server.storage.model_store import ModelStore
from server.system.open_files import allow_open_files
from server.system.signals import handle_signals, ignore_signals
from server.translations.languages import Language
from server.transport.connection import MAX_CONNECTIONS, ClientConnection
from server.transport.gateway import Gateway, Response, Scope
from server.transport.live_connection import LiveConnection
from server.transport.live_predictions import LivePredictions
from server.transport.live_socket import LiveSocket
from server.transport.training_polls import TrainingPolls
from server.web.app import create_app
from server.web.common.context import context_of

_log = logging.getLogger(__name__)

# Keep-alive timeout, in seconds. The page sends a request twice a second.
KEEP_ALIVE_SECONDS = 20

# Timeout of a graceful shutdown, in seconds.
STOP_SECONDS = 5

# How many connections the system queues until they are accepted.
BACKLOG = 1024

# How many connections are accepted per iteration of the event loop. They are counted only in the
# next one, and asyncio logs each `accept` that fails for lack of a file descriptor.
MAX_ACCEPTS = 16

# File descriptors beyond MAX_CONNECTIONS: half of them for further connections, which get 503, the
# others for files.
EXTRA_FILES = 500


@dataclass(frozen=True)
class Served:
    """What a server serves: a directory of models, and, if set, a room's file, and the language."""

    models: Path
    room: Path | None = None
    language: Language | None = None


def serve(
    listener: socket.socket,
    served: Served,
    on_ready: Callable[[], None],
    max_accepts: int = MAX_ACCEPTS,
    room: Room | None = None,
) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP, then shut down gracefully.

    :param on_ready: called as soon as requests are answered
    :param max_accepts: connections accepted per iteration of the event loop; other processes that
        share the socket can accept the rest
    :param room: that of `served`, if this process has opened it already
    """
    store = ModelStore(served.models)
    if room is None and served.room is not None:
        # The process that started this one has created the file. If it is gone, another one would
        # have another key.
        room = open_room(served.room, listener, create=False)
    app = create_app(served.models, store, room, served.language)
    live = LivePredictions(store)
    polls = TrainingPolls(context_of(app).artifacts.trainings)

    async def answer(scope: Scope, body: bytes) -> Response | None:
        return polls.answer(scope) or await live.answer(scope, body)

    try:
        serve_app(Gateway(app, answer), listener, on_ready, max_accepts, live)
    finally:
        if room is not None:
            # A copy of the file alone then has all drawings.
            room.database.empty_log()


def serve_app(
    app: Gateway,
    listener: socket.socket,
    on_ready: Callable[[], None],
    max_accepts: int = MAX_ACCEPTS,
    live: LivePredictions | None = None,
) -> None:
    """Serve an application until SIGINT, SIGTERM or SIGHUP, then end the process with 0.

    :param live: answers live predictions without the application
    """
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    # Uvicorn only calls these, with keyword arguments, so they need not be classes.
    http: Any = ClientConnection if live is None else partial(LiveConnection, live)
    http = partial(http, **limit_connections())
    ws: Any = "none" if live is None else partial(LiveSocket, live)
    config = Config(
        app,
        http=http,
        loop="asyncio",
        ws=ws,
        lifespan="off",
        interface="asgi3",
        log_config=None,
        # Invalid requests are answered, not logged.
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=max_accepts,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        # After `_Server` has aborted the connections, which ends the tasks of their requests.
        timeout_graceful_shutdown=STOP_SECONDS + 1,
    )
    handle_signals(stop)
    # What has been loaded so far stays. To look through it, as each full garbage collection would,
    # takes 27 ms, in which nothing is answered.
    gc.collect()
    gc.freeze()
    _Server(config, on_ready).run(sockets=[listener])


def limit_connections() -> dict[str, int]:
    """Return the limits of a `ClientConnection`, lower if this process may open only few files."""
    files = allow_open_files(MAX_CONNECTIONS + EXTRA_FILES)
    extra = min(EXTRA_FILES, files // 2)
    most = min(MAX_CONNECTIONS, files - extra)
    if most < MAX_CONNECTIONS:
        _log.warning(
            "Limited to %d connections per process, because only %d files may be open. "
            "`ulimit -n %d` allows more.",
            *(most, files, MAX_CONNECTIONS + EXTRA_FILES),
        )
    return {"max_connections": most, "max_refused": extra // 2}


class _Server(Server):
    """Uvicorn's server, which calls a function when it is ready."""

    def __init__(self, config: Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to accept connections."""
        await super().startup(sockets)
        # Asyncio also uses `max_accepts` as the listening socket's backlog: set that separately.
        for listener in sockets or []:
            listener.listen(BACKLOG)
        self._on_ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Shut down at SIGINT, SIGTERM or SIGHUP.

        Uvicorn would raise them again after its shutdown, and abandon it at a second SIGINT.
        """
        handle_signals(self.handle_exit)
        yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Let uvicorn's loop shut down."""
        ignore_signals()
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Shut down gracefully; connections that are still open after STOP_SECONDS are aborted."""
        # Uvicorn would only cancel the tasks of their requests. A cancelled task that waits for a
        # slow client logs a traceback, and its connection stays open.
        asyncio.get_running_loop().call_later(STOP_SECONDS, self._abort_connections)
        await super().shutdown(sockets)

    def _abort_connections(self) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()


def stop(_signal: int, _frame: FrameType | None) -> None:
    """Handle a signal: exit with status 0."""
    ignore_signals()
    raise SystemExit(0)
