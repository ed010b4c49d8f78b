"""Events to a program elsewhere, signed: the Standard Webhooks scheme (standardwebhooks.com, version 1.0.0)."""

import asyncio
import base64
import json
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Final, get_args

from pydantic import Field, SecretStr
from standardwebhooks.webhooks import Webhook as Signer

from scanner_daemon.displays.delivery import FIRST_RETRY, Delivery
from scanner_daemon.displays.http_post import HttpPost
from scanner_daemon.displays.tls import safe_address
from scanner_daemon.errors import DisplayError
from scanner_daemon.model import LaneEvent, as_json_object

EVENT_TYPES: Final = tuple(kind.type for kind in get_args(LaneEvent))
"""All that a lane tells."""

SHORTEST_SECRET: Final = 24
"""Bytes of a secret, at least: what the scheme asks for."""

STOP_WITHIN: Final = 2.0
"""Seconds that first attempts get when the lane stops."""


@dataclass(slots=True, kw_only=True)
class Webhook:
    """Driver ``webhook``: posts each event to ``url`` as every channel has it, with the event's id as message id.

    ``secret`` is one ``whsec_…`` or several, separated by spaces, the newest first: each signs, so that a receiver may
    know either while they are changed. ``events`` are the types to send: all, where none is named. ``attempts`` are
    made of an event until it is given up, which the log tells with its id; ``timeout`` is in seconds, for one attempt.
    ``ca_file`` names who is trusted, in place of the system's authorities.
    """

    url: str
    secret: SecretStr
    events: tuple[str, ...] = ()
    attempts: Annotated[int, Field(ge=1, le=30)] = 10
    timeout: Annotated[float, Field(gt=0, le=60)] = 10.0
    ca_file: Path | None = None
    _signers: tuple[Signer, ...] = field(init=False, repr=False)
    _host: str = field(init=False)
    _delivery: Delivery | None = field(init=False, default=None, repr=False)
    _early: deque[LaneEvent] = field(init=False, default_factory=deque, repr=False)
    _first_retry: float = field(init=False, default=FIRST_RETRY)

    def __post_init__(self) -> None:
        expected = "an https address, or http to this machine, without user name and #"
        self._host = str(safe_address(self.url, secure="https", plain="http", expected=expected).hostname)
        self._signers = _signers(self.secret.get_secret_value())
        for name in self.events:
            if name not in EVENT_TYPES:
                raise ValueError(f"events: expected some of {' '.join(EVENT_TYPES)}, got {name!r}")

    async def tell(self, event: LaneEvent) -> None:
        """Have ``event`` sent; never waits."""
        if self.events and event.type not in self.events:
            return
        if self._delivery is None:
            self._early.append(event)
        else:
            self._delivery.begin(event)

    async def serve(self) -> None:
        """Send until cancelled; then first attempts get a moment, and what is not taken by then is given up."""
        async with HttpPost(url=self.url, ca_file=self.ca_file) as http, asyncio.TaskGroup() as group:
            send = partial(self._send, http)
            self._delivery = Delivery(send, group, to=self._host, attempts=self.attempts, first_retry=self._first_retry)
            while self._early:
                self._delivery.begin(self._early.popleft())
            try:
                await asyncio.Event().wait()
            finally:
                delivery, self._delivery = self._delivery, None
                await delivery.finish(within=STOP_WITHIN)

    async def _send(self, http: HttpPost, event: LaneEvent) -> str | None:
        """Make one attempt, signed with its own time; return why ``event`` was not taken, if so."""
        body = _COMPACT.encode(as_json_object(event))
        try:
            async with asyncio.timeout(self.timeout):
                status = await http.post(body.encode(), self._headers(event.id, body, at=datetime.now(UTC)))
        except TimeoutError:
            return f"expected an answer within {self.timeout:g} s, got none"
        except DisplayError as error:
            return str(error)
        return None if status // 100 == 2 else f"expected a status of 2xx, got {status}"  # noqa: PLR2004  success

    def _headers(self, event_id: str, body: str, *, at: datetime) -> dict[str, str]:
        signatures = [signer.sign(msg_id=event_id, timestamp=at, data=body) for signer in self._signers]
        return {
            "Content-Type": "application/json",
            "User-Agent": "scanner-daemon",
            "webhook-id": event_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(signatures),
        }


_COMPACT: Final = json.JSONEncoder(separators=(",", ":"))


def _signers(secrets: str) -> tuple[Signer, ...]:
    """Return who signs with each of ``secrets``, written as the scheme says: ``whsec_`` and base64."""
    expected = f"secret: expected 'whsec_' and at least {SHORTEST_SECRET} bytes in base64, or several such"
    for secret in secrets.split() or [""]:
        try:
            long_enough = len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) >= SHORTEST_SECRET
        except ValueError:
            long_enough = False
        if not (long_enough and secret.startswith("whsec_")):
            raise ValueError(f"{expected}, got something else")
    return tuple(Signer(secret) for secret in secrets.split())
