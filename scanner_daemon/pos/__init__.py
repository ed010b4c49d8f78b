"""The till: where everything that is no member's card goes, at once and as if nothing stood between.

To add a way to the till, write a class with the methods of :class:`scanner_daemon.ports.Till`, its settings as
dataclass fields, and give it a line here. What may reach the till at all is not its business: see
:mod:`scanner_daemon.pos.firewall`.
"""

from collections.abc import Mapping
from typing import Final

DRIVERS: Final[Mapping[str, str]] = {
    "virtual-keyboard": "scanner_daemon.pos.virtual_keyboard:VirtualKeyboard",
}
"""Driver name in the configuration → where its class is. Imported only when used."""
