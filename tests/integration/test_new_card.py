"""A customer without a card gets one: issued over HTTP, drawn, read by a decoder, scanned at the lane, found there."""

import io
from pathlib import Path

import pytest
from PIL import Image

from scanner_daemon.cards.form import Form
from scanner_daemon.cards.proof import read
from scanner_daemon.cards.rendering import render
from scanner_daemon.cards.symbol import Symbology
from scanner_daemon.cli.virtual_scanner import VirtualScanner
from scanner_daemon.issuing.ledger import FILE_NAME, Ledger
from scanner_daemon.loyalty.sandbox import Sandbox
from tests.integration.test_enrolment import CONTACT, PLASTIC, a_lane

GSRN = '{ name = "member", kind = "gsrn" }'


@pytest.mark.parametrize(
    ("table", "symbology", "identified", "card"),
    [
        ("", Symbology.EAN13, False, PLASTIC),
        ("", Symbology.EAN13, True, PLASTIC),
        ('symbology = "qr"', Symbology.QR, False, PLASTIC),
        ('scheme = "number"\nprefix = "04"\ndigits = 10\ncheck_digit = "ean"', Symbology.CODE128, True, PLASTIC),
        ('scheme = "gsrn"\nprefix = "9520123"', Symbology.GS1_128, False, GSRN),
        ('scheme = "gsrn"\nprefix = "9520123"', Symbology.GS1_128, True, GSRN),
    ],
)
async def test_the_card_of_a_new_member_is_theirs(
    scanner: VirtualScanner,
    sandbox: Sandbox,
    tmp_path: Path,
    *,
    table: str,
    symbology: Symbology,
    identified: bool,
    card: str,
) -> None:
    async with a_lane(scanner, sandbox, tmp_path, card=card, more=f"[cards]\n{table}\n") as stage:
        answer = await stage.enrol(**CONTACT)
        assert answer.status_code == 202, answer.text
        customer_id = answer.json()["customer_id"]
        await stage.audience.until("enrolment_done")

        number = Ledger(file=tmp_path / FILE_NAME).number_of(customer_id)
        assert number is not None
        made = render(symbology, number, Form.PNG, page=Form.PNG.page, dpi=300)
        (reading,) = read(Image.open(io.BytesIO(made)))
        scanner.scan((reading.identifier if identified else "") + reading.data.decode())

        found = await stage.audience.until("member_identified")
        assert found["member"]["customer_id"] == customer_id
        assert found["member"]["created"] is False
        assert stage.has(customer_id, **CONTACT)


async def test_two_customers_at_once_get_two_numbers(scanner: VirtualScanner, sandbox: Sandbox, tmp_path: Path) -> None:
    async with a_lane(scanner, sandbox, tmp_path, more="[cards]\n") as stage:
        first = await stage.enrol(email="first@doe.com")
        second = await stage.enrol(email="second@doe.com")
        ids = {first.json()["customer_id"], second.json()["customer_id"]}
        assert len(ids) == 2
        await stage.audience.until("enrolment_done", "enrolment_done")
        assert stage.has(first.json()["customer_id"], email="first@doe.com")
        assert stage.has(second.json()["customer_id"], email="second@doe.com")


async def test_a_customer_gets_a_number_while_gameball_is_down(
    scanner: VirtualScanner, sandbox: Sandbox, tmp_path: Path
) -> None:
    async with a_lane(scanner, sandbox, tmp_path, more="[cards]\n") as stage:
        await sandbox.served(5)  # the stock, number by number
        await stage.enrol(email="first@doe.com")
        sandbox.change(fail_next=10_000)
        answer = await stage.enrol(email="second@doe.com")
        assert answer.status_code == 202, answer.text
        assert answer.json()["state"] == "queued"
        sandbox.change(fail_next=0)
        await stage.audience.until("enrolment_done", "enrolment_done", within=30)
        assert stage.has(answer.json()["customer_id"], email="second@doe.com")
