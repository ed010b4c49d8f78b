"""``scanner-daemon doctor``: what is wrong with a lane, and the cure."""

import asyncio
import dataclasses
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scanner_daemon.cli.finding import Finding

CREDENTIALS: Final = "/etc/credstore"
"""Where the unit's credentials are: for root, who asks outside of the unit."""


def doctor(
    config: Annotated[Path, typer.Option(help="The configuration file.")] = Path("/etc/scanner-daemon/config.toml"),
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list instead of lines.")] = False,
) -> None:
    """Look at all a lane needs: status 0 when it is well, 1 when there is something to mend.

    Nothing is changed; Gameball is asked for one customer who does not exist. As root it sees the daemon's keys and
    who else has a scanner open.
    """
    from scanner_daemon import logs

    logs.configure(level="critical")  # what is wrong is a finding
    well = True
    shown = []
    for finding in _findings(config):
        well = well and finding.well
        if as_json:
            shown.append({**dataclasses.asdict(finding), "cure": finding.cure or None, "ok": finding.well})
        else:
            typer.echo(_line(finding))
    if as_json:
        typer.echo(json.dumps(shown, indent=2, ensure_ascii=False))
    if not well:
        raise typer.Exit(1)


def _findings(file: Path) -> "Iterator[Finding]":
    from scanner_daemon.cli.doctor_lane import lane_findings, loyalty_findings, readable
    from scanner_daemon.cli.doctor_scanners import scanner_findings
    from scanner_daemon.cli.finding import Finding
    from scanner_daemon.config import load_config
    from scanner_daemon.errors import ConfigError

    os.environ.setdefault("CREDENTIALS_DIRECTORY", CREDENTIALS)
    try:
        config = load_config(file, require_secrets=False)
    except ConfigError as error:
        for mistake in error.mistakes:
            yield Finding(check="configuration", detail=str(mistake), cure="correct it, or run `scanner-daemon setup`")
        return
    yield readable(file)
    for note in config.notes:
        yield Finding(check="configuration", detail=note)
    yield from scanner_findings(config.scanners)
    yield from asyncio.run(loyalty_findings(config))
    yield from lane_findings(config)


def _line(finding: "Finding") -> str:
    mark = "✓" if finding.well else "✗"
    cure = f"\n    → {finding.cure}" if finding.cure else ""
    return f"{mark} {finding.check}: {finding.detail}{cure}"
