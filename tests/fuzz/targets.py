"""What the inputs are thrown at: the product's own parts. Each tells what became of every input, in a word."""

import asyncio
import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from random import Random

import httpx
import structlog
from pydantic import SecretStr
from starlette.applications import Starlette

from scanner_daemon.config import load_config
from scanner_daemon.displays.cashier import Cashier
from scanner_daemon.displays.journal import Journal
from scanner_daemon.displays.kiosk import Kiosk
from scanner_daemon.displays.metrics import Metrics
from scanner_daemon.displays.operator import Operator
from scanner_daemon.enrolment.announcer import Announcer
from scanner_daemon.enrolment.desk import Desk
from scanner_daemon.enrolment.intake import Intake
from scanner_daemon.enrolment.routes import EnrolmentRoutes
from scanner_daemon.errors import ConfigError, LoyaltyError
from scanner_daemon.lane import Lane
from scanner_daemon.loyalty.gameball import Gameball
from scanner_daemon.loyalty.lookup import LookUp
from scanner_daemon.loyalty.outbox import FILE_NAME, Outbox
from scanner_daemon.loyalty.outbox_thread import OutboxThread
from scanner_daemon.loyalty.rate_limits import RateLimit, Window
from scanner_daemon.loyalty.replay import Replay
from scanner_daemon.loyalty.transport import Method, Transport
from scanner_daemon.model import Claimed, LaneEvent, LookupFailed, LookupFailedReason
from scanner_daemon.pipeline import DuplicateFilter, Pipeline
from scanner_daemon.pipeline.cards import CardScheme, GameballQrCard, PatternCard
from scanner_daemon.ports import Deliver, LaneListener
from tests.fuzz import inputs
from tests.fuzz.inputs import CUSTOMER, SECRET

_BATCH = 100
_KEYS = {"APIKey": f"{SECRET}-api", "SecretKey": f"{SECRET}-key"}
_CUSTOMERS = 100
_ROOT = "/api/v4.0/integrations"
_NOBODY = "http://127.0.0.1:1"

_log = structlog.get_logger()


def gameball() -> Gameball:
    """Return a programme that does not answer."""
    key = SecretStr(f"{SECRET}-key")
    return Gameball(base_url=_NOBODY, api_key=key, secret_key=key, lookup_timeout=0.2)


@dataclass
class _Scanner:
    """A scanner that has much to say."""

    random: Random
    count: int
    name: str = "counter"
    told: Counter[str] = field(default_factory=Counter)
    done: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self, deliver: Deliver) -> None:
        deliver(Claimed(scanner=self.name, device="/dev/null", at=0.0))
        for number, scan in enumerate(islice(inputs.scans(self.random), self.count)):
            self.told[type(deliver(scan)).__name__] += 1
            if number % _BATCH == 0:
                await asyncio.sleep(0.002)  # the listeners' turn
        self.done.set()


async def scans(random: Random, count: int, _folder: Path) -> Counter[str]:
    """Have a whole lane decide, look up, tell and log ``count`` labels."""
    scanner, programme = _Scanner(random, count), gameball()
    cards: list[CardScheme] = [
        PatternCard(name="plastic", pattern=r"04\d{11}"),
        GameballQrCard(name="app", symbologies=("QRCODE",)),
    ]
    listeners: dict[str, LaneListener] = {
        "journal": Journal(),
        "metrics": Metrics(),
        "cashier": Cashier(lane="1"),
        "kiosk": Kiosk(),
        "operator": Operator(lane="1"),
    }
    lane = Lane(
        name="lane-1",
        sources=[scanner],
        pipeline=Pipeline(cards=cards, duplicates=DuplicateFilter(2.0), cards_only=[]),
        loyalty=programme,
        listeners=listeners,
        resources=[programme],
    )
    running = asyncio.create_task(lane.run())
    await asyncio.wait({running, asyncio.create_task(scanner.done.wait())}, return_when=asyncio.FIRST_COMPLETED)
    lane.stop()
    await running
    return scanner.told


async def answers(random: Random, count: int, _folder: Path) -> Counter[str]:
    """Look customers up at a server that gives ``count`` answers, whatever they are; log what comes of it."""
    told, outcomes = islice(inputs.answers(random), count), Counter[str]()
    limits: dict[Method, RateLimit] = {"GET": RateLimit([Window(10**6, 0.001)])}
    served = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            request = await reader.readuntil(b"\r\n\r\n")
            said = next(told, None)
            if said is None:
                served.set()
            else:
                writer.write(said.replace(inputs.ASKED.encode(), request.split(b"/")[5]))
                outcomes[said[9:12].decode() if re.match(rb"HTTP/1.1 \d{3} ", said) else "broken"] += 1
                await writer.drain()
        writer.close()

    async def customer(transport: Transport) -> None:
        while not served.is_set():
            customer_id = f"04{CUSTOMER}{random.randrange(10)}"
            try:
                question = LookUp(transport=transport, limits=limits, root=_ROOT, customer_id=customer_id, timeout=1.0)
                await question.get()
            except LoyaltyError as error:
                await Journal().tell(_failed(error, customer_id))

    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=_CUSTOMERS)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        async with Transport(base_url=url, headers=_KEYS) as transport, asyncio.TaskGroup() as group:
            for _customer in range(_CUSTOMERS):
                group.create_task(customer(transport))
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others)
    return outcomes


def _failed(error: LoyaltyError, customer_id: str) -> LookupFailed:
    reason, now = LookupFailedReason(error.reason), datetime.now(UTC)
    return LookupFailed(
        id="1", lane="1", scanner="1", at=now, sequence=1, reason=reason, detail=str(error), customer_id=customer_id
    )


async def bodies(random: Random, count: int, folder: Path) -> Counter[str]:
    """Post to ``/members``: a status for each."""
    outcomes = Counter[str]()
    programme, outbox = gameball(), OutboxThread(outbox=Outbox(file=folder / FILE_NAME))
    intake = Intake(outbox=outbox, replay=Replay(outbox=outbox, programme=programme), announcer=Announcer(lane="1"))
    intake._wait = 0.0  # nobody is asked: nothing to wait for
    told: list[LaneEvent] = []
    intake.announcer.publish = told.append
    routes = EnrolmentRoutes(desk=Desk(programme=programme, intake=intake)).routes
    app = httpx.ASGITransport(app=Starlette(routes=list(routes)))
    async with outbox, httpx.AsyncClient(transport=app, base_url="http://lane") as client:
        for body in islice(inputs.bodies(random), count):
            answer = await client.post("/members", content=body)
            while told:
                await Journal().tell(told.pop())
            outcomes[str(answer.status_code)] += 1
    return outcomes


async def configurations(random: Random, count: int, folder: Path) -> Counter[str]:
    """Load configuration files; log every mistake and what was understood."""
    outcomes, file = Counter[str](), folder / "config.toml"
    seed = Path(__file__).with_name("whole.toml").read_text(encoding="utf-8")
    for data in islice(inputs.configurations(random, seed), count):
        file.write_bytes(data)
        try:
            config = load_config(file, require_secrets=random.random() < 0.9)
            _log.info("understood", config=repr(config), notes=config.notes)
        except ConfigError as error:
            _log.info("mistakes", mistakes=[str(mistake) for mistake in error.mistakes])
            outcomes["ConfigError"] += 1
        else:
            outcomes["Config"] += 1
    return outcomes
