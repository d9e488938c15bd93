"""The whole application behind connections of its own, in this process."""

import asyncio
import socket
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

from uvicorn import Config
from uvicorn.server import ServerState

from server.storage.model_store import ModelStore
from server.transport.gateway import Gateway, Receive, Scope, Send
from server.transport.live_connection import LiveConnection
from server.transport.live_predictions import LivePredictions
from server.transport.live_socket import LiveSocket
from server.web.app import create_app
from tests.support.asgi import run


class Demo:
    """The application, what reached its gateway, and its open connections."""

    def __init__(self, models: Path, max_scan_age: float = 0) -> None:
        store = ModelStore(models, max_scan_age)
        self.live = LivePredictions(store)
        self.gateway = Gateway(create_app(models, store), self.live.answer)
        self.reached: list[str] = []
        self.state = ServerState()
        ws: Any = partial(LiveSocket, self.live)
        self.config = Config(self.app, lifespan="off", ws=ws, interface="asgi3", log_config=None)

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.reached.append(scope["path"])
        await self.gateway(scope, receive, send)

    def connect(self) -> LiveConnection:
        return LiveConnection(self.live, config=self.config, server_state=self.state, app_state={})

    def serve(
        self, visit: Callable[[str, int], Coroutine[Any, Any, None]], send_buffer: int = 0
    ) -> None:
        """Let a client visit a host and a port, and wait until all connections are closed.

        :param send_buffer: bytes that the system keeps for a client; 0 for the system's default
        """

        async def use() -> None:
            server = await asyncio.get_running_loop().create_server(self.connect, "127.0.0.1", 0)
            if send_buffer:
                # Accepted connections inherit it.
                server.sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
            async with server:
                await asyncio.wait_for(visit(*server.sockets[0].getsockname()), 20)
                while self.state.connections:
                    await asyncio.sleep(0.01)

        run(use())
