"""Scripted scanners that type or report drive ``setup``, as it is started, to configurations that read them."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest

from scanner_daemon.decoding.calibration.labels import CONTROL_LABEL, LAYOUT_LABEL
from tests.decoding.calibration.typist import Typist

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.integration.umockdev.conftest import Wedge

SYN = (0, 0, 0)
PRODUCT = "4006381333931"
LABELS = {"Scan label 1": LAYOUT_LABEL, "Scan label 2": CONTROL_LABEL, "Scan a product": PRODUCT}
RUN = (sys.executable, "-m", "scanner_daemon")


def typing(wedge: Wedge, typist: Typist) -> Callable[[str], None]:
    def scan(label: str) -> None:
        for (stroke,) in typist.frames(label):
            wedge.send((1, stroke.code, int(stroke.pressed)), SYN)

    return scan


def set_up(file: Path, scan: Callable[[str], None], *arguments: str) -> tuple[int, str]:
    """Run ``setup``; have the label scanned that each of its lines asks for."""
    command = (*RUN, "setup", "--yes", "--timeout", "8", "-o", str(file), *arguments)
    said = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            asked = next((label for words, label in LABELS.items() if line.startswith(words)), None)
            if asked is not None:
                scan(asked)
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
    ],
    ids=["German", "French with Tab and function keys"],
)
def test_a_scanner_that_types(
    plug_in: Callable[..., Wedge], tmp_path: Path, typist: Typist, expected: dict[str, str]
) -> None:
    wedge = plug_in(number=1, serial="SN7")
    file = tmp_path / "config.toml"
    status, said = set_up(file, typing(wedge, typist))  # the only one there is: found without being named
    assert status == 0, said
    assert f"  {PRODUCT} (" in said
    (table,) = tomllib.loads(file.read_text())["scanner"]
    match = {"vendor": "0c2e", "product": "0b61", "serial": "SN7"}
    assert table == {"name": "counter", "driver": "keyboard-wedge", "match": match, "code_id": "aim", **expected}


def test_two_of_a_kind_are_told_apart_by_where_they_are_plugged_in(
    plug_in: Callable[..., Wedge], tmp_path: Path
) -> None:
    plug_in(number=1)
    wedge = plug_in(number=2)
    file = tmp_path / "config.toml"
    status, said = set_up(file, typing(wedge, Typist()))
    assert (status, "there are 2 scanners: name one with --device" in said) == (2, True)
    status, said = set_up(file, typing(wedge, Typist()), "--device", wedge.node)
    assert status == 0, said
    assert tomllib.loads(file.read_text())["scanner"][0]["match"]["physical_port"] == wedge.physical_port


def test_a_persons_keyboard_is_refused(plug_in: Callable[..., Wedge], tmp_path: Path) -> None:
    keyboard = plug_in(number=1, name="Logitech USB Keyboard", vendor="046d", product="c31c")
    status, said = set_up(tmp_path / "config.toml", typing(keyboard, Typist()), "--device", keyboard.node)
    assert status == 1
    assert "looks like a person's keyboard" in said
