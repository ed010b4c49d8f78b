"""The counter: a new member's card is printed and shown, whatever the printer does; the first scan makes it active."""

import asyncio
import base64
import json
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from scanner_daemon.cards.form import Form
from scanner_daemon.cards.proof import read
from scanner_daemon.cli.virtual_scanner import VirtualScanner
from scanner_daemon.config import parse_config
from scanner_daemon.errors import ConfigError
from scanner_daemon.issuing.ledger import FILE_NAME, CardState, Ledger
from scanner_daemon.loyalty.sandbox import Sandbox
from tests.cards import interpreters
from tests.cards.printers import Fault, VirtualPrinter
from tests.integration.test_enrolment import a_lane

PRINTER = """
[cards.counter]
print = true
scan_back = true
[cards.printer]
address = "{address}"
form = "{form}"
timeout = 2
[cards.template]
shop = "Corner Bakery"
"""
KIOSK = "display = [{ driver = 'kiosk', show_qr = true }]\n[cards]\n"


def labels(printed: list[bytes]) -> list[str]:
    return [found.data.decode() for card in printed for found in read(interpreters.zpl(card))]


async def test_a_new_members_card_comes_out_and_is_active_once_scanned(
    scanner: VirtualScanner, sandbox: Sandbox, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    more = "[cards]\n" + PRINTER.format(address=f"folder:{out}", form="pdf")
    async with a_lane(scanner, sandbox, tmp_path, more=more) as stage:
        answer = await stage.enrol(email="zoe@doe.com", display_name="Zoë")
        customer_id = answer.json()["customer_id"]
        printed = await stage.audience.until("card_issued", "card_printed", within=60)
        assert (printed["label"], printed["again"]) == (f"…{customer_id[-4:]}", False)
        assert all(
            customer_id not in str(event) for event in stage.audience.heard if event["type"] != "member_identified"
        )
        (file,) = out.iterdir()
        front, back = interpreters.pdf(file.read_bytes(), dpi=300, folder=tmp_path)
        assert read(front) == []
        (found,) = read(back)

        ledger = Ledger(file=tmp_path / FILE_NAME)
        assert [card.state for card in ledger.issued(customer_id)] == [CardState.PRINTED]
        scanner.scan(found.data.decode())
        member = await stage.audience.until("member_identified")
        assert member["member"]["customer_id"] == customer_id
        await _until(lambda: ledger.issued(customer_id)[0].state is CardState.ACTIVE)


@pytest.mark.parametrize("fault", ["reset", "half"])
async def test_a_printer_that_fails_delays_no_enrolment_and_loses_no_card(
    scanner: VirtualScanner, sandbox: Sandbox, tmp_path: Path, fault: Fault
) -> None:
    with VirtualPrinter(fault) as printer:
        more = "[cards]\n" + PRINTER.format(address=printer.address, form="zpl")
        async with a_lane(scanner, sandbox, tmp_path, more=more) as stage:
            first = (await stage.enrol(email="first@doe.com")).json()["customer_id"]
            waits = await stage.audience.until("card_not_printed", within=60)
            assert (waits["label"], waits["waiting"]) == (f"…{first[-4:]}", 1)
            assert "Failed to print at" in waits["detail"]
            shown = await _cashier(stage.client)
            assert shown["card"]["waits"] is True

            answer = await stage.client.post("/cards/print", json={})
            assert answer.status_code == 202
            printed = await stage.audience.until("card_printed", within=60)
            assert printed["again"] is True
            assert (await _cashier(stage.client))["card"]["waits"] is False
    assert labels(printer.printed) == [first]


async def test_what_waited_is_printed_before_the_next_card(
    scanner: VirtualScanner, sandbox: Sandbox, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    more = "[cards]\n" + PRINTER.format(address=f"tcp://127.0.0.1:{port}", form="zpl")
    async with a_lane(scanner, sandbox, tmp_path, more=more) as stage:
        first = (await stage.enrol(email="first@doe.com")).json()["customer_id"]
        await stage.audience.until("card_not_printed", within=60)
    async with a_lane(scanner, sandbox, tmp_path, more=more) as stage:
        assert [job.number for job in Ledger(file=tmp_path / FILE_NAME).waiting()] == [first]
        with VirtualPrinter(port=port) as printer:
            second = (await stage.enrol(email="second@doe.com")).json()["customer_id"]
            await stage.audience.until("card_printed", "card_printed", within=60)
    assert labels(printer.printed) == [first, second]


async def test_a_customer_with_a_card_gets_no_other(scanner: VirtualScanner, sandbox: Sandbox, tmp_path: Path) -> None:
    more = "[cards]\n" + PRINTER.format(address="tcp://127.0.0.1:9", form="zpl")
    async with a_lane(scanner, sandbox, tmp_path, more=more) as stage:
        scanner.scan("0400000000077")
        opened = await stage.audience.until("enrolment_opened")
        await stage.enrol(enrolment=opened["enrolment"], email="zoe@doe.com")
        await stage.audience.until("enrolment_done", "member_identified")
        assert "card_issued" not in [event["type"] for event in stage.audience.heard]


async def test_a_display_shows_the_card_for_the_phone_until_the_next_customer(
    scanner: VirtualScanner, sandbox: Sandbox, tmp_path: Path
) -> None:
    async with a_lane(scanner, sandbox, tmp_path, more=KIOSK) as stage:
        customer_id = (await stage.enrol(email="zoe@doe.com")).json()["customer_id"]
        view = await _display(stage.client, "card")
        picture = str(view["picture"]).removeprefix("data:image/svg+xml;base64,")
        drawn = interpreters.drawn(Form.SVG, base64.b64decode(picture), dpi=300, folder=tmp_path)
        (found,) = read(drawn.resize((drawn.width * 2, drawn.height * 2)))
        assert (found.symbology, found.data.decode()) == ("QR Code", customer_id)

        scanner.scan(found.data.decode())
        member = await stage.audience.until("member_identified")
        assert (member["member"]["customer_id"], member["member"]["created"]) == (customer_id, False)
        assert "picture" not in await _display(stage.client, "balance")


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        (
            {"display": [{"driver": "kiosk", "show_qr": True}], "server": {}},
            "show_qr: expected a table [cards] that issues numbers, got none",
        ),
        (
            {"card": [{"name": "plastic", "pattern": "04\\d{11}"}], "cards": {"counter": {"print": True}}},
            "cards.counter.print: expected a table [cards.printer] to print on, got none",
        ),
    ],
)
def test_a_printer_and_numbers_are_needed(tables: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        parse_config({"lane": {"name": "a"}, **tables}, file="c.toml", require_secrets=False)


async def _cashier(client: httpx.AsyncClient) -> Any:
    """Return the state that a cashier's page gets now."""
    return await _first(client, "/cashier/stream", lambda _: True)


async def _display(client: httpx.AsyncClient, panel: str) -> Any:
    return await _first(client, "/display/stream", lambda view: view["panel"] == panel)


async def _first(client: httpx.AsyncClient, path: str, wanted: Callable[[Any], bool]) -> Any:
    """Return the first message of a stream that is wanted."""
    async with asyncio.timeout(60), client.stream("GET", path) as response:
        async for line in response.aiter_lines():
            if line.startswith("data: ") and line != "data: {}" and wanted(said := json.loads(line[6:])):
                return said
    raise AssertionError("the stream has ended")


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110  it is not of this loop
            await asyncio.sleep(0.05)
