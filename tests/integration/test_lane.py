"""A whole lane: a scanner on a real pseudo terminal, the sandbox over real HTTP, events as a program reads them."""

import asyncio
import json
import re
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest

from scanner_daemon.app import Lane
from scanner_daemon.cli.virtual_scanner import VirtualScanner
from scanner_daemon.config import parse_config
from scanner_daemon.loyalty.sandbox import Sandbox

KNOWN = "0412345678903"
NEW = ("0400000000077", "0400000000015", "0400000000022")

CONFIGURATION = """
lane = {{ name = "lane-1", state_dir = "{state}" }}
gameball = {{ base_url = "{gameball}" }}
scanner = [{{ name = "counter", driver = "serial", port = "{port}", gap = 0.1 }}]
card = [{{ name = "plastic", pattern = '04\\d{{11}}', check_digit = "ean" }}]
debounce = {{ same_symbol_timeout = 0.5 }}
server = {{ listen = "127.0.0.1:0" }}
display = [{{ driver = "kiosk" }}]
"""
ENVIRON = {"GAMEBALL_API_KEY": "k", "GAMEBALL_SECRET_KEY": "s", "SCANNER_DAEMON_TOKEN": "t"}


class Stream:
    """What a client of a server-sent event stream hears (WHATWG HTML, 9.2)."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.aiter_lines()

    async def next(self, *, within: float = 5.0) -> dict[str, Any]:
        async with asyncio.timeout(within):
            async for line in self._lines:
                if line.startswith("data: ") and line != "data: {}":
                    said: dict[str, Any] = json.loads(line.removeprefix("data: "))
                    return said
        raise AssertionError("the stream ended")

    async def until(self, *types: str) -> list[dict[str, Any]]:
        """Return the events up to the one that completes ``types``, which come in this order."""
        heard = [await self.next() for _ in types]
        assert [event["type"] for event in heard] == list(types)
        return heard


@dataclass
class Stage:
    scanner: VirtualScanner
    sandbox: Sandbox
    lane: Lane
    events: Stream
    page: Stream


@asynccontextmanager
async def a_stage(scanner: VirtualScanner) -> AsyncIterator[Stage]:
    with TemporaryDirectory() as state:
        async with Sandbox() as sandbox, asyncio.TaskGroup() as group:
            settings = CONFIGURATION.format(state=state, gameball=sandbox.url, port=scanner.port)
            document = tomllib.loads(settings)
            lane = Lane.from_config(parse_config(document, file="c.toml", environ=ENVIRON), environ={})
            assert lane.server is not None
            lane.server.bind()
            running = group.create_task(lane.run())
            async with (
                httpx.AsyncClient(base_url=lane.server.url, headers={"Authorization": "Bearer t"}) as client,
                client.stream("GET", "/events", headers={"Last-Event-ID": "the-first"}) as events,
                client.stream("GET", "/display/stream") as page,
            ):
                stage = Stage(scanner, sandbox, lane, Stream(events), Stream(page))
                await stage.events.until("scanner_online")
                assert (await stage.page.next())["state"] == "idle"
                yield stage
            lane.stop()
            await running


async def test_a_known_member_costs_one_request_and_reaches_the_page(scanner: VirtualScanner) -> None:
    async with a_stage(scanner) as stage:
        scanner.scan(KNOWN)
        member = (await stage.events.until("scan_accepted", "member_identified"))[1]["member"]
        assert (member["customer_id"], member["created"]) == (KNOWN, False)
        assert member["balance"] == {
            "available_points": 1200,
            "available_value": "60.00",
            "pending_points": 300,
            "pending_value": "15.00",
            "total_points": 1500,
            "total_value": "75.00",
            "currency": "USD",
            "points_name": "Reward Points",
            "next_expiring": member["balance"]["next_expiring"],
        }
        assert [request.method for request in stage.sandbox.requests] == ["GET"]
        assert (await stage.page.next())["state"] == "recognising"
        shown = await stage.page.next()
        assert (shown["state"], shown["points"], shown["value"]) == ("welcome", "1,200", "$60.00")
        assert KNOWN not in json.dumps(shown)


async def test_a_new_member_costs_three_requests_and_all_go_over_one_connection(scanner: VirtualScanner) -> None:
    async with a_stage(scanner) as stage:
        for customer in NEW:
            scanner.scan(customer)
            member = (await stage.events.until("scan_accepted", "member_identified"))[1]["member"]
            assert (member["customer_id"], member["created"]) == (customer, True)
        assert [request.method for request in stage.sandbox.requests] == ["GET", "POST", "GET"] * 3
        assert stage.sandbox.connections == 1


async def test_the_cable_is_pulled_in_the_middle_of_a_scan_and_put_back(scanner: VirtualScanner) -> None:
    async with a_stage(scanner) as stage:
        scanner.scan(KNOWN[:7], terminator="")
        await asyncio.sleep(0.02)  # a pty forgets what was not read when it hangs up
        scanner.unplug()
        discarded, _ = await stage.events.until("scan_discarded", "scanner_offline")
        assert discarded["reason"] == "device_lost"
        scanner.plug()
        await stage.events.until("scanner_online")
        scanner.scan(KNOWN)
        await stage.events.until("scan_accepted", "member_identified")
        assert len(stage.sandbox.requests) == 1


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [("html", "protocol"), ("empty", "protocol"), ("401", "misconfigured"), ("500", "unavailable")],
)
async def test_a_nonsense_answer_is_told_and_stops_nothing(scanner: VirtualScanner, trouble: str, reason: str) -> None:
    async with a_stage(scanner) as stage:
        stage.sandbox.change(failure=trouble, fail_rate=1.0)
        scanner.scan(KNOWN)
        failed = (await stage.events.until("scan_accepted", "lookup_failed"))[1]
        assert failed["reason"] == reason
        await stage.events.until("enrolment_queued")
        scanner.scan("4006381333931")
        await stage.events.until("scan_passed_through")


async def test_in_an_outage_the_page_shows_the_last_known_balance_and_its_age(scanner: VirtualScanner) -> None:
    async with a_stage(scanner) as stage:
        scanner.scan(KNOWN)
        await stage.events.until("scan_accepted", "member_identified")
        stage.sandbox.change(failure="close", fail_rate=1.0)
        scanner.scan(NEW[0])
        await stage.events.until("scan_accepted", "lookup_failed", "enrolment_queued")
        await asyncio.sleep(0.6)  # a card must have been out of sight to be looked up again
        scanner.scan(KNOWN)
        member = (await stage.events.until("scan_accepted", "member_identified"))[1]["member"]
        assert (member["stale"], member["balance"]["available_points"]) == (True, 1200)
        pages = [await stage.page.next() for _ in range(6)]
        assert pages[1]["message"] == ""
        assert pages[3]["state"] == "offline_lookup"
        assert (pages[5]["state"], pages[5]["points"]) == ("welcome", "1,200")
        assert re.fullmatch(r"Last known balance, \w+ \d+, \d{4}, \d+:\d\d\s[AP]M", pages[5]["message"])


async def test_how_the_lane_is_can_be_seen_by_programs_and_people(scanner: VirtualScanner) -> None:
    async with a_stage(scanner) as stage:
        scanner.scan(KNOWN)
        await stage.events.until("scan_accepted", "member_identified")
        await stage.lane.flush()
        assert stage.lane.server is not None
        async with httpx.AsyncClient(base_url=stage.lane.server.url) as client:
            health = await client.get("/health")
            metrics = (await client.get("/metrics?token=t")).text
            operator = (await client.get("/operator?token=t")).text
    assert (health.status_code, health.json()["scanners"]) == (200, {"counter": True})
    for line in (
        'scanner_daemon_lookups_total{outcome="member"} 1.0',
        'scanner_daemon_scanner_up{scanner="counter"} 1.0',
        'scanner_daemon_breaker{scanner_daemon_breaker="closed"} 1.0',
        'scanner_daemon_outbox{state="waiting"} 0.0',
    ):
        assert line in metrics.splitlines()
    assert "1 members shown" in operator
    assert "answers" in operator
    assert KNOWN not in metrics + operator


async def test_a_slow_answer_delays_nobody_and_an_older_member_never_hides_a_newer(scanner: VirtualScanner) -> None:
    async with a_stage(scanner) as stage:
        stage.sandbox.change(latency=600)
        scanner.scan(KNOWN)
        await stage.events.until("scan_accepted")
        await asyncio.sleep(0.2)  # the slow question is on its way, its answer is not
        stage.sandbox.change(latency=0)
        scanner.scan(NEW[0])
        newer = (await stage.events.until("scan_accepted", "member_identified"))[1]
        assert newer["member"]["customer_id"] == NEW[0]
        older = (await stage.events.until("member_identified"))[0]
        assert older["member"]["customer_id"] == KNOWN
        assert older["sequence"] < newer["sequence"]
        assert [(await stage.page.next())["state"] for _ in range(3)] == ["recognising", "recognising", "welcome_new"]
        with pytest.raises(TimeoutError):
            await stage.page.next(within=0.3)


async def test_two_tins_of_the_same_beans_are_two_scans_and_a_card_twice_is_one(scanner: VirtualScanner) -> None:
    async with a_stage(scanner) as stage:
        for label in ("4006381333931", "4006381333931", KNOWN, KNOWN):
            scanner.scan(label)
        heard = [await stage.events.next() for _ in range(5)]
    assert [event["type"] for event in heard if event["type"] != "member_identified"] == [
        "scan_passed_through",
        "scan_passed_through",
        "scan_accepted",
        "scan_rejected",
    ]


async def test_hostile_labels_are_refused_and_the_lane_goes_on(scanner: VirtualScanner) -> None:
    async with a_stage(scanner) as stage:
        for label in ("\x1b]0;owned\x07", "4111111111111111", "A" * 2000, "\xff\xfe", "<script>" * 200):
            scanner.scan(label)
            event = await stage.events.next()
            assert event["type"] in {"scan_rejected", "scan_discarded"}
            assert "label" not in event or event["label"] is None or len(event["label"]) <= 5
        scanner.scan(KNOWN)
        await stage.events.until("scan_accepted", "member_identified")
