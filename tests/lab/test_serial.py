"""Scanners on a serial line: an FTDI adapter and USB CDC-ACM. The daemon runs before their drivers are loaded."""

import time

import pytest

from tests.lab.lane import Lane
from tests.lab.scanners import FtdiScanner, UsbScanner

PRODUCT = "4006381333931"


@pytest.fixture(params=["ftdi", "cdc"])
def name(request: pytest.FixtureRequest) -> str:
    """The scanner's name in ``lane.toml``."""
    return str(request.param)


@pytest.fixture
def scanner(name: str) -> FtdiScanner | UsbScanner:
    """The scanner of that name, not plugged in."""
    return FtdiScanner() if name == "ftdi" else UsbScanner(serial="SN0044", interfaces=("cdc-acm",))


def test_scan_unplug_replug(lane: Lane, scanner: FtdiScanner | UsbScanner, name: str) -> None:
    for _ in range(2):
        lane.online(scanner, name)
        scanner.send(f"{PRODUCT}\r".encode())
        assert lane.expect("scan_passed_through", scanner=name)["label"] == PRODUCT
        scanner.send(PRODUCT[:6].encode())
        time.sleep(0.3)  # what is still on the way when the plug is pulled is lost, and nobody tells
        lane.unplug(scanner)
        assert lane.expect("scan_discarded", scanner=name)["reason"] == "device_lost"
        lane.expect("scanner_offline", scanner=name)
    assert (
        lane.told("scan_passed_through", "scan_discarded")
        == [("scan_passed_through", name), ("scan_discarded", name)] * 2
    )


def test_nobody_else_is_to_touch_the_port(lane: Lane, scanner: FtdiScanner | UsbScanner, name: str) -> None:
    lane.online(scanner, name)
    (node,) = scanner.nodes(lane)
    another = "setpriv --reuid=nobody --regid=scanner-daemon --clear-groups"
    status, output = lane.attempt(f"{another} sh -c ': <{node}'")
    assert (status != 0, "busy" in output) == (True, True), output
    usb_device = lane.run(f"udevadm info --query=path --name={node}").partition(":1.0/")[0].rpartition("/")[0]
    for query in (f"--name={node}", f"--path={usb_device}"):
        assert "ID_MM_DEVICE_IGNORE=1" in lane.run(f"udevadm info --query=property {query}").splitlines()


def test_the_scanner_is_told_after_the_decision(lane: Lane) -> None:
    ack, nak = b"\x06", b"\x15"
    scanner = lane.online(FtdiScanner(), "ftdi")
    for label, kind, answer in (
        (PRODUCT, "scan_passed_through", ack),
        ("0412345678904", "scan_rejected", nak),
        ("0412345678903", "scan_accepted", ack),
    ):
        scanner.send(f"{label}\r".encode())
        assert scanner.hear(1) == answer, label
        lane.expect(kind, scanner="ftdi")
