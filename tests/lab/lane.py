"""A guest with the daemon running as a service, the sandbox beside it, and somebody who watches both ends."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.lab.guest import PYTHON, Guest, Plugged

CONFIGURATION = Path(__file__).parent / "lane.toml"
INSIDE = Path(__file__).parent / "inside"
TOKEN = "lab-token"

SANDBOX_UNIT = """
[Service]
ExecStart=/opt/scanner-daemon/bin/scanner-daemon sandbox
"""
PATIENCE = """
# An emulated machine on a busy host takes its time.
[Service]
TimeoutStartSec=300
"""
SHOP_RULES = """
# The serial adapter has the ids of its chip, so the shop has to say that a scanner hangs on it.
SUBSYSTEM=="usb|tty", ATTRS{idVendor}=="0403", ATTRS{idProduct}=="6001", ENV{SCANNER_DAEMON}="shared"
# This one is on no USB, so no USB ids tell of it.
SUBSYSTEM=="hidraw", KERNELS=="0003:05F9:2204.*", ENV{SCANNER_DAEMON}="shared"
"""


@dataclass(slots=True, kw_only=True)
class Lane(Guest):
    """A lane at work. ``expect`` walks through the event stream from where it stood."""

    _seen: int = field(init=False, default=0)

    def open(self) -> None:
        """Start sandbox, watchers and daemon on a guest with the product installed, by :meth:`configuration`."""
        self.put("/etc/udev/rules.d/65-shop.rules", SHOP_RULES)
        self.put("/etc/credstore/gameball_api_key", "lab-key\n", mode=0o600)
        self.put("/etc/credstore/gameball_secret_key", "lab-secret\n", mode=0o600)
        self.put("/etc/credstore/scanner_daemon_token", f"{TOKEN}\n", mode=0o600)
        self.put("/etc/scanner-daemon/config.toml", self.configuration())
        self.put("/etc/systemd/system/sandbox.service", SANDBOX_UNIT)
        self.put("/etc/systemd/system/scanner-daemon.service.d/patience.conf", PATIENCE)
        self.put("/run/lab/token", TOKEN)
        self.put("/run/lab/watch_events.py", (INSIDE / "watch_events.py").read_bytes())
        self.run("udevadm control --reload; systemctl daemon-reload")
        self.start("exec </dev/tty1; stty raw -echo; exec cat >/run/lab/typed")
        self.start(f"exec {PYTHON} /run/lab/watch_events.py")
        self.run("systemctl start sandbox.service scanner-daemon.service", limit=300)
        self.eventually(lambda: "offline" in self.read("/run/lab/events"), "events are watched", within=60)

    @staticmethod
    def configuration() -> str:
        """Return what the daemon is configured with."""
        return CONFIGURATION.read_text()

    def events(self) -> list[dict[str, Any]]:
        """Return what ``GET /events`` has told."""
        return [json.loads(line) for line in self.read("/run/lab/events").splitlines(keepends=True) if line[-1] == "\n"]

    def expect(self, kind: str, *, within: float = 15, **fields: object) -> dict[str, Any]:
        """Wait for the next event of this type with these fields, and return it; skips others."""

        def next_one() -> dict[str, Any] | None:
            for number, event in enumerate(self.events()[self._seen :], start=self._seen + 1):
                if event["type"] == kind and fields.items() <= event.items():
                    self._seen = number
                    return event
            return None

        found = self.eventually(next_one, f"the event {kind} {fields} comes", within=within)
        assert found is not None
        return found

    def online(self, device: Plugged, name: str = "counter", *, within: float = 30) -> Plugged:
        """Plug a scanner in and return it once the daemon has it."""
        self.attach(device)
        self.expect("scanner_online", scanner=name, within=within)
        return device

    def told(self, *kinds: str) -> list[tuple[str, str]]:
        """Return type and scanner of all events so far, of these types only when some are given."""
        return [(event["type"], event["scanner"]) for event in self.events() if not kinds or event["type"] in kinds]

    def typed(self) -> str:
        """Return all that reached the text console: what a till with the keyboard's focus would have got."""
        return self.read("/run/lab/typed").replace("\r", "\n")

    def main_process(self) -> int:
        """Return the daemon's process id; 0 when it does not run."""
        return int(self.unit("MainPID")["MainPID"])
