"""The sandbox as a real server on the loopback interface, in the loop that runs."""

import asyncio
import socket
from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime
from types import TracebackType
from typing import Final, Self

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from scanner_daemon.loyalty.sandbox.account import Account
from scanner_daemon.loyalty.sandbox.control import control_routes
from scanner_daemon.loyalty.sandbox.customers import Customer, Customers, sample_customers
from scanner_daemon.loyalty.sandbox.options import SandboxOptions
from scanner_daemon.loyalty.sandbox.service import LoggedRequest, Service

HOST: Final = "127.0.0.1"
API_KEY: Final = "sandbox-api-key"
SECRET_KEY: Final = "sandbox-secret-key"  # noqa: S105  opens nothing


class Sandbox:
    """A Gameball-compatible server on ``127.0.0.1``; port 0 takes a free one.

    ``customers`` are those it starts with; by default a few to try things with. Use as ``async with Sandbox() as
    sandbox:``. It may go down and come back: :meth:`stop` and :meth:`start`.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        options: SandboxOptions | None = None,
        customers: Iterable[Customer] | None = None,
    ) -> None:
        if customers is None:
            customers = sample_customers(datetime.now(UTC).date())
        self.port = port
        self.customers = Customers(customers)
        self._server: uvicorn.Server | None = None
        self._service = Service(
            account=Account(customers=self.customers), options=options or SandboxOptions(), hang_up=self._hang_up
        )

    @property
    def url(self) -> str:
        """The address, for ``base_url``; it stays the same from the first start on."""
        return f"http://{HOST}:{self.port}"

    @property
    def api_key(self) -> str:
        """An APIKey that is right."""
        return self.options.api_key or API_KEY

    @property
    def secret_key(self) -> str:
        """A SecretKey that is right."""
        return self.options.secret_key or SECRET_KEY

    @property
    def options(self) -> SandboxOptions:
        """How it behaves now."""
        return self._service.options

    def change(self, **changes: object) -> None:
        """Change some options. Raises pydantic's ``ValidationError`` with every mistake, and then changes none."""
        self._service.change(**changes)

    @property
    def requests(self) -> deque[LoggedRequest]:
        """The requests served, oldest first; ``clear()`` forgets them."""
        return self._service.requests

    @property
    def connections(self) -> int:
        """On how many connections those requests came."""
        return len({request.connection for request in self.requests})

    async def served(self, count: int) -> None:
        """Wait until at least ``count`` requests are in the log."""
        await self._service.served(count)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen, on the same port as before. Raises ``OSError`` when that cannot be had."""
        if self._server is not None:
            return
        listener = socket.create_server((HOST, self.port))
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio sets it on its own sockets only
        self.port = listener.getsockname()[1]
        routes = [*control_routes(self._service), Mount("/", self._service)]
        self._server = _quiet_server(Starlette(routes=routes))
        await self._server.startup(sockets=[listener])

    async def stop(self) -> None:
        """Refuse connections from now on and break those there are, whatever they wait for."""
        server, self._server = self._server, None
        if server is None:
            return
        for listener in server.servers:
            listener.close()
        for connection in list(server.server_state.connections):
            connection.transport.abort()
        await asyncio.gather(*server.server_state.tasks)
        for listener in server.servers:
            await listener.wait_closed()

    def _hang_up(self, client_port: int) -> None:
        connections = self._server.server_state.connections if self._server else ()
        for connection in list(connections):
            if connection.transport.get_extra_info("peername")[1] == client_port:
                connection.transport.close()


def _quiet_server(app: Starlette) -> uvicorn.Server:
    """Return uvicorn without signal handlers, logging and clock tick of its own."""
    config = uvicorn.Config(
        app,
        lifespan="off",
        ws="none",
        http="h11",
        access_log=False,
        log_config=None,
        log_level="error",
        server_header=False,
        date_header=False,
        timeout_keep_alive=75,
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    return server
