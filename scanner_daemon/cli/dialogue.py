"""What ``scanner-daemon setup`` says and hears: a line for each thing to do, the scanner's answer for the rest."""

import asyncio
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Final, NoReturn

import typer

from scanner_daemon.cli.exits import fail
from scanner_daemon.decoding.calibration.labels import LABELS, Complaint, Unreadable
from scanner_daemon.sources.discovery import Attached, attached
from scanner_daemon.sources.hotplug import HotPlug
from scanner_daemon.sources.learning import Learner, Settings
from scanner_daemon.sources.listening import Burst, Listening, listening
from scanner_daemon.sources.tap import Tapped

MOST_TRIES: Final = 20
"""Scans that make no sense before the scanner is given up."""


async def chosen(*, ask: bool, within: float) -> Attached:
    """Return the scanner that is to be set up: the only one, the one picked from a list, or the next plugged in."""
    devices = attached()
    known = [device for device in devices if device.known_scanner]
    if ask and devices:
        picked = _picked(devices)
        return picked or await _plugged_in(devices, within)
    if len(known) > 1:
        listed = ", ".join(f"{device.path} ({device.name})" for device in known)
        fail(f"there are {len(known)} scanners: name one with --device: {listed}", status=2)
    return known[0] if known else await _plugged_in(devices, within)


def named(path: str) -> Attached:
    """Return the device at ``path``; one that udev does not know is told by where it is."""
    node = Path(path).resolve()
    found = next((device for device in attached() if Path(device.node).resolve() == node), None)
    if found:
        return found
    nothing = {"name": path, "vendor": "", "product": "", "serial": "", "physical_port": ""}
    if node.is_relative_to("/dev/input"):
        return Attached(driver="keyboard-wedge", mode="keyboard", node=str(node), path=path, **nothing)
    if node.name.startswith("hidraw"):
        return Attached(driver="hid-pos", mode="hid-pos", node=str(node), path=path, **nothing)
    return Attached(driver="serial", mode="serial", node=str(node), path=path, **nothing)


async def learnt(ways: Sequence[Learner], *, within: float) -> Settings:
    """Ask for the labels of the page until they make sense. Raises ``DeviceError``."""
    for way in islice(cycle(ways), MOST_TRIES):
        async with listening(way.source()) as scanner:
            settings = await _told(way, scanner, within=within, last=len(ways) == 1)
        if settings is not None:
            return settings
    return _give_up()


async def shown(source: Tapped, *, within: float) -> bool:
    """Ask for one more scan and print what it is. Raises ``DeviceError``."""
    async with listening(source) as scanner:
        typer.echo("Scan a product to see it work.")
        try:
            burst = await scanner.burst(within=within)
        except TimeoutError:
            typer.echo("  Nothing came: try it with `scanner-daemon run`.")
            return False
    for scan in burst.scans:
        identifier = f", AIM identifier {scan.symbology_identifier}" if scan.symbology_identifier else ""
        typer.echo(f"  {scan.scan_data_label} ({scan.scan_data_type.name}{identifier})")
    if not burst.scans:
        typer.echo("  Something came, but no whole label: run setup again, with a page that is not creased.")
    return bool(burst.scans)


async def _told(way: Learner, scanner: Listening, *, within: float, last: bool) -> Settings | None:
    """Return what the labels tell; ``None`` when what comes is no text, and there is another way to listen."""
    bursts: list[Burst] = []
    settings: Settings = {}
    for _ in range(MOST_TRIES):
        burst = await _scanned(scanner, label=len(bursts) + 1, within=within)
        found = way.learn([*bursts, burst])
        if not isinstance(found, Complaint):
            typer.echo("  Understood.")
            settings = found
            bursts.append(burst)
            if len(bursts) == len(LABELS):
                return settings
        elif bursts and not isinstance(way.learn([burst]), Complaint):  # label 1 again: to go on without label 2
            return settings
        elif isinstance(found, Unreadable) and not bursts and not last:
            typer.echo(f"  Not readable: {found}. Trying another way.")
            return None
        else:
            typer.echo(f"  Not yet: {found}.")
            typer.echo("  Change that, or scan label 1 again to leave it so." if bursts else "  Change that.")
    return _give_up()


async def _scanned(scanner: Listening, *, label: int, within: float) -> Burst:
    typer.echo(f"Scan label {label} of the calibration page.")
    try:
        return await scanner.burst(within=within)
    except TimeoutError:
        fail(f"no scan came within {within:g} s: is it the right scanner, and is the page printed sharply?")


def _picked(devices: Sequence[Attached]) -> Attached | None:
    for number, device in enumerate(devices, start=1):
        doubt = "" if device.known_scanner else ", does not say it is a scanner"
        typer.echo(f"  {number}  {device.name or device.id} ({device.mode}{doubt}) {device.path}")
    typer.echo("  0  It is not plugged in yet")
    number = typer.prompt("Which one is it?", type=int, default=1)
    if not 0 <= number <= len(devices):
        fail(f"expected a number from 0 to {len(devices)}, got {number}", status=2)
    return devices[number - 1] if number else None


async def _plugged_in(before: Sequence[Attached], within: float) -> Attached:
    """Wait for a device that was not there ``before``."""
    typer.echo("Plug the scanner in.")
    nodes = {device.node for device in before}
    try:
        async with asyncio.timeout(within), HotPlug() as hotplug:
            while True:
                new = [device for device in attached() if device.node not in nodes]
                if new:
                    return new[0]
                await hotplug.changed(timeout=1.0)
    except TimeoutError:
        fail(f"no scanner was plugged in within {within:g} s: see `scanner-daemon devices`, or name it with --device")


def _give_up() -> NoReturn:
    fail(f"gave up after {MOST_TRIES} scans: set the scanner to its factory defaults, then to a US keyboard or to USB")
