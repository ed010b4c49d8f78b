"""Scanners: one file a way of connecting one.

To add a source, write a class with the one method of :class:`scanner_daemon.ports.ScannerSource`, its settings as
dataclass fields, and give it a line here.
"""

from collections.abc import Mapping
from typing import Final

DRIVERS: Final[Mapping[str, str]] = {
    "keyboard-wedge": "scanner_daemon.sources.keyboard_wedge:KeyboardWedge",
    "hid-pos": "scanner_daemon.sources.hid_pos:HidPos",
    "hid-keyboard": "scanner_daemon.sources.hid_keyboard:HidKeyboard",
    "serial": "scanner_daemon.sources.serial_port:SerialPort",
    "replay": "scanner_daemon.sources.replay:Replay",
}
"""Driver name in the configuration → where its class is. Imported only when used."""
