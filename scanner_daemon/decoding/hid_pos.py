"""Reports of a HID POS bar code scanner (usage page 8C) → scans.

One report carries a part of a label, its symbology, and whether the label goes on in the next report. Where each stands
differs between makers and is found through the report descriptor. Sources: USB-IF "HID Point of Sale Usage Tables"
1.02; HID Usage Tables 1.5, Barcode Scanner Page.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from scanner_daemon.decoding.assembly import Assembly
from scanner_daemon.decoding.code_ids import CodeId
from scanner_daemon.decoding.hid_descriptor import InputField, input_reports
from scanner_daemon.errors import ScannerDaemonError
from scanner_daemon.model import Discarded, DiscardReason, Scan

DEFAULT_GAP: Final = 0.5
"""Seconds."""


class NotHidPosError(ScannerDaemonError, ValueError):
    """A report descriptor without a bar code scanner in it that we can read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ByteField:
    """Bytes of a report; the offset counts the report id, where there is one."""

    offset: int
    length: int

    def of(self, report: bytes) -> bytes:
        """Return these bytes of ``report``."""
        return report[self.offset : self.offset + self.length]


@dataclass(frozen=True, slots=True, kw_only=True)
class HidPosLayout:
    """Where a Scanned Data Report holds what.

    ``report_id`` is ``None`` for unnumbered reports, ``length`` is in bytes. Without ``byte_count`` the data is padded
    with NUL; without ``continued`` (a bit number) each report is a whole label; ``symbology_identifier`` has one field
    for each of its three characters, or none.
    """

    report_id: int | None
    length: int
    data: ByteField
    byte_count: ByteField | None = None
    symbology_identifier: tuple[ByteField, ...] = ()
    continued: int | None = None


COMMON_LAYOUT: Final = HidPosLayout(
    report_id=2,
    length=64,
    byte_count=ByteField(offset=1, length=1),
    symbology_identifier=tuple(ByteField(offset=offset, length=1) for offset in (2, 3, 4)),
    data=ByteField(offset=5, length=56),
    continued=63 * 8,
)
"""The layout of Honeywell and Access-IS scanners (Access-IS ATR110 product manual, appendix "HID reports")."""


def parse_descriptor(descriptor: bytes) -> HidPosLayout:
    """Return where the device with this report descriptor puts its scanned data.

    Raises :class:`NotHidPosError` when it has no Decoded Data (usage 8C:FE), or not in whole bytes.
    """
    try:
        reports = input_reports(descriptor)
    except ValueError as error:
        raise NotHidPosError(f"cannot read the report descriptor: {error}") from error
    data = next((found for found in reports.fields if found.usage == _DECODED_DATA), None)
    if data is None:
        raise NotHidPosError(
            "expected a HID POS scanner (Decoded Data, usage 8C:FE, in an input report), got a report descriptor "
            "without it; set the scanner to HID POS mode or use another driver"
        )
    same_report = {found.usage: found for found in reports.fields if found.report_id == data.report_id}
    count, continued = same_report.get(_BYTE_COUNT), same_report.get(_DATA_CONTINUED)
    identifier = [same_report[usage] for usage in _SYMBOLOGY_IDENTIFIER if usage in same_report]
    return HidPosLayout(
        report_id=data.report_id,
        length=reports.lengths[data.report_id],
        data=_bytes(data),
        byte_count=_bytes(count) if count else None,
        symbology_identifier=_identifier(identifier),
        continued=continued.bit_offset if continued else None,
    )


class HidPosReports:
    """Puts the reports of one HID POS scanner together; the end of a scan is stated, so no terminator is needed.

    ``gap`` is the longest silence between two reports of one label in seconds, ``max_length`` the longest label in
    bytes, symbology identifier included. Answers to configuration commands (``]Z``) are not scans.
    """

    __slots__ = ("_identifier", "_layout", "_scan")

    def __init__(
        self, *, scanner: str, layout: HidPosLayout = COMMON_LAYOUT, gap: float = DEFAULT_GAP, max_length: int = 8192
    ) -> None:
        self._layout = layout
        self._scan = Assembly(scanner=scanner, gap=gap, max_length=max_length)
        self._identifier: bytes | None = None

    @property
    def deadline(self) -> float | None:
        """When :meth:`expire` must be called; ``None`` while nothing waits for an end."""
        return self._scan.deadline

    def feed(self, report: bytes, at: float) -> list[Scan | Discarded]:
        """Take one report as hidraw gives it, report id first; return the scan it ended. Other reports are ignored."""
        layout = self._layout
        if layout.report_id is None or report[:1] == bytes((layout.report_id,)):
            data = self._data(report)
            if data is None:
                self._scan.poison(DiscardReason.NOISE, at)
            elif data:
                self._add(self._symbology_identifier(report), data, at)
            if not self._continued(report):
                self._end(at)
        return self._scan.take()

    def overflow(self, at: float) -> list[Scan | Discarded]:
        """Discard the scan, as reports before ``at`` may be lost: up to the next report that ends one."""
        self._scan.poison(DiscardReason.OVERFLOW, at)
        return self._scan.take()

    def expire(self, now: float) -> list[Scan | Discarded]:
        """Act on a silence up to ``now``. Feed everything readable first: unread reports are no silence."""
        self._scan.expire(now)
        return self._scan.take()

    def lost(self, at: float) -> list[Scan | Discarded]:
        """Discard a scan in progress, as the device is gone."""
        self._identifier = None
        self._scan.lost(at)
        return self._scan.take()

    def _data(self, report: bytes) -> bytes | None:
        """Return the report's part of the label; ``None`` when the report contradicts its descriptor."""
        layout = self._layout
        if len(report) < layout.length:
            return None
        data = layout.data.of(report)
        if layout.byte_count is None:
            return data.rstrip(b"\0")
        count = int.from_bytes(layout.byte_count.of(report), "little")
        return data[:count] if count <= len(data) else None

    def _symbology_identifier(self, report: bytes) -> bytes:
        characters = b"".join(part.of(report) for part in self._layout.symbology_identifier)
        return characters if characters.startswith(b"]") else b""

    def _continued(self, report: bytes) -> bool:
        bit = self._layout.continued
        if bit is None:
            return False
        return bit // 8 >= len(report) or bool(report[bit // 8] >> bit % 8 & 1)

    def _add(self, identifier: bytes, data: bytes, at: float) -> None:
        if self._identifier is None:
            self._identifier = identifier
            told_apart = self._layout.symbology_identifier and not identifier
            self._scan.code_id = CodeId.NONE if told_apart else CodeId.AIM
            self._scan.add(identifier + data, at)
        elif identifier in (self._identifier, b""):
            self._scan.add(data, at)
        else:
            self._scan.poison(DiscardReason.NOISE, at)

    def _end(self, at: float) -> None:
        if self._identifier and self._identifier.startswith(_CONFIGURATION):
            self._scan.forget()
        else:
            self._scan.end(at)
        self._identifier = None


def _bytes(found: InputField) -> ByteField:
    if found.bit_offset % 8 or found.element_bits % 8 or not found.element_bits:
        raise NotHidPosError(
            f"expected usage {found.usage >> 16:02X}:{found.usage & 0xFFFF:02X} in whole bytes, "
            f"got {found.element_bits} bits from bit {found.bit_offset}"
        )
    return ByteField(offset=found.bit_offset // 8, length=found.element_bits // 8 * found.count)


def _identifier(found: Iterable[InputField]) -> tuple[ByteField, ...]:
    """Return the three characters' fields; none where the device tells them in another way than a byte each."""
    characters = tuple(_bytes(character) for character in found)
    return characters if [character.length for character in characters] == [1, 1, 1] else ()


_DECODED_DATA: Final = 0x8C_00FE
_DATA_CONTINUED: Final = 0x8C_00FF
_SYMBOLOGY_IDENTIFIER: Final = (0x8C_00FB, 0x8C_00FC, 0x8C_00FD)
_BYTE_COUNT: Final = 0x01_003B
_CONFIGURATION: Final = b"]Z"
