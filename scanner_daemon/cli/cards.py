"""``scanner-daemon cards``: member cards that are proven to scan, and pictures read back."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import typer

from scanner_daemon.cards.form import Form
from scanner_daemon.cards.symbol import Symbology
from scanner_daemon.cli.exits import fail
from scanner_daemon.errors import PrinterError

BAD_INPUT: Final = 2
"""What these commands end with when they cannot use what they were given; 1 is a card that does not read back."""


def cards() -> typer.Typer:
    """Return the group of commands."""
    group = typer.Typer(no_args_is_help=True, help="Make member cards that are proven to scan, and read them back.")
    group.command()(render)
    group.command()(verify)
    return group


def render(
    number: Annotated[str, typer.Argument(metavar="ID", help="What the card is to scan as.")],
    *,
    symbology: Annotated[Symbology, typer.Option(help="The bar code.")],
    form: Annotated[Form, typer.Option("--format", help="A picture, or a printer's language.")],
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Where to; - is standard output.")
    ] = "-",
    dpi: Annotated[
        int | None,
        typer.Option(min=90, max=2400, help="The printer's dots per inch: 300, for zpl and escpos 203."),
    ] = None,
    symbol_only: Annotated[bool, typer.Option("--symbol-only", help="The bar code alone, no card.")] = False,
    title: Annotated[str, typer.Option(help="A line above the bar code, as the shop's name.")] = "",
    width: Annotated[
        float | None,
        typer.Option(min=10, max=300, metavar="MM", help="The card's width: 85.6, for escpos 72."),
    ] = None,
    height: Annotated[
        float | None,
        typer.Option(min=10, max=300, metavar="MM", help="The card's height: 53.98, for escpos as needed."),
    ] = None,
) -> None:
    """Make one card or label. It is written only after an independent decoder has read exactly ID back from it."""
    if symbol_only and title:
        fail("--title is for cards: leave it or --symbol-only out", status=BAD_INPUT)
    with _sentences():
        from scanner_daemon.cards import rendering

        page = replace(form.page, width=width or form.page.width, height=height or form.page.height)
        made = rendering.render(
            symbology, number, form, page=page, dpi=dpi or form.dpi, title=title, symbol_only=symbol_only
        )
        _write(output, made)


def verify(file: Annotated[Path, typer.Argument(help="A PNG or another raster picture, or a PDF.")]) -> None:
    """Print what a picture reads as, one JSON object a symbol; status 1 when it reads as nothing."""
    with _sentences():
        from scanner_daemon.cards.pictures import pages
        from scanner_daemon.cards.proof import read

        count = 0
        for number, picture in enumerate(pages(file), start=1):
            for found in read(picture):
                count += 1
                shown = {
                    "label": found.data.decode("utf-8", errors="backslashreplace"),
                    "symbology_identifier": found.identifier,
                    "symbology": found.symbology,
                    "page": number,
                }
                typer.echo(json.dumps(shown))
        if not count:
            fail(f"found no bar code in {file}")


@contextmanager
def _sentences() -> Iterator[None]:
    """Turn what may go wrong into one sentence and a status."""
    try:
        yield
    except ModuleNotFoundError as error:
        needed = (error.name or "").partition(".")[0]
        if needed not in {"PIL", "reportlab", "segno", "zxingcpp"}:
            raise
        fail(f"making cards needs {needed}: install the extra with pip install 'scanner-daemon[cards]'", status=2)
    except ValueError as error:
        fail(f"cannot make the card: {error}", status=BAD_INPUT)
    except PrinterError as error:
        fail(str(error))
    except OSError as error:
        fail(f"cannot use {error.filename}: {error.strerror}", status=BAD_INPUT)


def _write(output: str, made: bytes) -> None:
    if output != "-":
        Path(output).write_bytes(made)
    elif sys.stdout.isatty():
        fail("a card on the terminal is of no use: name a file with -o, or send standard output on", status=BAD_INPUT)
    else:
        sys.stdout.buffer.write(made)
