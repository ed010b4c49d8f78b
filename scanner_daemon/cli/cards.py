"""``scanner-daemon cards``: member cards that are proven to scan, and pictures read back."""

import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from scanner_daemon.cards.form import Form
from scanner_daemon.cards.layout import Page
from scanner_daemon.cards.sheet import SHEETS
from scanner_daemon.cards.symbol import Symbology
from scanner_daemon.cli.card_errors import BAD_INPUT, sentences
from scanner_daemon.cli.card_issue import (
    DEFAULT_CONFIG,
    ConfigFile,
    MemberName,
    issue,
    issue_into,
    preview,
    print_card,
)
from scanner_daemon.cli.card_state import state
from scanner_daemon.cli.card_wallet import wallet
from scanner_daemon.cli.exits import fail, fail_on

if TYPE_CHECKING:
    from scanner_daemon.cards.batch import BadRow, Run
    from scanner_daemon.cards.template import Template


def cards() -> typer.Typer:
    """Return the group of commands."""
    group = typer.Typer(no_args_is_help=True, help="Make member cards that are proven to scan, and read them back.")
    group.command()(issue)
    group.command("print")(print_card)
    group.command()(preview)
    group.command()(state)
    group.command()(wallet)
    group.command()(render)
    group.command()(batch)
    group.command()(verify)
    return group


_Symbology: TypeAlias = Annotated[Symbology, typer.Option(help="The bar code.")]
_Format: TypeAlias = Annotated[Form, typer.Option("--format", help="A picture, or a printer's language.")]
_Dpi: TypeAlias = Annotated[
    int | None,
    typer.Option(min=90, max=2400, help="The printer's dots per inch: 300, for zpl and escpos 203."),
]
_Title: TypeAlias = Annotated[str, typer.Option(help="A line above the bar code, as the shop's name.")]
_Width: TypeAlias = Annotated[
    float | None,
    typer.Option(min=10, max=300, metavar="MM", help="The card's width: 85.6, for escpos 72."),
]
_Height: TypeAlias = Annotated[
    float | None,
    typer.Option(min=10, max=300, metavar="MM", help="The card's height: 53.98, for escpos as needed."),
]


_TwoSided: TypeAlias = Annotated[
    bool,
    typer.Option("--two-sided", help="Bank cards with front and back, as [cards.template] in the configuration says."),
]


def render(
    number: Annotated[str, typer.Argument(metavar="ID", help="What the card is to scan as.")],
    *,
    symbology: _Symbology,
    form: _Format,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Where to; - is standard output.")
    ] = "-",
    dpi: _Dpi = None,
    symbol_only: Annotated[bool, typer.Option("--symbol-only", help="The bar code alone, no card.")] = False,
    title: _Title = "",
    width: _Width = None,
    height: _Height = None,
    two_sided: _TwoSided = False,
    name: MemberName = "",
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Make one card or label. It is written only after an independent decoder has read exactly ID back from it."""
    if symbol_only and title:
        fail("--title is for cards: leave it or --symbol-only out", status=BAD_INPUT)
    with sentences():
        from scanner_daemon.cards import rendering

        if two_sided:
            _check_two_sided(form, title, width, height, symbol_only)
            _write(output, _rendered(number, form, config, symbology=symbology, dpi=dpi or form.dpi, name=name))
            return
        page = _page(form, width, height)
        made = rendering.render(
            symbology, number, form, page=page, dpi=dpi or form.dpi, title=title, symbol_only=symbol_only
        )
        _write(output, made)


def batch(
    file: Annotated[
        Path, typer.Argument(metavar="FILE.csv", help="The numbers: its column customer_id, or else its first.")
    ],
    *,
    count: Annotated[
        int | None,
        typer.Option(min=1, max=100_000, help="First issue numbers into FILE.csv, until it has so many."),
    ] = None,
    config: ConfigFile = DEFAULT_CONFIG,
    symbology: _Symbology,
    form: _Format,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="A folder of this run's own.")],
    sheet: Annotated[str | None, typer.Option(help=f"For pdf, sheets of labels: {', '.join(SHEETS)}.")] = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Make the good rows though others are bad.")] = False,
    dpi: _Dpi = None,
    title: _Title = "",
    width: _Width = None,
    height: _Height = None,
    two_sided: _TwoSided = False,
) -> None:
    """Make a card of every number in a list, each read back before it is written.

    Bad rows are listed by line, and then nothing is made unless --skip-bad. A run that was broken off makes only what
    is missing when it is started again. Status 1 when some rows have no card.
    """
    with sentences():
        from scanner_daemon.cards.batch import Design, Run, check, read_rows

        if sheet is not None and (sheet not in SHEETS or form is not Form.PDF or width or height):
            fail(f"--sheet is one of {', '.join(SHEETS)}, for pdf, and has labels of its own size", status=BAD_INPUT)
        if count is not None:
            issue_into(file, count, config)
        page = SHEETS[sheet].label if sheet else _page(form, width, height)
        design = Design(symbology=symbology, form=form, page=page, dpi=dpi or form.dpi, title=title, sheet=sheet)
        if two_sided:
            _check_two_sided(form, title, width, height, sheet)
            design = replace(design, template=_template(config))
        good, bad = check(read_rows(file), design)
        _list(bad)
        if bad and not skip_bad:
            fail(f"made nothing, as {_rows(len(bad))} bad; --skip-bad leaves them out", status=BAD_INPUT)
        run = Run(good, design, output)
        seconds = _made(run, len(good))
        refused = run.refused()
        _list(refused)
        made = len(good) - len(refused)
        typer.echo(f"{made} of {len(good) + len(bad)} cards in {output} ({seconds:.1f} s)", err=True)
        if bad or refused:
            raise typer.Exit(1)


def verify(file: Annotated[Path, typer.Argument(help="A PNG or another raster picture, or a PDF.")]) -> None:
    """Print what a picture reads as, one JSON object a symbol; status 1 when it reads as nothing."""
    with sentences():
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


def _rendered(number: str, form: Form, config: Path, *, symbology: Symbology, dpi: int, name: str) -> bytes:
    """Return one card of two sides."""
    from scanner_daemon.cards import two_sided
    from scanner_daemon.cards.two_sides import TwoSides

    sides = TwoSides(template=_template(config), symbology=symbology, dpi=dpi)
    return two_sided.render(sides, number, form, name=name)


def _check_two_sided(form: Form, *beside: object) -> None:
    """Refuse what cards of two sides have no room for."""
    from scanner_daemon.cards import two_sided

    if form not in two_sided.FORMS or any(beside):
        expected = "--two-sided makes bank cards as pdf or png"
        fail(f"{expected}: leave --title, --width, --height, --symbol-only and --sheet out", status=BAD_INPUT)


def _template(config: Path) -> "Template":
    """Return the template of a configuration, or the one that needs none."""
    from scanner_daemon.cards.template import Template
    from scanner_daemon.config import load_config
    from scanner_daemon.errors import ConfigError

    if config == DEFAULT_CONFIG and not config.exists():
        return Template()
    try:
        return load_config(config, require_secrets=False).card_template or Template()
    except ConfigError as error:
        fail_on(error)


def _page(form: Form, width: float | None, height: float | None) -> Page:
    return replace(form.page, width=width or form.page.width, height=height or form.page.height)


def _list(bad: "list[BadRow]") -> None:
    for row in bad:
        typer.echo(f"  {row}", err=True)


def _rows(count: int) -> str:
    return "1 row is" if count == 1 else f"{count} rows are"


def _made(run: "Run", total: int) -> float:
    """Make the cards behind a progress bar; return the seconds it took."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    started = time.monotonic()
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=total)
        for count in run.make():
            progress.advance(task, count)
    return time.monotonic() - started


def _write(output: str, made: bytes) -> None:
    if output != "-":
        Path(output).write_bytes(made)
    elif sys.stdout.isatty():
        fail("a card on the terminal is of no use: name a file with -o, or send standard output on", status=BAD_INPUT)
    else:
        sys.stdout.buffer.write(made)
