from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import typer
from typer.testing import CliRunner

from scanner_daemon.cli.devices import devices
from scanner_daemon.sources.access import owning_group
from scanner_daemon.sources.discovery import attached

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.umockdev.conftest import Testbed, Wedge

USB = "/devices/pci0000:00/0000:00:14.0/usb1"


def plug_in_hid_pos(testbed: Testbed, number: int, descriptor: str) -> None:
    """A HID device with this report descriptor, as ``/dev/hidraw{number}``."""
    hid = f"{USB}/2-{number}/2-{number}:1.0/0003:05F9:2204.{number:04X}"
    testbed.add(
        f"P: {hid}/hidraw/hidraw{number}\nN: hidraw{number}\nE: DEVNAME=/dev/hidraw{number}\nE: SUBSYSTEM=hidraw\n\n"
        f"P: {hid}\nE: SUBSYSTEM=hid\nE: HID_ID=0003:000005F9:00002204\nE: HID_NAME=Datalogic Magellan\n"
        f"E: HID_PHYS=usb-0000:00:14.0-{number}/input0\nE: HID_UNIQ=M-1\nH: report_descriptor={descriptor}\n"
    )


def plug_in_serial(testbed: Testbed, number: int) -> None:
    """A USB scanner in serial mode, as ``/dev/ttyACM{number}``."""
    usb = f"{USB}/3-{number}"
    link = "/dev/serial/by-id/usb-Newland_HR11_N7-if00"
    testbed.add(
        f"P: {usb}/3-{number}:1.0/tty/ttyACM{number}\nN: ttyACM{number}\nE: DEVNAME=/dev/ttyACM{number}\n"
        f"E: SUBSYSTEM=tty\nE: DEVLINKS={link}\n\n"
        f"P: {usb}\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\nA: idVendor=1eab\nA: idProduct=1f06\n"
        "A: manufacturer=Newland\nA: product=HR11\nA: serial=N7\n"
    )


def run(*arguments: str) -> str:
    app = typer.Typer()
    app.command()(devices)
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.stdout


def listed() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run("--json"))
    return found


@pytest.mark.usefixtures("testbed")
def test_nothing_plugged_in_is_a_sentence_and_an_empty_list() -> None:
    assert run().startswith("No scanner found")
    assert listed() == []


def test_a_keyboard_wedge_is_listed_as_what_the_configuration_needs(plug_in: Callable[..., Wedge]) -> None:
    wedge = plug_in(number=1, serial="SN1")

    assert listed() == [
        {
            "id": "usb-Honeywell_Xenon_1900_SN1-event-kbd",
            "driver": "keyboard-wedge",
            "mode": "keyboard",
            "path": "/dev/input/by-id/usb-Honeywell_Xenon_1900_SN1-event-kbd",
            "node": wedge.node,
            "name": "Honeywell Xenon 1900",
            "vendor": "0c2e",
            "product": "0b61",
            "serial": "SN1",
            "physical_port": wedge.physical_port,
            "known_scanner": True,
            "refused": None,
            "permission": "granted",
            "group": owning_group(wedge.node),
            "held_by": [],
        }
    ]


def test_the_table_tells_the_same_to_people(plug_in: Callable[..., Wedge]) -> None:
    wedge = plug_in(number=1, serial="SN1")
    shown = run()

    for expected in ("Honeywell Xenon 1900", "keyboard-wedge", 'serial = "SN1"', wedge.physical_port, "granted"):
        assert expected in shown


def test_scanners_in_the_other_modes_are_listed_with_their_driver(testbed: Testbed) -> None:
    plug_in_hid_pos(testbed, 3, "058C0902A1010912A102")
    plug_in_serial(testbed, 0)

    assert [(device["mode"], device["driver"], device["node"], device["id"]) for device in listed()] == [
        ("hid-pos", "hid-pos", "/dev/hidraw3", "05f9:2204:M-1"),
        ("serial", "serial", "/dev/ttyACM0", "usb-Newland_HR11_N7-if00"),
    ]


def test_what_cannot_be_a_scanner_is_not_listed(testbed: Testbed) -> None:
    plug_in_hid_pos(testbed, 3, "05010906A1010507")  # a keyboard's raw node
    testbed.add("P: /devices/platform/serial8250/tty/ttyS0\nN: ttyS0\nE: DEVNAME=/dev/ttyS0\nE: SUBSYSTEM=tty\n")
    testbed.add(  # a power button: keys, but no letters
        "P: /devices/LNXPWRBN:00/input/input0/event0\nN: input/event0\nE: DEVNAME=/dev/input/event0\n"
        "E: SUBSYSTEM=input\n\nP: /devices/LNXPWRBN:00/input/input0\nE: SUBSYSTEM=input\n"
        "A: capabilities/key=10000000000000 0\n"
    )
    testbed.add(  # the virtual keyboard of a program: reading it would be reading ourselves
        "P: /devices/virtual/input/input9/event9\nN: input/event9\nE: DEVNAME=/dev/input/event9\n"
        "E: SUBSYSTEM=input\n\nP: /devices/virtual/input/input9\nE: SUBSYSTEM=input\nA: capabilities/key=fffffffe\n"
    )

    assert listed() == []


def test_a_device_that_does_not_say_it_scans_comes_last_and_is_marked(plug_in: Callable[..., Wedge]) -> None:
    plug_in(number=1, name="Logitech USB Keyboard", vendor="046d", product="c31c")
    plug_in(number=2)

    assert [(device["name"], device["known_scanner"]) for device in listed()] == [
        ("Honeywell Xenon 1900", True),
        ("Logitech USB Keyboard", False),
    ]
    assert listed()[1]["refused"] == "looks like a person's keyboard; claim_keyboard = true takes it"
    assert "claim_keyboard = true" in " ".join(run().split())


def test_a_nameless_keyboard_may_be_a_scanner_and_is_marked(plug_in: Callable[..., Wedge]) -> None:
    plug_in(number=1, name="USB Device", vendor="ffff", product="0035")

    assert [device["refused"] for device in listed()] == [None]
    assert "does not say" in run()


def test_a_link_two_devices_fight_for_is_nobodys(plug_in: Callable[..., Wedge]) -> None:
    left, right = plug_in(number=1), plug_in(number=2)  # no serial numbers: one by-id name for both

    assert [device.path for device in attached()] == [left.node, right.node]
