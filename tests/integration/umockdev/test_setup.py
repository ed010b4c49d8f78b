"""Scripted scanners that type or report drive ``setup``, as it is started, to configurations that read them."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest

from scanner_daemon.decoding.calibration.labels import CONTROL_LABEL, LAYOUT_LABEL
from tests.decoding.calibration.typist import Typist
from tests.integration.umockdev.test_hidraw import HID_POS, report

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.integration.umockdev.conftest import RawHid, Wedge

PRODUCT = "4006381333931"
RUN = (sys.executable, "-m", "scanner_daemon")


def typed(wedge: Wedge, typist: Typist, label: str) -> Callable[[], None]:
    frames = typist.frames(label)
    return lambda: wedge.send(
        *(event for (stroke,) in frames for event in ((1, stroke.code, int(stroke.pressed)), (0, 0, 0)))
    )


def set_up(file: Path, scans: Sequence[Callable[[], None]], *arguments: str) -> tuple[int, str]:
    """Run ``setup``; answer each of its lines that begins with "Scan" with the next of ``scans``."""
    command = (*RUN, "setup", "--yes", "--timeout", "8", "-o", str(file), *arguments)
    waiting, said = list(scans), []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if line.startswith("Scan ") and waiting:
                waiting.pop(0)()
    assert "Traceback" not in "".join(said)
    return process.returncode, "".join(said)


@pytest.mark.parametrize(
    ("typist", "expected"),
    [
        (Typist(layout="de"), {"layout": "de", "terminator": "enter", "control_map": "ctrl"}),
        (
            Typist(layout="fr", terminator="tab", controls="function-keys"),
            {"layout": "fr", "terminator": "tab", "control_map": "function-keys"},
        ),
        (Typist(terminator="none", everything_alt=True), {"layout": "us", "terminator": "none", "control_map": "ctrl"}),
    ],
    ids=["German", "French with Tab and function keys", "ALT codes"],
)
def test_a_scanner_that_types(
    plug_in: Callable[..., Wedge], tmp_path: Path, typist: Typist, expected: dict[str, str]
) -> None:
    wedge = plug_in(number=1, serial="SN7")
    file = tmp_path / "config.toml"
    scans = [typed(wedge, typist, label) for label in (LAYOUT_LABEL, CONTROL_LABEL, PRODUCT)]
    status, said = set_up(file, scans)  # the only one there is: found without being named
    assert status == 0, said
    assert f"  {PRODUCT} (" in said
    (table,) = tomllib.loads(file.read_text())["scanner"]
    match = {"vendor": "0c2e", "product": "0b61", "serial": "SN7"}
    assert table == {"name": "counter", "driver": "keyboard-wedge", "match": match, "code_id": "aim", **expected}


def test_a_scanner_in_hid_pos_mode(plug_in_hid: Callable[..., RawHid], tmp_path: Path) -> None:
    raw = plug_in_hid(number=1, descriptor=HID_POS)
    file = tmp_path / "config.toml"
    labels = ((LAYOUT_LABEL, b"]C0"), (CONTROL_LABEL, b"]C1"), (PRODUCT, b"]E0"))
    scans = [lambda label=label, ident=ident: raw.send(report(label.encode(), ident)) for label, ident in labels]
    status, said = set_up(file, scans, "--device", raw.node)
    assert status == 0, said
    assert f"  {PRODUCT} (EAN13, AIM identifier ]E0)" in said
    (table,) = tomllib.loads(file.read_text())["scanner"]
    assert table == {"name": "counter", "driver": "hid-pos", "match": {"vendor": "05f9", "product": "2204"}}


def test_two_of_a_kind_are_told_apart_by_where_they_are_plugged_in(
    plug_in: Callable[..., Wedge], tmp_path: Path
) -> None:
    plug_in(number=1)
    wedge = plug_in(number=2)
    file = tmp_path / "config.toml"
    status, said = set_up(file, [])
    assert (status, "there are 2 scanners: name one with --device" in said) == (2, True)
    scans = [typed(wedge, Typist(), label) for label in (LAYOUT_LABEL, CONTROL_LABEL, PRODUCT)]
    status, said = set_up(file, scans, "--device", wedge.node)
    assert status == 0, said
    assert tomllib.loads(file.read_text())["scanner"][0]["match"]["physical_port"] == wedge.physical_port


def test_a_persons_keyboard_is_refused(plug_in: Callable[..., Wedge], tmp_path: Path) -> None:
    keyboard = plug_in(number=1, name="Logitech USB Keyboard", vendor="046d", product="c31c")
    status, said = set_up(tmp_path / "config.toml", [], "--device", keyboard.node)
    assert status == 1
    assert "looks like a person's keyboard" in said
