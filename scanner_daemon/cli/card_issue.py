"""``scanner-daemon cards issue`` and ``print``: numbers for new cards, and cards on the lane's printer."""

import asyncio
import errno
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import typer

from scanner_daemon.cli.card_errors import BAD_INPUT, sentences
from scanner_daemon.cli.exits import fail, fail_on

if TYPE_CHECKING:
    from scanner_daemon.cards.printing import Press
    from scanner_daemon.cards.symbol import Symbology
    from scanner_daemon.config import Config
    from scanner_daemon.issuing.issuer import Issuer

ConfigFile: TypeAlias = Annotated[Path, typer.Option(help="The configuration file.")]
MemberName: TypeAlias = Annotated[str, typer.Option("--name", help="The member's, for a card with a template.")]
DEFAULT_CONFIG: Final = Path("/etc/scanner-daemon/config.toml")


def issue(
    *,
    count: Annotated[int, typer.Option(min=1, max=100_000, help="How many.")] = 1,
    print_: Annotated[bool, typer.Option("--print", help="Print each card as it is issued.")] = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Issue numbers for new cards, one JSON object a line.

    None was ever issued before, none is a member's, and the lane takes each for its customer. With --print a card that
    the printer did not take waits, and nothing more is issued: see cards print --waiting.
    """
    with told() as read:
        settings = read(config)
        press = _press(settings) if print_ else None
        asyncio.run(_issue_each(settings, count, press))


def print_card(
    number: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="The customer's id; left out with --waiting.")
    ] = None,
    *,
    waiting: Annotated[bool, typer.Option("--waiting", help="Print every card that waits, in turn.")] = False,
    name: MemberName = "",
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Print a member's card, once more if need be, or all that a printer did not take before."""
    if waiting == (number is not None):
        fail("expected the id of a customer, or --waiting", status=BAD_INPUT)
    with told() as read:
        settings = read(config)
        press = _press(settings)
        if number is None:
            _print_waiting(settings, press)
        else:
            press.send(press.render(number_on_card(settings, number), name=name))


def preview(
    number: Annotated[str, typer.Argument(metavar="ID", help="The customer's id.")],
    *,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it there, open nothing.")
    ] = None,
    name: MemberName = "",
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Show a picture of the card as the lane's printer would print it."""
    import tempfile

    from scanner_daemon.cards.form import Form

    with told() as read:
        settings = read(config)
        picture = _press(settings).render(number_on_card(settings, number), Form.PNG, name=name)
        file = output or Path(tempfile.mkdtemp(prefix="card-")) / "card.png"
        file.write_bytes(picture)
        typer.echo(str(file))
        if output is None:
            typer.launch(str(file))


def issue_into(file: Path, count: int, config: Path) -> None:
    """Issue numbers into the list ``file`` until it has ``count`` of them; it is added to, never begun anew."""
    with told() as read:
        settings = read(config)
        listed = file.read_text(encoding="utf-8") if file.exists() else ""
        lines = listed.splitlines()
        if listed and not listed.endswith("\n"):
            cure = "complete that number or remove it, and end the line"
            fail(f"expected a list of whole lines, got {file} whose last line does not end; {cure}", status=BAD_INPUT)
        if lines[1:] and lines[0] != "customer_id":
            fail(f"expected a new list, or one that --count began, got {file} with other lines", status=BAD_INPUT)
        if not lines:
            _add_line(file, "customer_id")
        asyncio.run(_issue_lines(settings, count - len(lines[1:]), file))


async def _issue_lines(config: "Config", count: int, file: Path) -> None:
    async with _issuer(config) as issuer:
        for _ in range(count):
            card = await issuer.issue_card()
            _add_line(file, card.number)


def _add_line(file: Path, line: str) -> None:
    """Add the whole line or nothing: a part of a number is another number. Raises ``OSError``."""
    data = f"{line}\n".encode()
    with file.open("ab", buffering=0) as opened:
        end = opened.tell()
        if opened.write(data) != len(data):
            opened.truncate(end)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(file))


@asynccontextmanager
async def _issuer(config: "Config") -> AsyncIterator["Issuer"]:
    """Give what issues the lane's numbers; it enrols nobody."""
    from scanner_daemon import app

    never = {**config.loyalty.settings, "create": "never"}
    async with config.loyalty.driver(**never) as programme:
        issuer = app.issuer(config, programme.get_or_create)
        if issuer is None:
            fail("a table [cards] says how numbers are made, and the configuration has none", status=BAD_INPUT)
        yield issuer


async def _issue_each(config: "Config", count: int, press: "Press | None") -> None:
    from scanner_daemon import app

    ledger = app.ledger_of(config)
    async with _issuer(config) as issuer:
        if press is not None and ledger.waiting():
            fail("cards of an earlier run wait for the printer: print them first, with cards print --waiting")
        for _ in range(count):
            card = await issuer.issue_card()
            if press is not None:
                ledger.to_print(card.number)
            typer.echo(json.dumps({"customer_id": card.customer_id, "number": card.number}))
            if press is not None:
                await asyncio.to_thread(_print_waiting, config, press)


def _print_waiting(config: "Config", press: "Press") -> None:
    """Print what waits, and end where the printer does not take a card."""
    from scanner_daemon import app
    from scanner_daemon.issuing.print_shop import print_waiting

    for printed in print_waiting(app.ledger_of(config), press):
        if printed.again:
            typer.echo(f"the card {printed.label} is printed again: destroy what came out of it before", err=True)
        if printed.detail is not None:
            fail(printed.detail)


def _press(config: "Config") -> "Press":
    from scanner_daemon.cards.printing import Press

    if config.card_printer is None or config.card_numbers is None:
        fail(
            "tables [cards] and [cards.printer] say how cards are printed: the configuration lacks one",
            status=BAD_INPUT,
        )
    return Press(settings=config.card_printer, symbology=config.card_numbers.bar_code, template=config.card_template)


def number_on_card(config: "Config", customer_id: str, symbology: "Symbology | None" = None) -> str:
    """Return what the customer's card carries. No card is made that the lane would take for somebody else's."""
    from scanner_daemon import app
    from scanner_daemon.issuing.taken_back import taken_back

    assert config.card_numbers is not None  # noqa: S101  the caller saw to it
    number = app.ledger_of(config).number_of(customer_id) or customer_id
    schemes = [part.build() for part in config.cards]
    found = taken_back(number, symbology or config.card_numbers.bar_code, schemes)
    if found != customer_id:
        got = "for nobody's" if found is None else "for another customer's"
        fail(f"made no card: expected the lane to take it for this customer's, but its [[card]] tables take it {got}")
    return number


@contextmanager
def told() -> Iterator[Callable[[Path], "Config"]]:
    """Give what reads a configuration, and turn what may go wrong into one sentence and a status."""
    from scanner_daemon import logs
    from scanner_daemon.config import load_config
    from scanner_daemon.errors import ConfigError, IssuingError, StorageError

    logs.configure(level="error")
    try:
        with sentences():
            yield load_config
    except ConfigError as error:
        fail_on(error)
    except (IssuingError, StorageError) as error:
        fail(str(error))
