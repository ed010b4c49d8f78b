"""What the doctor says of scanners that are there, not there, or there in another way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scanner_daemon.cli.doctor_scanners import scanner_findings
from scanner_daemon.config import parse_config
from tests.bystander import bystander
from tests.integration.umockdev.test_hidraw import HID_POS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from scanner_daemon.cli.finding import Finding
    from tests.integration.umockdev.conftest import RawHid, Testbed, Wedge


def findings(**scanner: object) -> list[Finding]:
    document = {"lane": {"name": "l"}, "scanner": [{"name": "s", **scanner}]}
    return list(scanner_findings(parse_config(document, file="c.toml", require_secrets=False).scanners))


def wedge_of(vendor: str) -> dict[str, object]:
    return {"driver": "keyboard-wedge", "match": {"vendor": vendor}, "layout": "de"}


def test_a_scanner_that_is_there(plug_in: Callable[..., Wedge]) -> None:
    wedge = plug_in(number=1)
    (found,) = findings(**wedge_of("0c2e"))
    assert found.well
    assert found.detail == f"keyboard-wedge, {wedge.node}, layout de"


def test_one_in_another_mode_is_told(plug_in_hid: Callable[..., RawHid]) -> None:
    plug_in_hid(number=1, descriptor=HID_POS)
    (found,) = findings(**wedge_of("0c2e"))
    assert (found.check, "Datalogic Magellan as hid-pos" in found.detail) == ("scanner s: mode", True)
    assert "set it back to its mode, or run setup again" in found.cure


def test_nothing_there(plug_in: Callable[..., Wedge]) -> None:
    plug_in(number=1, name="Logitech USB Keyboard", vendor="046d", product="c31c")
    (found,) = findings(**wedge_of("0c2e"))
    assert "plug it in" in found.cure


def test_two_that_fit(plug_in: Callable[..., Wedge]) -> None:
    plug_in(number=1)
    plug_in(number=2)
    (found,) = findings(**wedge_of("0c2e"))
    assert "add serial or physical_port" in found.cure


def test_a_persons_keyboard(plug_in: Callable[..., Wedge]) -> None:
    plug_in(number=1, name="Logitech USB Keyboard", vendor="046d", product="c31c")
    _, found = findings(**wedge_of("046d"))
    assert "claim_keyboard = true" in found.cure
    (claimed,) = findings(**wedge_of("046d"), claim_keyboard=True)
    assert claimed.well


@pytest.fixture
def meddlers(tmp_path: Path) -> Iterator[None]:
    """Programs run that take serial ports for a modem and for a braille display."""
    with bystander("ModemManager", tmp_path), bystander("brltty", tmp_path):
        yield


def plug_in_bridge(testbed: Testbed, vendor: str, properties: str = "") -> str:
    """A USB-to-serial cable; return its node."""
    usb = "/devices/pci0000:00/0000:00:14.0/usb1/3-1"
    testbed.add(
        f"P: {usb}/3-1:1.0/tty/ttyUSB0\nN: ttyUSB0\nE: DEVNAME=/dev/ttyUSB0\nE: SUBSYSTEM=tty\n{properties}\n"
        f"P: {usb}\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\nA: idVendor={vendor}\nA: idProduct=6001\n"
    )
    return "/dev/ttyUSB0"


def checks(port: str) -> set[str]:
    return {found.check for found in findings(driver="serial", port=port) if not found.well}


@pytest.mark.usefixtures("meddlers")
def test_programs_that_meddle_with_serial_ports(testbed: Testbed) -> None:
    port = plug_in_bridge(testbed, "0403")
    assert checks(port) >= {"scanner s: ModemManager", "scanner s: brltty"}


@pytest.mark.usefixtures("meddlers")
def test_a_port_that_is_marked_is_left_alone(testbed: Testbed) -> None:
    port = plug_in_bridge(testbed, "1eab", "E: ID_MM_DEVICE_IGNORE=1\n")
    assert not checks(port) & {"scanner s: ModemManager", "scanner s: brltty"}
