"""Where a lane's messages are at an MQTT broker, and what Home Assistant is told of its scanners. Pure.

Home Assistant, MQTT discovery: https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery
"""

import json
import re
from dataclasses import dataclass
from typing import Final

ONLINE: Final = "online"
OFFLINE: Final = "offline"

_NO_LEVEL: Final = re.compile(r"[+#/\0]")  # MQTT 5.0, 4.7: what has a meaning of its own in a topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """The topics of one lane. None holds anything of a customer.

    ``store`` and ``lane`` are a level each; ``discovery_prefix``, where Home Assistant looks, may be several.
    """

    store: str
    lane: str
    discovery_prefix: str

    def __post_init__(self) -> None:
        for key, level in (("store", self.store), ("lane", self.lane)):
            if not level or _NO_LEVEL.search(level):
                raise ValueError(f"{key}: expected one level of a topic, without + # and /, got {level!r}")
        if self.discovery_prefix and not all(
            level and not _NO_LEVEL.search(level) for level in self.discovery_prefix.split("/")
        ):
            raise ValueError(
                f"discovery_prefix: expected a topic such as homeassistant, or nothing, got {self.discovery_prefix!r}"
            )

    @property
    def client_id(self) -> str:
        """Return the lane's name at the broker: always the same, so that a restart ends its own old session."""
        return f"scanner-daemon-{self.store}-{self.lane}"

    @property
    def status(self) -> str:
        """Return where the lane itself is ``online`` or ``offline``."""
        return f"{self._lane}/status"

    def event(self, event_type: str) -> str:
        """Return where events of a type are."""
        return f"{self._lane}/events/{event_type}"

    def scanner(self, name: str) -> str:
        """Return where a scanner is ``online`` or ``offline``."""
        return f"{self._lane}/scanners/{name}"

    def discovery(self, scanner: str) -> tuple[str, str] | None:
        """Return topic and payload that make a scanner known to Home Assistant; ``None`` where it is not asked to."""
        if not self.discovery_prefix:
            return None
        device = f"{_identifier(self.store)}__{_identifier(self.lane)}"
        sensor = {
            "name": scanner,
            "unique_id": f"scanner-daemon__{device}__{_identifier(scanner)}",
            "device_class": "connectivity",
            "entity_category": "diagnostic",
            "state_topic": self.scanner(scanner),
            "payload_on": ONLINE,
            "payload_off": OFFLINE,
            "availability_topic": self.status,
            "payload_available": ONLINE,
            "payload_not_available": OFFLINE,
            "device": {"identifiers": [f"scanner-daemon__{device}"], "name": f"{self.store} {self.lane}"},
            "origin": {"name": "scanner-daemon"},
        }
        return f"{self.discovery_prefix}/binary_sensor/{device}/{_identifier(scanner)}/config", json.dumps(sensor)

    @property
    def _lane(self) -> str:
        return f"scanner-daemon/{self.store}/{self.lane}"


def _identifier(name: str) -> str:
    """Return ``name`` as Home Assistant takes it, ``[a-zA-Z0-9_-]+``; two names never become one.

    >>> _identifier("lane.1"), _identifier("lane_1")
    ('lane_2e1', 'lane_5f1')
    """
    return re.sub(r"[^a-zA-Z0-9-]", lambda match: f"_{match[0].encode().hex()}", name)
