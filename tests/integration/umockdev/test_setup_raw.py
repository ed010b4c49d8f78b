"""The same for scanners that are read raw: HID POS, and keyboards that pack their keys."""

from __future__ import annotations

import time
import tomllib
from typing import TYPE_CHECKING

import pytest

from scanner_daemon.decoding.calibration.labels import CONTROL_LABEL, LAYOUT_LABEL
from tests.integration.umockdev.test_hidraw import HID_POS, KEYBOARD, report
from tests.integration.umockdev.test_setup import PRODUCT, SYN, set_up

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.integration.umockdev.conftest import RawHid, Wedge


def test_a_scanner_in_hid_pos_mode(plug_in_hid: Callable[..., RawHid], tmp_path: Path) -> None:
    raw = plug_in_hid(number=1, descriptor=HID_POS)
    file = tmp_path / "config.toml"
    identifiers = {LAYOUT_LABEL: b"]C0", CONTROL_LABEL: b"]C1", PRODUCT: b"]E0"}
    scan = lambda label: raw.send(report(label.encode(), identifiers[label]))  # noqa: E731  a scan in one line
    status, said = set_up(file, scan, "--device", raw.node)
    assert status == 0, said
    assert f"  {PRODUCT} (EAN13, AIM identifier ]E0)" in said
    (table,) = tomllib.loads(file.read_text())["scanner"]
    assert table == {"name": "counter", "driver": "hid-pos", "match": {"vendor": "05f9", "product": "2204"}}


@pytest.mark.timeout(60)  # it scans slowly, and twice
def test_a_scanner_that_packs_alt_codes_is_read_raw(
    plug_in: Callable[..., Wedge], plug_in_hid: Callable[..., RawHid], tmp_path: Path
) -> None:
    ids = {"vendor": "0c2e", "product": "0b61", "serial": "SN7"}
    wedge, raw = plug_in(number=1, **ids), plug_in_hid(number=1, descriptor=KEYBOARD, name="x", **ids)
    file = tmp_path / "config.toml"

    def scan(label: str) -> None:
        """Send the reports, and what the kernel makes of the first."""
        for down in (1, 0):
            wedge.send(*((1, key, down) for key in (56, 82, 76, 77)), SYN)
        for character in f"{label}\r":
            digits = (0x62 if digit == "0" else 0x58 + int(digit) for digit in f"{ord(character):03}")
            for keys in (bytes((4, 0, *digits, 0, 0, 0)), bytes(8)):
                raw.send(keys)
                time.sleep(0.03)  # read before the next: the node is a pty

    status, said = set_up(file, scan, "--device", wedge.node)
    assert status == 0, said
    assert f"  {PRODUCT} (" in said
    (table,) = tomllib.loads(file.read_text())["scanner"]
    assert (table["driver"], table["match"]["serial"], table["layout"]) == ("hid-keyboard", "SN7", "us")
