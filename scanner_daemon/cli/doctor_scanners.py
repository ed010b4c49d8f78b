"""What ``scanner-daemon doctor`` looks at of each scanner."""

import os
import pwd
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from scanner_daemon.cli.finding import SERVICE, Finding
from scanner_daemon.config import Scanner
from scanner_daemon.sources.access import holders, owning_group
from scanner_daemon.sources.discovery import Attached, attached, hid_keyboards, udev_property
from scanner_daemon.sources.hid_keyboard import HidKeyboard
from scanner_daemon.sources.hid_pos import HidPos
from scanner_daemon.sources.keyboard_wedge import KeyboardWedge
from scanner_daemon.sources.recognition import is_personal_keyboard
from scanner_daemon.sources.replay import Replay
from scanner_daemon.sources.serial_port import SerialPort

_Matched: TypeAlias = KeyboardWedge | HidKeyboard | HidPos

_DRIVERS: Final = {KeyboardWedge: "keyboard-wedge", HidKeyboard: "hid-keyboard", HidPos: "hid-pos"}
_BRIDGES: Final = frozenset({"0403", "10c4", "1a86"})
"""Makers of USB-to-serial chips that braille displays have too: FTDI, Silicon Labs, WCH (brltty's udev rules)."""

_RULES: Final = "run udev/install.sh of this package, and plug the scanner in again"


def scanner_findings(scanners: Sequence[Scanner]) -> Iterator[Finding]:
    """Yield what there is to say about each of ``scanners``, at least one thing."""
    if not scanners:
        yield Finding(check="scanners", detail="none is configured", cure="run `scanner-daemon setup`")
    devices = [*attached(), *hid_keyboards()]
    for scanner in scanners:
        source, check = scanner.source.build(), f"scanner {scanner.name}"
        match source:
            case Replay():
                cure = "" if os.access(source.file, os.R_OK) else "correct `file`, or the file's permissions"
                yield Finding(check=check, detail=f"replays {source.file}", cure=cure)
            case SerialPort():
                yield from _port(check, source, devices)
            case KeyboardWedge() | HidKeyboard() | HidPos():
                yield from _matched(check, source, devices)
            case _:
                yield Finding(check=check, detail=f"a {type(source).__name__}, which is not known here")


def _port(check: str, source: SerialPort, devices: Sequence[Attached]) -> Iterator[Finding]:
    if not Path(source.port).exists():
        yield _absent(check, source.port, [device for device in devices if device.mode != "serial"])
        return
    yield _usable(check, source.port, f"serial, {source.port}, {source.baudrate} baud", writes=True)
    yield from _read_along(check, source.port)
    node = str(Path(source.port).resolve())
    device = next((device for device in devices if device.node == node), None)
    yield from _meddlers(check, device) if device else ()


def _meddlers(check: str, device: Attached) -> Iterator[Finding]:
    """Tell of programs that open any USB serial port they see."""
    running = _running()
    if "ModemManager" in running and udev_property(device.node, "ID_MM_DEVICE_IGNORE") != "1":
        yield Finding(check=f"{check}: ModemManager", detail="it runs, and may talk to the scanner", cure=_RULES)
    if "brltty" in running and device.vendor in _BRIDGES:
        detail, cure = "it runs, and takes such USB-to-serial cables for braille displays", "apt-get purge brltty"
        yield Finding(check=f"{check}: brltty", detail=detail, cure=cure)


def _matched(check: str, source: _Matched, devices: Sequence[Attached]) -> Iterator[Finding]:
    driver = _DRIVERS[type(source)]
    mine = [device for device in devices if device.driver == driver]
    if source.match is None:
        nodes = [str(source.path)] if Path(str(source.path)).exists() else []
    else:
        nodes = [device.node for device in mine if source.match.fits(device)]
    if not nodes:
        others = [device for device in devices if device.driver != driver and device.known_scanner]
        yield _absent(check, str(source.match or source.path), others)
    elif len(nodes) > 1:
        cure = "add serial or physical_port to match, see `scanner-daemon devices`"
        yield Finding(check=check, detail=f"{len(nodes)} devices fit {source.match}: {', '.join(nodes)}", cure=cure)
    else:
        layout = "" if isinstance(source, HidPos) else f", layout {source.layout}"
        yield _usable(check, nodes[0], f"{driver}, {nodes[0]}{layout}", writes=driver != "keyboard-wedge")
        device = next((device for device in mine if device.node == nodes[0]), None)
        yield from _personal(check, source, device) if device else ()
        yield from _read_along(check, nodes[0]) if driver != "keyboard-wedge" else ()


def _absent(check: str, wanted: str, others: Sequence[Attached]) -> Finding:
    """Tell of a scanner that is not there; one that is there in another mode may be the one."""
    scanners = [device for device in others if device.known_scanner]
    if scanners:
        seen = ", ".join(f"{device.name} as {device.driver}" for device in scanners)
        detail, cure = f"no device is {wanted}, but there is {seen}", "set it back to its mode, or run setup again"
        return Finding(check=f"{check}: mode", detail=detail, cure=cure)
    return Finding(check=check, detail=f"no device is {wanted}", cure="plug it in, see `scanner-daemon devices`")


def _usable(check: str, node: str, detail: str, *, writes: bool) -> Finding:
    """Tell whether the daemon's user may use ``node``; where there is no such user, whether this one may."""
    status = Path(node).stat()
    needed = stat.S_IRGRP | (stat.S_IWGRP if writes else 0)
    by_group = owning_group(node) == SERVICE and status.st_mode & needed == needed
    by_all = status.st_mode & (needed >> 3) == needed >> 3
    ours = (os.geteuid() != 0 or not _service_user_exists()) and os.access(node, os.R_OK | (os.W_OK if writes else 0))
    if by_group or by_all or ours:
        return Finding(check=check, detail=detail)
    problem = f"{detail}: the daemon's user may not use it, it belongs to group {owning_group(node)}"
    return Finding(check=f"{check}: permission", detail=problem, cure=_RULES)


def _service_user_exists() -> bool:
    try:
        pwd.getpwnam(SERVICE)
    except KeyError:
        return False
    return True


def _read_along(check: str, node: str) -> Iterator[Finding]:
    others = [name for name in holders(node) if not name.startswith(f"{SERVICE} ")]
    if others:
        yield Finding(check=f"{check}: shared", detail=f"also open in {', '.join(others)}", cure="stop that program")


def _personal(check: str, source: _Matched, device: Attached) -> Iterator[Finding]:
    """Tell of what the daemon will refuse."""
    if isinstance(source, HidPos) or source.claim_keyboard:
        return
    if is_personal_keyboard(vendor=device.vendor, product=device.product, name=device.name, bus=0):
        detail = f"{device.name} looks like a person's keyboard, and is refused"
        cure = "set claim_keyboard = true for it, if it is a scanner"
        yield Finding(check=f"{check}: keyboard", detail=detail, cure=cure)


def _running() -> set[str]:
    """Return the names of all programs that run."""
    names = set()
    for file in Path("/proc").glob("[0-9]*/comm"):
        try:
            names.add(file.read_text().strip())
        except OSError:  # it ended while we looked
            continue
    return names
