"""Tell the cashier, through the scanner itself, what became of a scan."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from math import inf
from types import MappingProxyType
from typing import Final

import structlog

from scanner_daemon.decoding.ssi import Opcode, host_packet
from scanner_daemon.model import Accepted, Claimed, Decision, Discarded, PassedThrough, Rejected, Scan, ScannerReport
from scanner_daemon.ports import Deliver

_log = structlog.get_logger()


class Feedback(Enum):
    """What a scanner understands as "taken" and "not taken". It must be set to wait for it, or to obey it.

    ``ACK_NAK`` is ACK and NAK. A scanner that gets a NAK sends the label again, each time as one more scan, and some
    for ever: after three it is let go with an ACK. ``DATALOGIC`` is the host commands for the good-read beep and for
    "not on file", ``HONEYWELL_HOST_ACK`` the escape commands for a good and a bad read (work group 0).
    ``HONEYWELL`` sounds the good-read beep by command and nothing else: turn the scanner's own beep off.
    ``METROLOGIC`` is ACK, or the BEL that beeps three times and sends nothing again. ``SYMBOL`` needs "Beep on BEL",
    and beeps for what was not taken. So does ``SSI``, by a packet.
    """

    NONE = "none"
    ACK_NAK = "ack-nak"
    DATALOGIC = "datalogic"
    HONEYWELL = "honeywell"
    HONEYWELL_HOST_ACK = "honeywell-host-ack"
    METROLOGIC = "metrologic"
    SYMBOL = "symbol"
    SSI = "ssi"


@dataclass(slots=True, kw_only=True)
class Line:
    """The way back to the scanner on the non-blocking ``fd``. What does not fit in at once is dropped: it never waits.

    A scanner that stopped listening is told of once.
    """

    fd: int
    scanner: str
    _stuck: bool = field(init=False, default=False)

    def say(self, answer: bytes) -> None:
        """Send ``answer``. A scanner that is gone is the reader's business."""
        if not answer:
            return
        try:
            sent = os.write(self.fd, answer)
        except BlockingIOError:
            sent = 0
        except OSError:
            return
        stuck = sent < len(answer)
        if stuck and not self._stuck:
            _log.warning("answer_dropped", scanner=self.scanner, cure="check the handshake setting of port and scanner")
        self._stuck = stuck


def answering(deliver: Deliver, feedback: Feedback, line: Line) -> Deliver:
    """Return ``deliver`` with the answer that ``feedback`` has for what it decides, sent before it returns."""
    taken, not_taken = _ANSWERS[feedback]
    refusals = _Refusals()

    def deliver_and_answer(report: ScannerReport) -> Decision | None:
        decision = deliver(report)
        match report, decision:
            case Scan(), Accepted() | PassedThrough():
                line.say(taken)
            case (Scan() as refused, Rejected()) | (Discarded() as refused, _):
                line.say(taken if not_taken == _NAK and refusals.too_many(refused) else not_taken)
            case (Claimed(), _) | (Scan(), None):
                pass
        return decision

    return deliver_and_answer


@dataclass(slots=True)
class _Refusals:
    """Counts how often the same label was refused in a row."""

    _label: bytes = b""
    _at: float = -inf
    _count: int = 0

    def too_many(self, report: Scan | Discarded) -> bool:
        """Count ``report``; return whether it came once more after the last NAK it should have got."""
        label = report.scan_data if isinstance(report, Scan) else b""
        again = label == self._label and report.at - self._at <= _SENT_AGAIN_WITHIN
        self._label, self._at = label, report.at
        self._count = self._count + 1 if again else 1
        return self._count > _MOST_REFUSALS


_MOST_REFUSALS: Final = 3
"""As many as a Symbol scanner takes before it tells the cashier and gives the label up (LS9208, "ACK/NAK")."""

_SENT_AGAIN_WITHIN: Final = 5.0
"""Seconds. A label is sent again at once; the longest take some seconds on a slow line."""

_ACK: Final = b"\x06"
_BEL: Final = b"\x07"
_NAK: Final = b"\x15"
_HONEYWELL_BEEP: Final = b"\x16\x07\r"
_THREE_SHORT_LOW: Final = b"\x07"

_ANSWERS: Final[Mapping[Feedback, tuple[bytes, bytes]]] = MappingProxyType(
    {
        Feedback.NONE: (b"", b""),
        Feedback.ACK_NAK: (_ACK, _NAK),
        Feedback.DATALOGIC: (b"B", b"F"),
        Feedback.HONEYWELL: (_HONEYWELL_BEEP, b""),
        Feedback.HONEYWELL_HOST_ACK: (b"0\x1b7,", b"0\x1b8,"),
        Feedback.METROLOGIC: (_ACK, _BEL),
        Feedback.SYMBOL: (b"", _BEL),
        Feedback.SSI: (b"", host_packet(Opcode.BEEP, _THREE_SHORT_LOW)),
    }
)
"""What says "taken" and "not taken". Sources: Datalogic Magellan 9800i product reference guide, appendix E "Host
Commands"; Honeywell Xenon 1900 user's guide, "Host Command Acknowledgment", and for SYN BEL CR
github.com/HenkVanAsselt/python_hon_usbhid; Metrologic MS9540 configuration guide, "Software Handshaking"; Symbol LS9208
product reference guide, "ACK/NAK" and "Beep on <BEL>"; Zebra's Scanner SDK for the number of the beep.

How long a scanner waits: Symbol 2 s, Honeywell with host ACK 10 s. A decision needs no network and takes less than a
millisecond.
"""
