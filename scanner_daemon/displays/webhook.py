"""Events to a program elsewhere, signed: the Standard Webhooks scheme (standardwebhooks.com, version 1.0.0)."""

import asyncio
import base64
import json
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, get_args

import structlog
from pydantic import Field, SecretStr
from pydantic_core import PydanticSerializationError, to_json
from standardwebhooks.webhooks import Webhook as Signer

from scanner_daemon.displays.dead_letters import DeadLetter, DeadLetters
from scanner_daemon.displays.delivery import FIRST_RETRY, Delivery, Outcome
from scanner_daemon.displays.http_post import Answer, HttpPost
from scanner_daemon.displays.tls import safe_address
from scanner_daemon.errors import DisplayError, StorageError
from scanner_daemon.model import LaneEvent, as_json_object

EVENT_TYPES: Final = tuple(kind.type for kind in get_args(LaneEvent))
"""All that a lane tells."""

SHORTEST_SECRET: Final = 24
"""Bytes of a secret, at least: what the scheme asks for."""

STOP_WITHIN: Final = 2.0
"""Seconds that first attempts get when the lane stops."""

_log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class Webhook:
    """Driver ``webhook``: posts each event to ``url`` as every channel has it, with the event's id as message id.

    ``secret`` is one ``whsec_…`` or several, separated by spaces, the newest first: each signs, so that a receiver may
    know either while they are changed. ``events`` are the types to send: all, where none is named. ``attempts`` are
    made of an event until it is given up, which the log tells with its id; ``timeout`` is in seconds, for one attempt.
    ``ca_file`` names who is trusted, in place of the system's authorities. In ``state_dir`` is what was given up.
    """

    url: str
    secret: SecretStr
    events: tuple[str, ...] = ()
    attempts: Annotated[int, Field(ge=1, le=30)] = 10
    timeout: Annotated[float, Field(gt=0, le=60)] = 10.0
    ca_file: Path | None = None
    state_dir: Path | None = None
    _signers: tuple[Signer, ...] = field(init=False, repr=False)
    _host: str = field(init=False)
    _delivery: Delivery | None = field(init=False, default=None, repr=False)
    _early: deque[LaneEvent] = field(init=False, default_factory=deque, repr=False)
    _given_up: list[DeadLetter] = field(init=False, default_factory=list, repr=False)
    _died: asyncio.Event = field(init=False, default_factory=asyncio.Event, repr=False)
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
        letters = DeadLetters(state_dir=self.state_dir) if self.state_dir else None
        try:
            async with HttpPost(url=self.url, ca_file=self.ca_file) as http, asyncio.TaskGroup() as group:
                group.create_task(self._keep_dead(letters), name=f"dead letters to {self._host}")
                await self._deliver(http, group)
        finally:
            await self._keep(letters)

    async def _deliver(self, http: HttpPost, group: asyncio.TaskGroup) -> None:
        self._delivery = Delivery(
            partial(self._send, http),
            group,
            to=self._host,
            attempts=self.attempts,
            given_up=self._give_up,
            first_retry=self._first_retry,
        )
        while self._early:
            self._delivery.begin(self._early.popleft())
        try:
            await asyncio.Event().wait()
        finally:
            delivery, self._delivery = self._delivery, None
            await delivery.finish(within=STOP_WITHIN)

    def _give_up(self, event: LaneEvent, why: str) -> None:
        self._given_up.append(DeadLetter.of(event, receiver=self._host, why=why))
        self._died.set()

    async def _keep_dead(self, letters: DeadLetters | None) -> None:
        while True:
            await self._died.wait()
            self._died.clear()
            await self._keep(letters)

    async def _keep(self, letters: DeadLetters | None) -> None:
        """Bring to the disk what was given up; a disk that fails is told of, and holds up nothing."""
        given_up, self._given_up = self._given_up, []
        if letters is None or not given_up:
            return
        try:
            await asyncio.to_thread(letters.keep, given_up)
        except StorageError as error:
            _log.error("dead_letters_not_kept", to=self._host, count=len(given_up), detail=str(error))

    def _send(self, http: HttpPost, event: LaneEvent) -> Outcome:
        """Make one attempt, signed with its own time."""
        body = _encoded(as_json_object(event))
        return partial(self._outcome, http.post(body, self._headers(event.id, body, at=datetime.now(UTC))))

    async def _outcome(self, answer: Answer) -> str | None:
        """Return why the event was not taken, if so."""
        try:
            async with asyncio.timeout(self.timeout):
                status = await answer()
        except TimeoutError:
            return f"expected an answer within {self.timeout:g} s, got none"
        except DisplayError as error:
            return str(error)
        return None if status // 100 == 2 else f"expected a status of 2xx, got {status}"  # noqa: PLR2004  success

    def _headers(self, event_id: str, body: bytes, *, at: datetime) -> dict[str, str]:
        text = body.decode()
        signatures = [signer.sign(msg_id=event_id, timestamp=at, data=text) for signer in self._signers]
        return {
            "Content-Type": "application/json",
            "User-Agent": "scanner-daemon",
            "webhook-id": event_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(signatures),
        }


def _encoded(told: dict[str, Any]) -> bytes:
    """Return compact JSON."""
    try:
        return to_json(told)  # quicker than json
    except PydanticSerializationError:  # half a surrogate pair: UTF-8 has none, but json escapes it
        return json.dumps(told, separators=(",", ":")).encode()


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
