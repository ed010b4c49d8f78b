"""``scanner-daemon setup``: a scanner plugged in, a page scanned, a configuration written."""

import asyncio
import sys
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from scanner_daemon.cli.exits import fail, fail_on
from scanner_daemon.decoding.calibration.sent import Parity

if TYPE_CHECKING:
    from scanner_daemon.config import Config
    from scanner_daemon.sources.discovery import Attached

INTERRUPTED: Final = 130
"""What a command ends with that Ctrl-C stopped, as in a shell."""


def setup(
    *,
    page: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the calibration page to print, .pdf or .png, and end.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(metavar="PATH", help="The scanner's node or a link to it; else it is looked for.")
    ] = None,
    name: Annotated[str, typer.Option(help="What to call the scanner.")] = "counter",
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The configuration file.")] = Path(
        "/etc/scanner-daemon/config.toml"
    ),
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing: for scripts.")] = False,
    claim_keyboard: Annotated[
        bool, typer.Option("--claim-keyboard", help="Take it though it looks like a person's keyboard.")
    ] = False,
    baudrate: Annotated[int | None, typer.Option(min=50, help="Serial: its speed, where that is known.")] = None,
    parity: Annotated[Parity | None, typer.Option(help="Serial: its parity, where that is known.")] = None,
    timeout: Annotated[float, typer.Option(min=1, metavar="SECONDS", help="How long to wait for each scan.")] = 60.0,
) -> None:
    """Learn from a printed page how a scanner is set, and write its configuration.

    The scanner is held meanwhile, so that nothing it sends is typed anywhere. A file that is there gets a table at its
    end, and is saved before.
    """
    from scanner_daemon import logs
    from scanner_daemon.cli import config_file
    from scanner_daemon.cli.dialogue import chosen, learnt, named, shown
    from scanner_daemon.config import load_config
    from scanner_daemon.errors import ConfigError, DeviceError
    from scanner_daemon.sources.learning import learners

    if page is not None:
        _write_page(page)
        return
    logs.configure(level="error")
    ask = not yes and sys.stdin.isatty()
    try:
        config = config_file.existing(output)
        found = named(device) if device else asyncio.run(chosen(ask=ask, within=timeout))
        _refuse_twice(config, found, output)
        typer.echo(f"Setting up {found.name or found.id} ({found.mode}, {found.path}).")
        ways = learners(found, claim=claim_keyboard, baudrate=baudrate, parity=parity)
        settings = asyncio.run(learnt(ways, within=timeout))
        scanner = _add(config, output, name, {**_identity(found), **settings}, ask=ask)
        done = next(each for each in load_config(output, require_secrets=False).scanners if each.name == scanner)
        asyncio.run(shown(done.source.build(), within=timeout))
    except ConfigError as error:
        fail_on(error)
    except DeviceError as error:
        here = " (here: --claim-keyboard)" if "claim_keyboard" in str(error) else ""
        fail(f"{error}{here}")
    except KeyboardInterrupt:
        fail("stopped", status=INTERRUPTED)


def _refuse_twice(config: "Config | None", device: "Attached", file: Path) -> None:
    from scanner_daemon.cli import config_file

    name = config_file.holder(config, device)
    if name is not None:
        fail(f"{file} has this scanner as {name!r}: take that table out to set it up anew", status=2)


def _identity(device: "Attached") -> dict[str, Any]:
    """Return what the configuration finds ``device`` by, as lasting as may be."""
    from scanner_daemon.sources.discovery import attached

    if device.mode == "serial":
        return {"driver": device.driver, "port": device.path}
    if not device.vendor:
        return {"driver": device.driver, "path": device.path}
    match = {"vendor": device.vendor, "product": device.product}
    twins = [
        other for other in attached() if (other.driver, other.vendor, other.product) == (device.driver, *match.values())
    ]
    if device.serial:
        match["serial"] = device.serial
    elif len(twins) > 1:
        match["physical_port"] = device.physical_port
    return {"driver": device.driver, "match": match}


def _add(config: "Config | None", file: Path, name: str, settings: dict[str, Any], *, ask: bool) -> str:
    """Write the scanner into ``file``; return the name it has there."""
    from scanner_daemon.cli import config_file

    name = config_file.free_name(config, name)
    table = config_file.table({"name": name, **settings})
    typer.echo(f"\n{table}")
    if ask and not typer.confirm(f"Add this to {file}?", default=True):
        fail("nothing was written", status=INTERRUPTED)
    try:
        backup = config_file.add(file, table)
    except OSError as error:
        fail(f"cannot write {file}: {error.strerror}; name another file with -o, and copy the table above into yours")
    typer.echo(f"Written to {file}{f', which was saved as {backup}' if backup else ''}.")
    return name


def _write_page(file: Path) -> None:
    """Copy the page the package ships; nothing need be installed to make it."""
    form = file.suffix.lower()
    if form not in {".pdf", ".png"}:
        fail(f"the calibration page is a .pdf or .png, got {file.name!r}", status=2)
    if file.exists():
        fail(f"{file} is there already: name a new file", status=2)
    try:
        file.write_bytes(resources.files("scanner_daemon.cli").joinpath("pages", f"calibration{form}").read_bytes())
    except OSError as error:
        fail(f"cannot write {file}: {error.strerror}")
    typer.echo(f"{file}: print it in its own size (100 %), then run `scanner-daemon setup`.")
