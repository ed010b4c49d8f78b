"""Learn from the calibration page how a scanner is set: what to listen with, and what the labels tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias

from scanner_daemon.decoding.calibration.labels import LABELS, Complaint, Unreadable, complaint
from scanner_daemon.decoding.calibration.sent import Parity, infer_sent
from scanner_daemon.decoding.calibration.typed import infer_typed
from scanner_daemon.decoding.code_ids import CodeId
from scanner_daemon.decoding.framer import SerialTerminator
from scanner_daemon.decoding.wedge import DEFAULT_GAP, WedgeTerminator
from scanner_daemon.sources.discovery import Attached, hid_keyboards
from scanner_daemon.sources.grab import caps_lamp, opened
from scanner_daemon.sources.hid_keyboard import HidKeyboard
from scanner_daemon.sources.hid_pos import HidPos
from scanner_daemon.sources.keyboard_wedge import KeyboardWedge
from scanner_daemon.sources.listening import Burst
from scanner_daemon.sources.serial_port import SerialPort
from scanner_daemon.sources.tap import Tapped

Settings: TypeAlias = Mapping[str, Any]
"""Settings of a driver, as the configuration writes them."""


class Learner(Protocol):
    """One way of listening to one scanner."""

    def source(self) -> Tapped:
        """Return what to listen with."""

    def learn(self, bursts: Sequence[Burst]) -> Settings | Complaint:
        """Return the settings that ``bursts``, one for each of the first ``LABELS``, show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypingLearner:
    """For a scanner that types; ``claim`` takes it although it looks like a person's keyboard.

    ``hidraw`` is its raw node, to listen there: for a scanner whose reports the kernel's keyboard cannot represent.
    """

    node: str
    claim: bool = False
    hidraw: str = ""

    def source(self) -> Tapped:
        """See :class:`Learner`."""
        driver = HidKeyboard if self.hidraw else KeyboardWedge
        return driver(
            name="setup",
            path=self.hidraw or self.node,
            terminator=WedgeTerminator.NONE,
            claim_keyboard=self.claim,
            gap=_GAP,
        )

    def learn(self, bursts: Sequence[Burst]) -> Settings | Complaint:
        """See :class:`Learner`."""
        if bursts[-1].torn:
            return Complaint("part of it was lost on its way into this machine, which is busy: scan it again")
        with opened(self.node) as device:
            lit = caps_lamp(device)()
        found = infer_typed([burst.frames for burst in bursts], caps_lamp=lit)
        if isinstance(found, Complaint):
            return found
        return {
            **({"driver": "hid-keyboard"} if self.hidraw else {}),
            "layout": found.layout,
            "terminator": found.terminator.value,
            "control_map": found.control_map.value,
            "code_id": found.code_id.value,
            **({"caps_compensation": True} if found.caps_compensation else {}),
            **({"gap": found.gap} if found.gap != DEFAULT_GAP else {}),
            **({"claim_keyboard": True} if self.claim else {}),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class LineLearner:
    """For a scanner on a serial line, at one speed and parity, with eight bits."""

    port: str
    baudrate: int
    parity: Parity

    def source(self) -> Tapped:
        """See :class:`Learner`."""
        return SerialPort(
            name="setup",
            port=self.port,
            baudrate=self.baudrate,
            parity=self.parity,
            terminator=SerialTerminator.NONE,
            code_id=CodeId.NONE,
        )

    def learn(self, bursts: Sequence[Burst]) -> Settings | Complaint:
        """See :class:`Learner`."""
        if bursts[-1].torn:
            return Unreadable("bytes came with a wrong parity or speed, or with noise on the line")
        found = infer_sent([burst.data for burst in bursts])
        if isinstance(found, Complaint):
            return found
        parity = self.parity if found.parity == "none" else found.parity
        format_ = {"baudrate": self.baudrate, "bytesize": found.bytesize, "parity": parity}
        if found.protocol == "ssi":
            return {**format_, "protocol": "ssi", "feedback": "ssi"}
        return {**format_, "terminator": found.terminator.value, "code_id": found.code_id.value}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLearner:
    """For a scanner in HID POS mode, which tells everything itself."""

    node: str

    def source(self) -> Tapped:
        """See :class:`Learner`."""
        return HidPos(name="setup", path=self.node)

    def learn(self, bursts: Sequence[Burst]) -> Settings | Complaint:
        """See :class:`Learner`."""
        for burst, label in zip(bursts, LABELS, strict=False):
            text = "".join(scan.scan_data_label for scan in burst.scans)
            if text.removeprefix("\x1d") != label:
                return complaint(text, label)
        return {}


def learners(
    device: Attached, *, claim: bool = False, baudrate: int | None = None, parity: Parity | None = None
) -> list[Learner]:
    """Return the ways of listening to ``device``, the likeliest first.

    A serial line has one for each of the speeds and parities that scanners are shipped with, unless they are given. The
    kernel's own serial USB devices (CDC-ACM) have no speed.
    """
    match device.mode:
        case "keyboard":
            nodes = ("", *(raw.node for raw in hid_keyboards() if raw.same_device(device)))
            return [TypingLearner(node=device.node, claim=claim, hidraw=node) for node in nodes]
        case "hid-pos":
            return [ReportLearner(node=device.node)]
        case "serial":
            given = baudrate or parity or device.node.startswith("/dev/ttyACM")
            formats = [(baudrate or 9600, parity or "none")] if given else _FORMATS
            return [LineLearner(port=device.path, baudrate=baud, parity=bits) for baud, bits in formats]


_GAP: Final = 0.3
"""Seconds of silence before a scanner is claimed: one that is being set up may be slow."""

_FORMATS: Final[tuple[tuple[int, Parity], ...]] = (
    (9600, "none"),  # most; with seven bits, too
    (115200, "none"),
    (38400, "none"),
    (19200, "none"),
    (9600, "odd"),  # Wincor Nixdorf, OPOS
    (9600, "even"),  # ICL
    (57600, "none"),
)
"""Zebra's and Honeywell's product reference guides, "host defaults"."""
