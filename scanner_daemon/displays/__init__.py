"""Displays and other listeners: one file a way of telling people.

To add one, write a class with the one method of :class:`scanner_daemon.ports.LaneListener`, its settings as
dataclass fields, and give it a line here.
"""

from collections.abc import Mapping
from typing import Final

DRIVERS: Final[Mapping[str, str]] = {
    "kiosk": "scanner_daemon.displays.kiosk:Kiosk",
    "line-display": "scanner_daemon.displays.line_display:LineDisplay",
    "console": "scanner_daemon.displays.console:Console",
    "webhook": "scanner_daemon.displays.webhook:Webhook",
    "mqtt": "scanner_daemon.displays.mqtt:Mqtt",
}
"""Driver name in the configuration → where its class is. Imported only when used."""

LANGUAGES: Final = ("en", "ar", "de", "es", "fr", "pt", "tr")
"""What displays speak; each but English has a catalogue in ``languages/``."""
