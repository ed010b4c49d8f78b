"""Loyalty programmes: one file a programme.

To add one, write a class with the one method of :class:`scanner_daemon.ports.LoyaltyProgram`, its settings as
dataclass fields, and give it a line here; the table of that name in the configuration then chooses it.
"""

from collections.abc import Mapping
from typing import Final

DRIVERS: Final[Mapping[str, str]] = {
    "gameball": "scanner_daemon.loyalty.gameball:Gameball",
}
"""Table name in the configuration → where its class is. Imported only when used."""
