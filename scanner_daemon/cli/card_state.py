"""``scanner-daemon cards state``: how far the cards that were issued have come."""

import json
from typing import Annotated

import typer

from scanner_daemon.cli.card_issue import DEFAULT_CONFIG, ConfigFile, told
from scanner_daemon.cli.exits import fail


def state(
    customer_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="The customer's id; left out, all cards.")
    ] = None,
    *,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Print how far cards have come, one JSON object a line: issued, waiting, printed or active.

    A card is active once it was scanned at the lane, where [cards.counter] has scan_back.
    """
    from scanner_daemon import app

    with told() as read:
        cards = app.ledger_of(read(config)).issued(customer_id)
        for card in cards:
            shown = {"customer_id": card.customer_id, "number": card.number, "state": card.state.value}
            typer.echo(json.dumps(shown))
        if customer_id is not None and not cards:
            fail("this lane issued no card to this customer")
