"""The local server, served."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import httpx
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from scanner_daemon.server import LocalServer

TOKEN: Final = "s3cret-of-the-lane"


def new_server(listen: str = "127.0.0.1:0", token: str = TOKEN) -> LocalServer:
    server = LocalServer(listen=listen, token=SecretStr(token))
    server.routes.append(Route("/bug", _bug))
    return server


async def _bug(_: Request) -> PlainTextResponse:
    raise LookupError("a secret detail")


@asynccontextmanager
async def running(server: LocalServer) -> AsyncIterator[httpx.AsyncClient]:
    """Serve; a client that knows the token."""
    server.bind()
    serving = asyncio.create_task(server.serve())
    headers = {"Authorization": f"Bearer {server.token.get_secret_value()}"}
    try:
        async with httpx.AsyncClient(base_url=server.url, headers=headers) as client:
            yield client
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
