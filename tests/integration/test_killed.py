"""Kill -9 at every step of an enrolment, and at any moment: what was acknowledged is in Gameball, once.

``SCANNER_DAEMON_KILLS=1000 pytest -s tests/integration/test_killed.py`` takes its time and prints the count.
"""

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
import pytest

from scanner_daemon.loyalty.sandbox import Sandbox
from tests.integration.killable import Daemon

KILLS: Final = int(os.environ.get("SCANNER_DAEMON_KILLS", "8"))
ID: Final = "0400000000077"
CONTACT: Final = {"display_name": "Zoë", "email": "zoe@doe.com", "mobile": "+20123456789"}
FAILURES: Final = (
    "500", "503", "429", "401", "disabled", "concurrent", "inactive", "exists", "html", "empty", "half", "close",
    "lost-answer", "hang",
)  # fmt: skip


@pytest.fixture
def daemon(tmp_path: Path, sandbox: Sandbox, request: pytest.FixtureRequest) -> Iterator[Daemon]:
    daemon = Daemon(tmp_path, gameball=sandbox.url, lookup_timeout=getattr(request, "param", 0.5))
    yield daemon
    daemon.kill()


async def started(daemon: Daemon) -> None:
    await asyncio.to_thread(daemon.start)


@pytest.fixture
async def client(daemon: Daemon) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=daemon.url, headers={"Authorization": "Bearer t"}, timeout=30) as client:
        yield client


async def enrol(client: httpx.AsyncClient, told: dict[str, str]) -> int | None:
    """Return the answer's status, ``None`` where none came."""
    try:
        return (await client.post("/members", json=told)).status_code
    except httpx.TransportError:
        return None


async def until(condition: Callable[[], bool], *, within: float = 60.0) -> None:
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110  another process's files can only be looked at
            await asyncio.sleep(0.02)


def is_member(sandbox: Sandbox, customer_id: str, contact: dict[str, str]) -> bool:
    customer = sandbox.customers.get(customer_id)
    return customer is not None and contact == {
        "display_name": customer.display_name,
        "email": customer.email,
        "mobile": customer.mobile,
    }


@pytest.mark.parametrize("daemon", [20.0], indirect=True, ids=["patient"])  # so that a step lasts until it is seen
@pytest.mark.parametrize("step", ["accepted", "looked up", "not created yet", "created, unheard", "done"])
async def test_killed_at_a_step_it_is_applied_once(
    sandbox: Sandbox, daemon: Daemon, client: httpx.AsyncClient, step: str
) -> None:
    steps: dict[str, tuple[dict[str, object], Callable[[], bool]]] = {
        "accepted": ({"down": True}, lambda: len(daemon.outbox()) == 1),
        "looked up": ({"failure": "hang", "fail_rate": 1.0, "fail_on": "balance"}, lambda: len(daemon.outbox()) == 1),
        "not created yet": ({"failure": "hang", "fail_rate": 1.0, "fail_on": "create"}, lambda: bool(sandbox.requests)),
        "created, unheard": ({"latency": 3000}, lambda: ID in sandbox.customers),
        "done": ({}, lambda: ID in sandbox.customers and not daemon.outbox()),
    }
    options, reached = steps[step]
    sandbox.change(**options)
    await started(daemon)
    answer = asyncio.create_task(enrol(client, {"customer_id": ID, **CONTACT}))
    await until(reached)
    await asyncio.to_thread(daemon.kill)
    await answer
    assert is_member(sandbox, ID, CONTACT) == (step in {"created, unheard", "done"})
    assert len(daemon.outbox()) == (0 if step == "done" else 1)

    sandbox.change(**type(sandbox.options)().model_dump())
    asked = len(sandbox.requests)
    await started(daemon)
    await until(lambda: not daemon.outbox())
    assert is_member(sandbox, ID, CONTACT)
    answered = [request for request in list(sandbox.requests)[asked:] if request.status is not None]
    after = [request.method for request in answered]  # the one that the kill ended may be logged late
    assert after.count("POST") == (0 if step in {"created, unheard", "done"} else 1)


@dataclass
class Tally:
    """What was sent and what was answered."""

    sent: dict[str, dict[str, str]] = field(default_factory=dict)
    statuses: Counter[int | None] = field(default_factory=Counter)
    acknowledged: set[str] = field(default_factory=set)

    async def enrol(self, client: httpx.AsyncClient) -> None:
        """Enrol one customer after the other until the daemon is gone."""
        while await self._enrol_one(client):
            pass

    async def _enrol_one(self, client: httpx.AsyncClient) -> bool:
        number = len(self.sent)
        customer_id = f"{number:010}"
        contact = {"display_name": f"Nr {number}", "email": f"{number}@doe.com", "mobile": f"+2010{number:08}"}
        self.sent[customer_id] = contact
        status = await enrol(client, {"customer_id": customer_id, **contact})
        self.statuses[status] += 1
        if status == 202:
            self.acknowledged.add(customer_id)
        return status is not None


async def emptied(daemon: Daemon) -> None:
    """Let the daemon bring all it has; killed now and then, as it then begins a new row of requests at full speed."""
    for _ in range(KILLS + 10):
        await started(daemon)
        with suppress(TimeoutError):
            await until(lambda: not daemon.outbox(), within=20.0)
            return
        await asyncio.to_thread(daemon.kill)


@pytest.mark.timeout(60 + 15 * KILLS)
async def test_killed_at_any_moment_under_any_fault_none_is_lost_or_doubled(
    sandbox: Sandbox, daemon: Daemon, client: httpx.AsyncClient
) -> None:
    dice = random.Random(KILLS)
    tally = Tally()
    for _ in range(KILLS):
        sandbox.change(
            failure=dice.choice(FAILURES),
            fail_rate=dice.choice((0.0, 0.1, 0.3, 1.0)),
            latency=dice.choice((0, 0, 0, 20, 100)),
            visible_after=dice.choice((0.0, 0.0, 0.2, 1.0)),
            rate_limits=dice.random() < 0.5,
            down=dice.random() < 0.1,
        )
        await started(daemon)
        enrolling = [asyncio.create_task(tally.enrol(client)) for _ in range(dice.randint(1, 3))]
        await asyncio.sleep(dice.choice((0.2, 1.0, 3.0)) * dice.random())
        await asyncio.to_thread(daemon.kill)
        await asyncio.gather(*enrolling)

    in_the_outbox = len(daemon.outbox())
    sandbox.change(fail_rate=0.0, latency=0, visible_after=0.0, rate_limits=False, down=False)
    for entry in daemon.outbox():
        if entry.refused:
            daemon.resend(entry.number)
    await emptied(daemon)

    members = {customer_id for customer_id, contact in tally.sent.items() if is_member(sandbox, customer_id, contact)}
    mails = Counter(customer.email for customer in sandbox.customers.values() if customer.customer_id in tally.sent)
    lost, doubled = tally.acknowledged - members, [mail for mail, count in mails.items() if count != 1]
    torn = {customer_id for customer_id in tally.sent if customer_id in sandbox.customers} - members
    print(  # noqa: T201  the count is what this is run for
        f"\n{KILLS} kills, {len(tally.sent)} enrolments sent, {len(tally.acknowledged)} acknowledged, "
        f"{in_the_outbox} in the outbox after the last kill, {len(members)} members at the end; "
        f"lost {len(lost)}, doubled {len(doubled)}, with wrong details {len(torn)}; answers {dict(tally.statuses)}"
    )
    assert (lost, doubled, torn) == (set(), [], set())
    assert set(tally.statuses) <= {202, None}
