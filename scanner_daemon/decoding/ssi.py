"""Packets of Zebra's Simple Serial Interface (SSI) → scans, and the answers the scanner waits for.

A packet is length, opcode, source, status, data, and the two's complement of the sum of all bytes before it, in two
bytes, the higher first; the length counts all but these two. Sources: Zebra, "Simple Serial Interface Programmer's
Guide" (72E-40451), and for ``MULTIPACKET_SEGMENT``, which it does not describe, what enioka saw scanners send
(github.com/enioka-Haute-Couture/enioka_scan, ``SsiParserTest``).
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from scanner_daemon.decoding.ssi_label import read_ssi_label
from scanner_daemon.model import Discarded, DiscardReason, Scan

DEFAULT_GAP: Final = 0.2
"""Seconds. A scanner waits 2 s for its answer."""


class Opcode(IntEnum):
    """What a packet is."""

    MULTIPACKET_SEGMENT = 0x73
    CMD_ACK = 0xD0
    CMD_NAK = 0xD1
    BEEP = 0xE6
    DECODE_DATA = 0xF3


def host_packet(opcode: Opcode, data: bytes = b"") -> bytes:
    """Return a packet from the host.

    >>> host_packet(Opcode.CMD_ACK).hex(" ")
    '04 d0 04 00 ff 28'
    """
    head = bytes((_HEAD + len(data), opcode, _FROM_HOST, 0)) + data
    return head + _check_sum(head)


class SsiPackets:
    """Puts the packets of one open line together, however the reads are cut.

    ``gap`` is the longest silence inside a packet in seconds, and how long the line must be quiet after damage until a
    byte is taken for the first of a packet. ``max_length`` is the longest label in bytes.

    The scanner must wait for the answer to each packet, as it does by default: a whole packet is acknowledged, a
    damaged one asked for again. The label it was part of is discarded at once; what is then sent again is read if it
    is a label from its beginning.
    """

    __slots__ = (
        "_buffer",
        "_deadline",
        "_gap",
        "_latest",
        "_max_length",
        "_message",
        "_replies",
        "_resync",
        "_scanner",
        "_skipping",
    )

    def __init__(self, *, scanner: str, gap: float = DEFAULT_GAP, max_length: int = 4096) -> None:
        self._scanner = scanner
        self._gap = gap
        self._max_length = max_length
        self._replies = bytearray()
        self._latest = b""
        self._buffer = bytearray()
        self._message: _Message | None = None
        self._skipping = False
        self._resync = False
        self._deadline: float | None = None

    @property
    def deadline(self) -> float | None:
        """When :meth:`expire` must be called; ``None`` while nothing waits for an end."""
        return self._deadline

    def take_replies(self) -> bytes:
        """Return what the scanner must be told now, and forget it. Ask after each of the other methods."""
        replies = bytes(self._replies)
        self._replies.clear()
        return replies

    def feed(self, data: bytes, at: float) -> list[Scan | Discarded]:
        """Take the bytes that arrived at ``at``; return the scans they ended."""
        reports = self.expire(at)
        if not self._resync:
            self._buffer += data
        while self._buffer and not self._resync:
            length = self._buffer[0]
            if length == 0:  # a NUL only wakes the other side up
                del self._buffer[0]
            elif length < _HEAD:
                reports += self._damaged(DiscardReason.NOISE, at)
            elif len(self._buffer) < length + _CHECK_SUM:
                break
            else:
                packet = bytes(self._buffer[: length + _CHECK_SUM])
                del self._buffer[: length + _CHECK_SUM]
                reports += self._packet(packet, at)
        self._wait(at)
        return reports

    def noise(self, at: float) -> list[Scan | Discarded]:
        """Discard the packet: the line reported a parity, framing or overrun error, so a byte is wrong or missing."""
        reports = [] if self._resync else self._damaged(DiscardReason.NOISE, at)
        self._wait(at)
        return reports

    def expire(self, now: float) -> list[Scan | Discarded]:
        """Act on a silence up to ``now``. Feed everything readable first: unread bytes are no silence."""
        if self._deadline is None or now < self._deadline:
            return []
        at, reports = self._deadline, list[Scan | Discarded]()
        if self._buffer:
            reports = self._damaged(DiscardReason.IDLE_GAP, at)
        if self._resync:
            self._resync = False
            self._replies += host_packet(Opcode.CMD_NAK, _RESEND)
        else:  # the rest of a label never came: what comes now is a new one
            reports = self._torn(DiscardReason.IDLE_GAP, at) if self._message else []
            self._skipping = False
        self._wait(at)
        return reports

    def lost(self, at: float) -> list[Scan | Discarded]:
        """Discard a scan in progress, as the line is gone."""
        reports = self._torn(DiscardReason.DEVICE_LOST, at) if self._message or self._buffer else []
        self._buffer.clear()
        self._skipping = self._resync = False
        self._deadline = None
        return reports

    def _packet(self, packet: bytes, at: float) -> list[Scan | Discarded]:
        body, check_sum = packet[:-_CHECK_SUM], packet[-_CHECK_SUM:]
        if _check_sum(body) != check_sum:
            return self._damaged(DiscardReason.NOISE, at)
        if body[1] in _ANSWERS:
            return []
        self._replies += host_packet(Opcode.CMD_ACK)
        if len(body) == _HEAD or self._again(body):
            return []
        if body[1] == Opcode.MULTIPACKET_SEGMENT:
            return self._segment(int.from_bytes(body[3:5]), body[5:], at)
        if body[1] == Opcode.DECODE_DATA:
            return self._decode_data(kind=body[4], data=body[5:], goes_on=bool(body[3] & _GOES_ON), at=at)
        return []

    def _again(self, body: bytes) -> bool:
        """Whether this is the packet before once more, as the scanner did not hear its acknowledgement."""
        if body[1] == Opcode.MULTIPACKET_SEGMENT:
            latest, self._latest = self._latest, body
            return body == latest
        latest, self._latest = self._latest, body[:3] + bytes((body[3] & ~_RETRANSMIT,)) + body[4:]
        return bool(body[3] & _RETRANSMIT) and self._latest == latest

    def _decode_data(self, *, kind: int, data: bytes, goes_on: bool, at: float) -> list[Scan | Discarded]:
        if self._skipping:
            self._skipping = goes_on
            return []
        message = self._message or _Message(kind=kind)
        message.label += data
        if message.kind != kind or len(message.label) > self._max_length:
            reports = self._torn(DiscardReason.NOISE if message.kind != kind else DiscardReason.TOO_LONG, at)
            self._skipping = goes_on
            return reports
        self._message = message
        return [] if goes_on else self._whole(at)

    def _segment(self, index: int, data: bytes, at: float) -> list[Scan | Discarded]:
        """Take one part of a long label; the first one begins with what a packet of its own would say."""
        message, reports = self._message, list[Scan | Discarded]()
        if index == 0:
            reports = self._torn(DiscardReason.NOISE, at) if message else []
            if len(data) < _FIRST_SEGMENT or data[0] != Opcode.DECODE_DATA:
                return reports
            message = _Message(kind=data[5], total=int.from_bytes(data[7:_FIRST_SEGMENT]))
            data = data[_FIRST_SEGMENT:]
        if message is None:
            return reports  # the rest of a label that was discarded
        if message.segments != index or len(message.label) + len(data) > message.total:
            return reports + self._torn(DiscardReason.NOISE, at)
        if message.total > self._max_length:
            return reports + self._torn(DiscardReason.TOO_LONG, at)
        message.label += data
        message.segments += 1
        self._message = message
        return reports + (self._whole(at) if len(message.label) == message.total else [])

    def _whole(self, at: float) -> list[Scan | Discarded]:
        message, self._message = self._message, None
        if message is None or not message.label:
            return []
        return [read_ssi_label(scanner=self._scanner, kind=message.kind, scan_data=bytes(message.label), at=at)]

    def _torn(self, reason: DiscardReason, at: float) -> list[Scan | Discarded]:
        self._message = None
        return [Discarded(scanner=self._scanner, reason=reason, at=at)]

    def _damaged(self, reason: DiscardReason, at: float) -> list[Scan | Discarded]:
        """Wait for silence, then ask again. The rest of a label that is torn by it is not read."""
        self._skipping = self._skipping or self._message is not None
        self._resync = True
        self._buffer.clear()
        return self._torn(reason, at)

    def _wait(self, at: float) -> None:
        if self._resync or self._buffer:
            self._deadline = at + self._gap
        elif self._message or self._skipping:
            self._deadline = at + max(self._gap, _NEXT_PACKET_WITHIN)
        else:
            self._deadline = None


@dataclass(slots=True, kw_only=True)
class _Message:
    """A label in progress; ``total`` is how long it will be, where the scanner tells."""

    kind: int
    total: int = 0
    segments: int = 0
    label: bytearray = field(default_factory=bytearray)


def _check_sum(body: bytes) -> bytes:
    return (-sum(body) & 0xFFFF).to_bytes(2)


_HEAD: Final = 4
_CHECK_SUM: Final = 2
_FIRST_SEGMENT: Final = 9
_FROM_HOST: Final = 4
_ANSWERS: Final = (Opcode.CMD_ACK, Opcode.CMD_NAK)
_RESEND: Final = b"\x01"
_RETRANSMIT: Final = 0b01
_GOES_ON: Final = 0b10
_NEXT_PACKET_WITHIN: Final = 2.0
"""Seconds until a scanner that hears no acknowledgement of a packet sends it again."""
