"""``scanner-daemon cards wallet``: a member's card for a telephone."""

from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from scanner_daemon.cli.card_errors import BAD_INPUT
from scanner_daemon.cli.card_issue import DEFAULT_CONFIG, ConfigFile, MemberName, told
from scanner_daemon.cli.exits import fail

if TYPE_CHECKING:
    from scanner_daemon.cards.symbol import Symbology
    from scanner_daemon.cards.wallet import MemberCard
    from scanner_daemon.config import Config


class Wallet(Enum):
    """Whose wallet, by its name on the command line."""

    APPLE = "apple"
    GOOGLE = "google"


def wallet(
    number: Annotated[str, typer.Argument(metavar="ID", help="The customer's id.")],
    *,
    kind: Annotated[Wallet, typer.Option("--for", help="Whose wallet.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE.pkpass", help="Where Apple's pass goes.")
    ] = None,
    name: MemberName = "",
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Make a member's card for Apple Wallet, as a file, or for Google Wallet, as a link that is printed."""
    with told() as read:
        settings = read(config)
        if kind is Wallet.GOOGLE:
            typer.echo(_google_link(settings, number, name))
        elif output is None:
            fail("--for apple makes a file: name it with -o", status=BAD_INPUT)
        else:
            output.write_bytes(_apple_pass(settings, number, name))


def _apple_pass(config: "Config", customer_id: str, name: str) -> bytes:
    from scanner_daemon.cards.apple_pass import apple_pass
    from scanner_daemon.cards.template import Template
    from scanner_daemon.cards.wallet import APPLE, shown_as

    if config.wallet is None or config.wallet.apple is None or config.card_numbers is None:
        _lacks("apple")
    card = _card(config, customer_id, name, shown_as(config.card_numbers.bar_code, APPLE))
    return apple_pass(card, config.card_template or Template(), config.wallet.apple, at=datetime.now(UTC))


def _google_link(config: "Config", customer_id: str, name: str) -> str:
    from scanner_daemon.cards.google_pass import google_link
    from scanner_daemon.cards.wallet import GOOGLE, shown_as

    if config.wallet is None or config.wallet.google is None or config.card_numbers is None:
        _lacks("google")
    card = _card(config, customer_id, name, shown_as(config.card_numbers.bar_code, GOOGLE))
    shows_name = config.card_template is None or config.card_template.show_name
    return google_link(card, config.wallet.google, show_name=shows_name, at=datetime.now(UTC))


def _card(config: "Config", customer_id: str, name: str, symbology: "Symbology") -> "MemberCard":
    """Return the customer's card; none is made that the lane would not take for theirs, or whose code is none."""
    from scanner_daemon.cards.encoding import encode
    from scanner_daemon.cards.wallet import MemberCard
    from scanner_daemon.cards.writing import cleaned
    from scanner_daemon.cli.card_issue import number_on_card

    number = number_on_card(config, customer_id, symbology)
    encode(symbology, number)
    return MemberCard(customer_id=customer_id, number=number, symbology=symbology, name=cleaned(name))


def _lacks(kind: str) -> NoReturn:
    fail(f"tables [cards] and [cards.wallet.{kind}] are needed: the configuration lacks one", status=BAD_INPUT)
