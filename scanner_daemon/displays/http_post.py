"""One HTTP POST after another to one address, over connections that are kept. Displays know no other HTTP client."""

import asyncio
import logging
import ssl
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import httpx

from scanner_daemon.errors import DisplayError

MAX_ANSWER: Final = 64 * 1024
"""Bytes of an answer that are read and thrown away, so that its connection can be used again."""

_IDLE_SECONDS: Final = 60.0  # a connection idle for longer may have been dropped by a router without a word


@dataclass(slots=True, kw_only=True)
class HttpPost:
    """Posts to ``url``; certificates are verified, against ``ca_file`` where given. An asynchronous context manager.

    Redirects are answers like any other: whoever answers so has not taken what was posted.
    """

    url: str
    ca_file: Path | None = None
    _http: httpx.AsyncHTTPTransport | None = field(init=False, default=None, repr=False)

    async def __aenter__(self) -> Self:
        logging.getLogger("hpack").setLevel(logging.WARNING)  # its debug lines hold our headers
        context = await asyncio.to_thread(_certificates, self.ca_file)
        limits = httpx.Limits(keepalive_expiry=_IDLE_SECONDS)
        self._http = httpx.AsyncHTTPTransport(verify=context, http2=True, limits=limits)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        http, self._http = self._http, None
        if http is not None:
            await http.aclose()

    async def post(self, content: bytes, headers: Mapping[str, str]) -> int:
        """Return the status of the answer. Has no time limit; raises ``DisplayError`` when there is no answer."""
        if self._http is None:
            raise RuntimeError("expected posts inside 'async with', got one outside")
        request = httpx.Request("POST", self.url, headers=headers, content=content)
        try:
            async with aclosing(await self._http.handle_async_request(request)) as response:
                await _drain(response)
        except httpx.TransportError as error:
            raise DisplayError(f"expected an answer, got {type(error).__name__} ({error})") from None
        return response.status_code


def _certificates(ca_file: Path | None) -> ssl.SSLContext:
    """Return who is trusted; reading that takes a tenth of a second."""
    if ca_file is None:
        return httpx.create_ssl_context()
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        got = error.strerror or str(error)
        raise DisplayError(f"Failed to read ca_file: expected certificates (PEM) in {ca_file}, got {got!r}") from error


async def _drain(response: httpx.Response) -> None:
    left = MAX_ANSWER
    async for chunk in response.aiter_raw():
        left -= len(chunk)
        if left < 0:
            return
