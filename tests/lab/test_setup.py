"""``scanner-daemon setup``, driven to a working configuration by a scanner that is set to a German keyboard."""

from functools import partial

import pytest

from tests.lab.guest import Background
from tests.lab.lane import CONFIGURATION, Lane
from tests.lab.scanners import UsbScanner, key_reports

pytestmark = pytest.mark.long

SHIFT, ALTGR, CTRL, ENTER = 0x02, 0x40, 0x01, 0x28  # HID Usage Tables 1.5, section 10
DIGITS = dict(zip("1234567890", range(0x1E, 0x28), strict=True))
LABEL_1 = (  # 9YzqAwm-/*:@"|
    *key_reports(DIGITS["9"]),
    *key_reports(0x1D, modifiers=SHIFT),
    *key_reports(0x1C, 0x14),
    *key_reports(0x04, modifiers=SHIFT),
    *key_reports(0x1A, 0x10, 0x38),
    *key_reports(0x24, 0x30, 0x37, modifiers=SHIFT),
    *key_reports(0x14, modifiers=ALTGR),
    *key_reports(0x1F, modifiers=SHIFT),
    *key_reports(0x64, modifiers=ALTGR),
    bytes(8),
    *key_reports(ENTER),
)
LABEL_2 = (  # GS is Ctrl and the key right of Ü, where an American keyboard has its ]
    *key_reports(*(DIGITS[digit] for digit in "8018952000000000000019")),
    *key_reports(0x30, modifiers=CTRL),
    bytes(8),
    *key_reports(*(DIGITS[digit] for digit in "801912"), ENTER),
)
PRODUCT = "4006381333931"


def says(command: Background, words: str) -> bool:
    return words in command.output()


def test_setup_makes_a_configuration_that_works(lane: Lane) -> None:
    text = CONFIGURATION.read_text()
    before, after = text[: text.index("[[scanner]]")], text[text.index("[[card]]") :]
    scanner = lane.online(UsbScanner())
    lane.run("systemctl stop scanner-daemon")
    lane.put("/etc/scanner-daemon/config.toml", before + after)
    setup = lane.start("exec /opt/scanner-daemon/bin/scanner-daemon setup --yes")
    for line, label in (("Scan label 1", LABEL_1), ("Scan label 2", LABEL_2)):
        lane.eventually(partial(says, setup, line), f"it says {line!r}", within=60)
        scanner.press(*label)
    lane.eventually(partial(says, setup, "Scan a product"), "it wants to see it work", within=60)
    scanner.type(f"{PRODUCT}\n")
    lane.eventually(partial(says, setup, PRODUCT), "it shows the product")
    assert lane.typed() == "", "nothing of all this was typed into the shell"
    written = lane.read("/etc/scanner-daemon/config.toml")
    assert written.startswith(before + after)
    assert 'serial = "SN0042"' in written
    assert 'layout = "de"' in written
    assert 'control_map = "ctrl"' in written
    lane.run("systemctl start scanner-daemon", limit=90)
    lane.expect("scanner_online", scanner="counter", within=60)
    scanner.press(*LABEL_1)
    assert lane.expect("scan_passed_through", scanner="counter")["label"] == '9YzqAwm-/*:@"|'
