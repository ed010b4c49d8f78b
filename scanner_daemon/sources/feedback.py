"""Tell the cashier, through the scanner itself, what became of a scan."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Final

import structlog

from scanner_daemon.decoding.ssi import Opcode, host_packet
from scanner_daemon.model import Accepted, Claimed, Decision, Discarded, PassedThrough, Rejected, Scan, ScannerReport
from scanner_daemon.ports import Deliver

_log = structlog.get_logger()


class Feedback(Enum):
    """What a scanner understands as "taken" and "not taken". It must be set to wait for it, or to obey it.

    ``ACK_NAK`` is ACK and NAK; a scanner that gets a NAK sends the label again, up to three times, and each time is
    one more scan. ``HONEYWELL`` sounds the good-read beep by command and nothing else: turn the scanner's own beep off.
    ``METROLOGIC`` is ACK, or the BEL that beeps three times and sends nothing again. ``SYMBOL`` needs "Beep on BEL",
    and beeps for what was not taken. So does ``SSI``, by a packet.
    """

    NONE = "none"
    ACK_NAK = "ack-nak"
    HONEYWELL = "honeywell"
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
    """Return ``deliver`` with the answer that ``feedback`` has for what it decides."""
    taken, not_taken = _ANSWERS[feedback]

    def deliver_and_answer(report: ScannerReport) -> Decision | None:
        decision = deliver(report)
        match report, decision:
            case Scan(), Accepted() | PassedThrough():
                line.say(taken)
            case (Scan(), Rejected()) | (Discarded(), _):
                line.say(not_taken)
            case (Claimed(), _) | (Scan(), None):
                pass
        return decision

    return deliver_and_answer


_ACK: Final = b"\x06"
_BEL: Final = b"\x07"
_NAK: Final = b"\x15"
_HONEYWELL_BEEP: Final = b"\x16\x07\r"
_THREE_SHORT_LOW: Final = b"\x07"

_ANSWERS: Final[Mapping[Feedback, tuple[bytes, bytes]]] = MappingProxyType(
    {
        Feedback.NONE: (b"", b""),
        Feedback.ACK_NAK: (_ACK, _NAK),
        Feedback.HONEYWELL: (_HONEYWELL_BEEP, b""),
        Feedback.METROLOGIC: (_ACK, _BEL),
        Feedback.SYMBOL: (b"", _BEL),
        Feedback.SSI: (b"", host_packet(Opcode.BEEP, _THREE_SHORT_LOW)),
    }
)
"""What says "taken" and "not taken". Sources: Honeywell 3310g user's guide, Metrologic MS9540 programming guide, Symbol
LS9208 and DS9208 product reference guides, Zebra SSI programmer's guide.
"""
