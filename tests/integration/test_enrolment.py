"""Enrolment through a whole lane: cards on a pseudo terminal, details over HTTP, a sandbox that comes and goes."""

import asyncio
import json
import sqlite3
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from scanner_daemon.app import Lane
from scanner_daemon.cli.virtual_scanner import VirtualScanner
from scanner_daemon.config import parse_config
from scanner_daemon.loyalty.outbox import FILE_NAME, Outbox
from scanner_daemon.loyalty.sandbox import Sandbox
from scanner_daemon.model import LaneEvent, as_json_object

KNOWN = "0412345678903"
NEW = ("0400000000077", "0400000000015", "0400000000022")
CONTACT = {"display_name": "Zoë", "email": "zoe@doe.com", "mobile": "+20123456789"}
CONFIGURATION = """
lane = {{ name = "lane-1", state_dir = "{state}" }}
gameball = {{ base_url = "{gameball}", create = "{create}", lookup_timeout = 2.0, misconfigured_pause = 0.1 }}
scanner = [{{ name = "counter", driver = "serial", port = "{port}", gap = 0.05 }}]
card = [{card}]
debounce = {{ same_symbol_timeout = 0.2 }}
server = {{ listen = "127.0.0.1:0" }}
{more}
"""
PLASTIC = """{ name = "plastic", pattern = '04\\d{11}', check_digit = "ean" }"""
ENVIRON = {"GAMEBALL_API_KEY": "k", "GAMEBALL_SECRET_KEY": "s", "SCANNER_DAEMON_TOKEN": "t"}


class Audience:
    """Hears everything; a test can wait for what it needs to hear."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self._events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def tell(self, event: LaneEvent) -> None:
        self.heard.append(as_json_object(event))
        self._events.put_nowait(self.heard[-1])

    async def until(self, *kinds: str, within: float = 10.0) -> dict[str, Any]:
        """Return the next event of the last of ``kinds``, which come in this order among others."""
        event: dict[str, Any] = {}
        async with asyncio.timeout(within):
            for kind in kinds:
                while (event := await self._events.get())["type"] != kind:
                    pass
        return event


@dataclass
class Stage:
    scanner: VirtualScanner
    sandbox: Sandbox
    state: Path
    client: httpx.AsyncClient
    audience: Audience = field(default_factory=Audience)

    async def enrol(self, **told: object) -> httpx.Response:
        return await self.client.post("/members", json=told)

    async def opened(self) -> Any:
        return (await self.client.get("/members/open")).json()["enrolment"]

    def has(self, customer_id: str, **contact: str) -> bool:
        """Tell whether the sandbox has the customer with this contact and no other."""
        customer = self.sandbox.customers.get(customer_id)
        if customer is None:
            return False
        had = {"display_name": customer.display_name, "email": customer.email, "mobile": customer.mobile}
        return had == {"display_name": None, "email": None, "mobile": None, **contact}

    @property
    def created(self) -> int:
        return sum(request.method == "POST" for request in self.sandbox.requests)


@asynccontextmanager
async def a_lane(
    scanner: VirtualScanner,
    sandbox: Sandbox,
    state: Path,
    *,
    create: str = "with-contact",
    card: str = PLASTIC,
    more: str = "",
) -> AsyncIterator[Stage]:
    places = {"gameball": sandbox.url, "port": scanner.port, "state": state}
    text = CONFIGURATION.format(**places, create=create, card=card, more=more)
    async with asyncio.TaskGroup() as group:
        lane = Lane.from_config(parse_config(tomllib.loads(text), file="c.toml", environ=ENVIRON), environ={})
        assert lane.server is not None
        lane.server.bind()
        async with httpx.AsyncClient(base_url=lane.server.url, headers={"Authorization": "Bearer t"}) as client:
            stage = Stage(scanner, sandbox, state, client)
            lane.listen("audience", stage.audience)
            running = group.create_task(lane.run())
            await stage.audience.until("scanner_online")
            yield stage
        lane.stop()
        await running


async def test_an_unknown_card_waits_for_its_details(scanner: VirtualScanner, sandbox: Sandbox, tmp_path: Path) -> None:
    async with a_lane(scanner, sandbox, tmp_path) as stage:
        scanner.scan(NEW[0])
        opened = await stage.audience.until("scan_rejected", "enrolment_opened")
        assert (opened["label"], opened["scanner"], opened["sequence"]) == ("…0077", "counter", 1)
        assert stage.created == 0, "nothing is sent before the details"
        shown = await stage.opened()
        assert (shown["id"], shown["label"]) == (opened["enrolment"], "…0077")

        answer = await stage.enrol(enrolment=opened["enrolment"], **CONTACT)
        said = {"customer_id": NEW[0], "state": "created", "enrolment": opened["enrolment"]}
        assert (answer.status_code, answer.json()) == (202, said)
        assert stage.has(NEW[0], **CONTACT)
        member = await stage.audience.until("enrolment_queued", "enrolment_done", "member_identified")
        assert member["member"]["customer_id"] == NEW[0]
        assert (member["member"]["created"], member["sequence"], member["scanner"]) == (True, 1, "counter")
        assert await stage.opened() is None
        assert Outbox(file=tmp_path / FILE_NAME).entries() == []


async def test_details_given_while_gameball_is_down_are_there_when_it_is_back(
    scanner: VirtualScanner, sandbox: Sandbox, tmp_path: Path
) -> None:
    async with a_lane(scanner, sandbox, tmp_path) as stage:
        scanner.scan(NEW[0])
        await stage.audience.until("enrolment_opened")
        await sandbox.stop()
        answer = await stage.enrol(**CONTACT)
        assert (answer.status_code, answer.json()["state"]) == (202, "queued")
        await sandbox.start()
        done = await stage.audience.until("enrolment_queued", "enrolment_done")
        assert (done["created"], done["enrolment"], done["label"]) == (True, answer.json()["enrolment"], "…0077")
        assert stage.has(NEW[0], **CONTACT)
        scanner.scan(KNOWN)
        await stage.audience.until("member_identified")
        members = [event["member"]["customer_id"] for event in stage.audience.heard if "member" in event]
        assert members == [KNOWN], "who was enrolled late may be gone: nobody else is shown their name"


async def test_they_are_brought_after_a_restart_too(scanner: VirtualScanner, sandbox: Sandbox, tmp_path: Path) -> None:
    await sandbox.stop() if sandbox.port else None
    async with a_lane(scanner, sandbox, tmp_path) as stage:
        assert (await stage.enrol(customer_id=NEW[0], **CONTACT)).json()["state"] == "queued"
        assert (await stage.enrol(customer_id=NEW[1], email="a@doe.com")).json()["state"] == "queued"
        counted = (await stage.client.get("/members/open")).json()
        assert (counted["waiting"], counted["refused"]) == (2, 0)
    await sandbox.start()
    async with a_lane(scanner, sandbox, tmp_path) as stage:
        while not (stage.has(NEW[0], **CONTACT) and stage.has(NEW[1], email="a@doe.com")):
            await sandbox.served(len(sandbox.requests) + 1)


@pytest.mark.parametrize(
    ("failure", "times"), [("lost-answer", 4), ("half", 4), ("500", 4), ("html", 2), ("empty", 2), ("401", 2)]
)
async def test_an_enrolment_is_applied_once_whatever_answers_are_like(
    scanner: VirtualScanner, sandbox: Sandbox, tmp_path: Path, failure: str, times: int
) -> None:
    async with a_lane(scanner, sandbox, tmp_path) as stage:
        sandbox.change(failure=failure, fail_next=times)
        assert (await stage.enrol(customer_id=NEW[0], **CONTACT)).status_code == 202
        await stage.audience.until("enrolment_done", within=20)
        assert stage.has(NEW[0], **CONTACT)


async def test_a_refusal_is_kept_for_a_person(scanner: VirtualScanner, sandbox: Sandbox, tmp_path: Path) -> None:
    async with a_lane(scanner, sandbox, tmp_path) as stage:
        sandbox.change(failure="inactive", fail_on="create", fail_next=1)
        answer = await stage.enrol(customer_id=NEW[0], **CONTACT)
        assert (answer.status_code, answer.json()["state"]) == (202, "queued")
        refused = await stage.audience.until("enrolment_refused")
        assert "422, code 3009" in refused["detail"]
        assert NEW[0] not in json.dumps(refused)
        assert not stage.has(NEW[0], **CONTACT)
        assert (await stage.client.get("/members/open")).json()["refused"] == 1
        assert (await stage.enrol(customer_id=NEW[1], **CONTACT)).json()["state"] == "created", "nobody else waits"

        assert Outbox(file=tmp_path / FILE_NAME, keeper=False).resend(1)
        assert (await stage.enrol(customer_id=NEW[2], **CONTACT)).json()["state"] == "created"
        await stage.audience.until("enrolment_done")
        while not stage.has(NEW[0], **CONTACT):
            await sandbox.served(len(sandbox.requests) + 1)


async def test_a_known_customer_is_never_changed_from_the_lane(
    scanner: VirtualScanner, sandbox: Sandbox, tmp_path: Path
) -> None:
    before = sandbox.customers[KNOWN]
    async with a_lane(scanner, sandbox, tmp_path) as stage:
        assert (await stage.enrol(customer_id=KNOWN, **CONTACT)).json()["state"] == "created"
        assert (await stage.audience.until("enrolment_done"))["created"] is False
    assert sandbox.customers[KNOWN] == before
    assert stage.created == 0


# The open enrolment


async def test_a_card_scanned_into_an_open_enrolment_gives_it_its_number(
    scanner: VirtualScanner, sandbox: Sandbox, tmp_path: Path
) -> None:
    for create in ("with-contact", "always", "never"):
        async with a_lane(scanner, sandbox, tmp_path, create=create) as stage:
            opened = (await stage.client.post("/members/open", json={})).json()["enrolment"]
            assert opened["label"] is None
            await stage.audience.until("enrolment_opened")
            number = NEW[["with-contact", "always", "never"].index(create)]
            scanner.scan(number)
            filled = await stage.audience.until("enrolment_opened")
            assert (filled["enrolment"], filled["label"]) == (opened["id"], f"…{number[-4:]}")
            assert not stage.has(number)
            assert (await stage.enrol(enrolment=opened["id"], email="a@doe.com")).json()["customer_id"] == number
            assert stage.has(number, email="a@doe.com")


async def test_it_does_so_while_gameball_is_down(scanner: VirtualScanner, sandbox: Sandbox, tmp_path: Path) -> None:
    await sandbox.stop()
    async with a_lane(scanner, sandbox, tmp_path) as stage:
        opened = (await stage.client.post("/members/open", json={})).json()["enrolment"]
        scanner.scan(NEW[0])
        await stage.audience.until("enrolment_opened", "lookup_failed", "enrolment_opened")
        assert (await stage.enrol(enrolment=opened["id"], **CONTACT)).json()["state"] == "queued"
        await sandbox.start()
        await stage.audience.until("enrolment_done")
        assert stage.has(NEW[0], **CONTACT)


async def test_details_typed_for_one_customer_never_go_to_the_next_ones_card(
    scanner: VirtualScanner, sandbox: Sandbox, tmp_path: Path
) -> None:
    async with a_lane(scanner, sandbox, tmp_path) as stage:
        scanner.scan(NEW[0])
        first = await stage.audience.until("enrolment_opened")
        scanner.scan(NEW[1])
        closed = await stage.audience.until("enrolment_closed")
        assert (closed["enrolment"], closed["reason"]) == (first["enrolment"], "replaced")
        second = await stage.audience.until("enrolment_opened")

        late = await stage.enrol(enrolment=first["enrolment"], **CONTACT)
        assert late.status_code == 409
        other = await stage.enrol(enrolment=second["enrolment"], customer_id=NEW[0], **CONTACT)
        assert other.status_code == 422
        assert stage.created == 0

        scanner.scan(KNOWN)
        closed = await stage.audience.until("enrolment_closed")
        assert (closed["enrolment"], closed["reason"]) == (second["enrolment"], "member_identified")
        assert (await stage.enrol(enrolment=second["enrolment"], **CONTACT)).status_code == 409
        assert (await stage.enrol(**CONTACT)).status_code == 422, "there is no card, and no number is issued"
        assert stage.created == 0


async def test_one_that_nobody_finishes_is_closed(scanner: VirtualScanner, sandbox: Sandbox, tmp_path: Path) -> None:
    async with a_lane(scanner, sandbox, tmp_path, more="enrolment = { open_for = 0.2 }") as stage:
        scanner.scan(NEW[0])
        assert (await stage.audience.until("enrolment_opened", "enrolment_closed"))["reason"] == "expired"
        assert await stage.opened() is None
        scanner.scan(NEW[1])
        await stage.audience.until("enrolment_opened")
        shown = (await stage.client.post("/members/close", json={})).json()
        assert shown["enrolment"] is None
        assert (await stage.audience.until("enrolment_closed"))["reason"] == "cancelled"
        assert stage.created == 0


async def test_where_every_card_is_enrolled_a_closed_one_is_too(
    scanner: VirtualScanner, sandbox: Sandbox, tmp_path: Path
) -> None:
    async with a_lane(scanner, sandbox, tmp_path, create="always") as stage:
        await stage.client.post("/members/open", json={})
        scanner.scan(NEW[0])
        await stage.audience.until("enrolment_opened", "enrolment_opened")
        await stage.client.post("/members/close", json={})
        await stage.audience.until("enrolment_closed", "enrolment_done")
        assert stage.has(NEW[0])


# A card whose look-up failed


async def test_a_card_scanned_while_gameball_is_down_is_a_member_afterwards(
    scanner: VirtualScanner, sandbox: Sandbox, tmp_path: Path
) -> None:
    known = sandbox.customers[KNOWN]
    await sandbox.stop()
    async with a_lane(scanner, sandbox, tmp_path, create="always") as stage:
        for card in (KNOWN, *NEW, NEW[0]):
            scanner.scan(card)
            await stage.audience.until("lookup_failed", "enrolment_queued")
        assert len(Outbox(file=tmp_path / FILE_NAME, keeper=False).entries()) == 4
        await sandbox.start()
        done = [await stage.audience.until("enrolment_done") for _ in range(4)]
    assert [event["created"] for event in sorted(done, key=lambda event: str(event["label"]))].count(False) == 1
    assert all(stage.has(card) for card in NEW)
    assert sandbox.customers[KNOWN] == known
    assert stage.created == len(NEW)


@pytest.mark.parametrize("create", ["never", "with-contact"])
async def test_where_cards_are_not_enrolled_nothing_is_kept_of_it(
    scanner: VirtualScanner, sandbox: Sandbox, tmp_path: Path, create: str
) -> None:
    await sandbox.stop()
    async with a_lane(scanner, sandbox, tmp_path, create=create) as stage:
        scanner.scan(NEW[0])
        await stage.audience.until("lookup_failed")
        assert (await stage.client.get("/members/open")).json()["waiting"] == 0
    assert not (tmp_path / FILE_NAME).exists()


async def test_never_says_unknown(scanner: VirtualScanner, sandbox: Sandbox, tmp_path: Path) -> None:
    async with a_lane(scanner, sandbox, tmp_path, create="never") as stage:
        scanner.scan(NEW[0])
        assert (await stage.audience.until("scan_rejected"))["reason"] == "unknown_customer"
        assert await stage.opened() is None
        assert stage.created == 0


# What is told is told right, or nothing happens


async def test_mistakes_are_all_told_and_nothing_is_kept(
    scanner: VirtualScanner, sandbox: Sandbox, tmp_path: Path
) -> None:
    async with a_lane(scanner, sandbox, tmp_path) as stage:
        answer = await stage.enrol(customer_id="a/b", display_name="<b>", email="x", mobile="1", points=1000)
        assert answer.status_code == 422
        assert {mistake["field"] for mistake in answer.json()["mistakes"]} == {
            "customer_id", "display_name", "email", "mobile", "points",
        }  # fmt: skip
        for body in (
            b"",
            b"{",
            b"[]",
            b"null",
            b"\xff",
            b"[" * 10_000,
            b'{"email": 1e999}',
            b'{"email": "\\ud800@x.co"}',
            b'{"\\ud800": 1}',
        ):
            head = {"Content-Type": "application/json"}
            assert (await stage.client.post("/members", content=body, headers=head)).status_code == 422, body
        assert (await stage.client.post("/members", content=b"email=a@b.co")).status_code == 415
        assert (await stage.client.post("/members", json={"email": "a" * 70_000})).status_code == 413
        assert (await stage.client.post("/members", json=CONTACT, headers={"Authorization": "no"})).status_code == 401
        assert (await stage.client.post("/members", json=CONTACT, headers={"Host": "evil.example"})).status_code == 403
        nobody = await stage.enrol(**CONTACT)
        assert nobody.status_code == 422
        assert "a card that is scanned first" in nobody.json()["error"]
    assert not (tmp_path / FILE_NAME).exists()
    assert sandbox.requests == type(sandbox.requests)()


async def test_a_mobile_number_of_the_shops_own_country(
    scanner: VirtualScanner, sandbox: Sandbox, tmp_path: Path
) -> None:
    async with a_lane(scanner, sandbox, tmp_path, more='enrolment = { default_region = "DE" }') as stage:
        await stage.enrol(customer_id=NEW[0], mobile="0151 23456789")
        assert stage.has(NEW[0], mobile="+4915123456789")


async def test_without_a_place_to_keep_it_nothing_is_accepted(
    scanner: VirtualScanner, sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "state").write_text("a file where a directory should be")
    async with a_lane(scanner, sandbox, tmp_path / "state") as stage:
        scanner.scan(NEW[0])
        opened = await stage.audience.until("enrolment_opened")
        answer = await stage.enrol(enrolment=opened["enrolment"], **CONTACT)
        assert answer.status_code == 503
        assert "Nothing was accepted" in answer.json()["error"]
        assert "check [lane] state_dir" in answer.json()["error"]
        assert (await stage.opened())["id"] == opened["enrolment"], "the details can be sent again"
        assert stage.created == 0
        scanner.scan("4006381333931")
        await stage.audience.until("scan_passed_through")


async def test_a_disk_that_hangs_holds_up_no_scan(scanner: VirtualScanner, sandbox: Sandbox, tmp_path: Path) -> None:
    async with a_lane(scanner, sandbox, tmp_path) as stage:
        assert (await stage.enrol(customer_id=NEW[0], **CONTACT)).status_code == 202
        hanging = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
        hanging.execute("BEGIN IMMEDIATE")  # whoever writes now waits
        answer = asyncio.create_task(stage.enrol(customer_id=NEW[1], **CONTACT))
        for number in range(20):
            scanner.scan(f"40063813{number:05}")
            await stage.audience.until("scan_passed_through", within=1.0)
        scanner.scan(KNOWN)
        await stage.audience.until("member_identified", within=2.0)
        assert not answer.done()
        hanging.close()
        assert (await answer).status_code == 202


async def test_a_card_that_neither_gameball_nor_the_disk_takes_is_told_of(
    scanner: VirtualScanner, sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "state").write_text("a file where a directory should be")
    await sandbox.stop()
    async with a_lane(scanner, sandbox, tmp_path / "state", create="always") as stage:
        scanner.scan(NEW[0])
        lost = await stage.audience.until("lookup_failed", "enrolment_closed")
        assert (lost["reason"], lost["label"], lost["scanner"]) == ("not_kept", "…0077", "counter")
        assert "scanner_daemon_enrolments_not_kept_total 1.0" in (await stage.client.get("/metrics")).text
        assert "enrolment_queued" not in {event["type"] for event in stage.audience.heard}

        await stage.client.post("/members/open", json={})
        scanner.scan(NEW[1])
        opened = await stage.audience.until("enrolment_opened", "enrolment_opened")
        await stage.client.post("/members/close", json={})
        told = [await stage.audience.until("enrolment_closed") for _ in range(2)]
        assert [(event["enrolment"], event["reason"]) for event in told] == [
            (opened["enrolment"], "cancelled"),
            (opened["enrolment"], "not_kept"),
        ]
