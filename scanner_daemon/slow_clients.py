"""Connections that hold nothing for long: a request that is not whole in time ends its connection.

uvicorn waits for ever for the rest of a request, so that a few hundred clients that send a byte now and then
("slowloris") would take all the descriptors there are.
"""

import asyncio
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_WITHIN: Final = 10.0
"""Seconds from a connection, or from a request's first byte, to the end of the request."""


class PromptProtocol(H11Protocol):
    """uvicorn's connection, dropped when a request takes longer than ``request_within`` seconds to arrive."""

    def __init__(self, *, request_within: float = REQUEST_WITHIN, **of_uvicorn: Any) -> None:
        super().__init__(**of_uvicorn)
        self._request_within = request_within
        self._drop: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """See :class:`asyncio.Protocol`."""
        super().connection_made(transport)
        self._await_request()

    def data_received(self, data: bytes) -> None:
        """See :class:`asyncio.Protocol`."""
        super().data_received(data)
        if self.conn.their_state in {h11.IDLE, h11.SEND_BODY}:
            self._await_request()
        else:
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        """See :class:`asyncio.Protocol`."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _await_request(self) -> None:
        if self._drop is None:
            self._drop = self.loop.call_later(self._request_within, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._drop is not None:
            self._drop.cancel()
            self._drop = None
