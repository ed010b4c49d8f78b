"""A keyboard made of software (kernel documentation, "uinput module"; ``linux/uinput.h``).

python-evdev's ``UInput`` is not used: it looks for the event node of the keyboard it has made, which an unprivileged
daemon may not open, and waits two seconds for that to change.
"""

import fcntl
import os
import struct
from collections.abc import Iterable
from typing import Final

BUS_VIRTUAL: Final = 0x06
"""``linux/input.h``. No scanner is on this bus: what is, is never claimed as one."""

_UI_SET_EVBIT: Final = 0x40045564  # _IOW('U', 100, int)
_UI_SET_KEYBIT: Final = 0x40045565  # _IOW('U', 101, int)
_UI_DEV_SETUP: Final = 0x405C5503  # _IOW('U', 3, struct uinput_setup)
_UI_DEV_CREATE: Final = 0x5501  # _IO('U', 1)
_EV_KEY: Final = 1
_SETUP: Final = struct.Struct("@HHHH80sI")  # input_id (bus, vendor, product, version), name, force-feedback effects


def plug_in(path: str, *, name: str, codes: Iterable[int]) -> int:
    """Make a keyboard with the keys ``codes`` and nothing else; return the descriptor that types on it.

    The kernel drops any key that is not among them. It unplugs the keyboard, all keys up, when the last copy of the
    descriptor is closed. Raises ``OSError``.
    """
    keyboard = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        fcntl.ioctl(keyboard, _UI_SET_EVBIT, _EV_KEY)
        for code in codes:
            fcntl.ioctl(keyboard, _UI_SET_KEYBIT, code)
        fcntl.ioctl(keyboard, _UI_DEV_SETUP, _SETUP.pack(BUS_VIRTUAL, 0, 0, 1, name.encode(), 0))
        fcntl.ioctl(keyboard, _UI_DEV_CREATE)
    except OSError:
        os.close(keyboard)
        raise
    return keyboard
