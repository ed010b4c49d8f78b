"""The command ``devices``: which scanners are here, and whether the daemon could have them."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from scanner_daemon.sources.access import open_devices, owning_group
from scanner_daemon.sources.discovery import Attached, attached
from scanner_daemon.sources.recognition import is_personal_keyboard


def devices(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list instead of a table.")] = False,
) -> None:
    """List the scanners that are plugged in, and what may be one.

    A scanner that types cannot be told from a keyboard unless it says so: what is not certain is listed last.
    Who holds a device is told as far as this user may see it; root sees all.
    """
    holders = open_devices()
    found = [_described(device, holders) for device in attached()]
    if as_json:
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
    elif found:
        _print_table(found)
    else:
        typer.echo("No scanner found: plug one in, and see that udev runs on this machine.")


def _described(device: Attached, holders: Mapping[int, list[str]]) -> dict[str, Any]:
    """Return the JSON object of ``device``; unknown is ``null``."""
    return {
        "id": device.id,
        "driver": device.driver,
        "mode": device.mode,
        "path": device.path,
        "node": device.node,
        "name": device.name or None,
        "vendor": device.vendor or None,
        "product": device.product or None,
        "serial": device.serial or None,
        "physical_port": device.physical_port or None,
        "known_scanner": device.known_scanner,
        "refused": _refusal(device),
        "permission": "granted" if os.access(device.node, os.R_OK) else "denied",
        "group": owning_group(device.node),
        "held_by": holders.get(_number(device.node), []),
    }


def _refusal(device: Attached) -> str | None:
    """Return why the daemon would not claim ``device`` unless it is told to."""
    ids = {"vendor": device.vendor, "product": device.product, "name": device.name}
    if device.mode == "keyboard" and is_personal_keyboard(**ids, bus=0):
        return "looks like a person's keyboard; claim_keyboard = true takes it"
    return None


def _number(node: str) -> int:
    """Return the device number of ``node``; 0, which nobody holds, where it is gone."""
    try:
        return Path(node).stat().st_rdev
    except OSError:
        return 0


def _print_table(found: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("device", "mode", "driver", "match", "permission", "held by")
    for column in table.columns:
        column.overflow = "fold"  # a path that is cut is of no use
    for device in found:
        doubt = device["refused"] or ("" if device["known_scanner"] else "does not say it is a scanner")
        table.add_row(
            escape(f"{device['name'] or device['id']}\n{device['path']}")
            + (f"\n[dim]({doubt})[/dim]" if doubt else ""),
            device["mode"],
            device["driver"],
            escape(_match(device)),
            "granted" if device["permission"] == "granted" else f"denied: group {device['group']}",
            escape("\n".join(device["held_by"])) or "nobody",
        )
    Console().print(table)


def _match(device: Mapping[str, Any]) -> str:
    """Return what to write into ``match`` of the configuration, a key a line."""
    keys = ("vendor", "product", "serial", "physical_port")
    return "\n".join(f'{key} = "{device[key]}"' for key in keys if device[key])
