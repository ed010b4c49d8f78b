"""Events to an MQTT 5 broker, and the health of the scanners to Home Assistant."""

import asyncio
import importlib.util
import json
import math
import ssl
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult

import structlog
from pydantic import SecretStr

from scanner_daemon.backoff import exponential
from scanner_daemon.displays.mqtt_topics import OFFLINE, ONLINE, Topics
from scanner_daemon.displays.tls import safe_address, show_certificate, trusting
from scanner_daemon.model import LaneEvent, ScannerOffline, ScannerOnline, as_json_object

if TYPE_CHECKING:
    from aiomqtt import Client

CAPACITY: Final = 1000
"""Events that wait while the broker is away; beyond, the oldest is dropped."""

KEEP_ALIVE: Final = 20
"""Seconds of silence after which the broker is asked for a sign of life; after half as many more, it tells our will."""

ANSWER_WITHIN: Final = 10.0
"""Seconds the broker has for each answer."""

STOP_WITHIN: Final = 2.0
"""Seconds that waiting events get when the lane stops."""

FIRST_RETRY: Final = 1.0
SLOWEST_RETRY: Final = 60.0

_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}

_log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class Mqtt:
    """Driver ``mqtt``: publishes each event as every channel has it, in order, at least once (QoS 1).

    ``url`` is ``mqtts://HOST:PORT``, or ``mqtt://`` to a broker on this machine. ``store`` and ``lane`` are levels of
    the topics, which :mod:`~scanner_daemon.displays.mqtt_topics` has. ``ca_file`` names who is trusted, in place of the
    system's authorities; ``certificate_file`` and ``key_file`` are what is shown to a broker that asks for a
    certificate. Home Assistant is told of scanners under ``discovery_prefix``; an empty one tells it nothing.
    """

    url: str
    lane: str
    store: str = "main"
    username: str | None = None
    password: SecretStr | None = None
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    discovery_prefix: str = "homeassistant"
    _parts: SplitResult = field(init=False, repr=False)
    _topics: Topics = field(init=False, repr=False)
    _waiting: deque[LaneEvent] = field(init=False, repr=False)
    _arrived: asyncio.Event = field(init=False, default_factory=asyncio.Event, repr=False)
    _dropped: int = field(init=False, default=0)
    _scanners: dict[str, str] = field(init=False, default_factory=dict)
    _problem: str | None = field(init=False, default="not tried yet")
    _first_retry: float = field(init=False, default=FIRST_RETRY)
    _answer_within: float = field(init=False, default=ANSWER_WITHIN)

    def __post_init__(self) -> None:
        if importlib.util.find_spec("aiomqtt") is None:
            raise ValueError("driver: expected the extra mqtt (pip install 'scanner-daemon[mqtt]'), got no aiomqtt")
        self._parts = _checked(self.url)
        self._topics = Topics(store=self.store, lane=self.lane, discovery_prefix=self.discovery_prefix)
        self._waiting = deque(maxlen=CAPACITY)
        if self.password and not self.username:
            raise ValueError("username: expected one that goes with the password, got none")
        if self.key_file and not self.certificate_file:
            raise ValueError("certificate_file: expected the certificate that goes with key_file, got none")

    async def tell(self, event: LaneEvent) -> None:
        """Have ``event`` published; never waits."""
        if isinstance(event, ScannerOnline | ScannerOffline):
            self._scanners[event.scanner] = ONLINE if isinstance(event, ScannerOnline) else OFFLINE
        if len(self._waiting) == CAPACITY:
            if not self._dropped:
                _log.error("broker_too_slow", to=self._parts.hostname, detail=f"{CAPACITY} events wait: the oldest go")
            self._dropped += 1
        self._waiting.append(event)
        self._arrived.set()

    async def serve(self) -> None:
        """Publish until cancelled, whenever the broker is there; then what waits gets a moment."""
        from aiomqtt import MqttError

        tls = await asyncio.to_thread(self._certificates) if self._parts.scheme == "mqtts" else None
        delay, delays, loop = 0.0, self._delays(), asyncio.get_running_loop()
        try:
            while not _is_cancelled():
                await asyncio.sleep(delay)
                began = loop.time()
                try:
                    async with self._connected(tls) as client:
                        await self._talk(client)
                except* (MqttError, TimeoutError) as gone:
                    self._went_offline(gone)
                if loop.time() - began > SLOWEST_RETRY:
                    delays = self._delays()
                delay = next(delays)
        finally:
            if self._waiting:
                _log.error("events_given_up", to=self._parts.hostname, count=len(self._waiting))

    def _delays(self) -> Iterator[float]:
        return exponential(first=self._first_retry, limit=SLOWEST_RETRY)

    @asynccontextmanager
    async def _connected(self, tls: ssl.SSLContext | None) -> AsyncIterator["Client"]:
        """Connect and disconnect, each in limited time. Raises ``MqttError`` or ``TimeoutError``."""
        from aiomqtt import Client, MqttError, ProtocolVersion, Will

        client = Client(
            str(self._parts.hostname),
            self._parts.port or _PORTS[self._parts.scheme],
            identifier=self._topics.client_id,
            username=self.username,
            password=self.password.get_secret_value() if self.password else None,
            protocol=ProtocolVersion.V5,
            will=Will(self._topics.status, OFFLINE, qos=1, retain=True),
            tls_context=tls,
            timeout=math.inf,  # time is limited here: in Python 3.11, the client's own limit may lose a cancellation
            keepalive=KEEP_ALIVE,
        )
        async with asyncio.timeout(self._answer_within):
            await client.__aenter__()
        try:
            yield client
        finally:
            with suppress(MqttError, TimeoutError):
                async with asyncio.timeout(STOP_WITHIN):
                    await client.__aexit__(None, None, None)

    async def _talk(self, client: "Client") -> None:
        """Publish until the connection is gone, which is an ``MqttError``."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_gone(client), name="MQTT connection")
                await self._publish(client, self._topics.status, ONLINE)
                for scanner in list(self._scanners):
                    await self._tell_of(client, scanner)
                self._came_online()
                await self._publish_all(client)
        except asyncio.CancelledError:
            await self._leave(client)
            raise

    async def _publish_all(self, client: "Client") -> None:
        while True:
            while self._waiting:
                await self._publish_next(client)
            if self._dropped:
                _log.error("events_dropped", to=self._parts.hostname, count=self._dropped)
                self._dropped = 0
            self._arrived.clear()
            await self._arrived.wait()

    async def _publish_next(self, client: "Client") -> None:
        """Publish the oldest event; it waits on unless the broker says that it has it."""
        event = self._waiting[0]
        if isinstance(event, ScannerOnline | ScannerOffline):
            await self._tell_of(client, event.scanner)
        await self._publish(client, self._topics.event(event.type), json.dumps(as_json_object(event)), retain=False)
        if self._waiting and self._waiting[0] is event:  # not dropped meanwhile
            self._waiting.popleft()

    async def _tell_of(self, client: "Client", scanner: str) -> None:
        """Tell how a scanner is now, and Home Assistant that there is one."""
        discovery = self._topics.discovery(scanner)
        if discovery:
            await self._publish(client, *discovery)
        await self._publish(client, self._topics.scanner(scanner), self._scanners[scanner])

    async def _publish(self, client: "Client", topic: str, text: str, *, retain: bool = True) -> None:
        """Publish, and wait until the broker has it; what is retained, whoever comes later is told, too."""
        async with asyncio.timeout(self._answer_within):
            await client.publish(topic, text, qos=1, retain=retain)

    async def _leave(self, client: "Client") -> None:
        """Publish what waits and say goodbye: the will is for those who go without a word."""
        from aiomqtt import MqttError

        with suppress(MqttError, TimeoutError):
            async with asyncio.timeout(STOP_WITHIN):
                while self._waiting:
                    await self._publish_next(client)
                for scanner in self._scanners:
                    await self._publish(client, self._topics.scanner(scanner), OFFLINE)
                await self._publish(client, self._topics.status, OFFLINE)

    def _certificates(self) -> ssl.SSLContext:
        context = trusting(self.ca_file)
        if self.certificate_file:
            show_certificate(context, self.certificate_file, self.key_file)
        return context

    def _came_online(self) -> None:
        if self._problem is not None:
            _log.info("broker_online", to=self._parts.hostname, waiting=len(self._waiting))
        self._problem = None

    def _went_offline(self, gone: BaseExceptionGroup[Exception]) -> None:
        problem = _problem(gone.exceptions[0])
        if problem != self._problem:
            _log.warning("broker_offline", to=self._parts.hostname, detail=problem)
        self._problem = problem


def _is_cancelled() -> bool:
    """Tell whether it is time to end. In Python 3.11, a connection that breaks at the same moment hides it."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _gone(client: "Client") -> None:
    """Raise ``MqttError`` as soon as the connection is gone: nothing else tells of it while nothing is published."""
    async for _ in client.messages:
        pass  # we subscribe to nothing


def _problem(error: BaseException) -> str:
    """Return what became of a connection, with the cure."""
    if isinstance(error, TimeoutError):
        return "expected an answer in time, got none; see the broker's log: it may want a certificate_file"
    told = error.__cause__ or error
    cure = _CURES.get(getattr(getattr(told, "rc", None), "value", 0), "start the broker, or correct url")
    return f"expected a connection that stays, got {str(told)!r}; {cure}"


_ONE_NAME: Final = "see the broker's log, and give each lane of a store a name of its own"
_CURES: Final = {  # by reason code: MQTT 5.0, 2.4
    0x80: _ONE_NAME,  # a connection that is closed without a word, as some brokers do to the older one of a name
    0x84: "use a broker that speaks MQTT 5",
    0x86: "correct username and password_file",
    0x87: "correct username and password_file, or let this user in",
    0x8E: _ONE_NAME,
}


def _checked(url: str) -> SplitResult:
    expected = "mqtts://HOST:PORT, or mqtt:// to this machine, without user name and path"
    parts = safe_address(url, secure="mqtts", plain="mqtt", expected=expected)
    if parts.path or parts.query:
        raise ValueError(f"url: expected {expected}, got {url!r}")
    return parts
