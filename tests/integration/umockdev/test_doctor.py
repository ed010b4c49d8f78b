"""What the doctor says of scanners that are there, not there, or there in another way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanner_daemon.cli.doctor_scanners import scanner_findings
from scanner_daemon.config import parse_config
from tests.integration.umockdev.test_hidraw import HID_POS

if TYPE_CHECKING:
    from collections.abc import Callable

    from scanner_daemon.cli.finding import Finding
    from tests.integration.umockdev.conftest import RawHid, Wedge


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
