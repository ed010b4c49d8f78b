"""What a scanner sends, and what becomes of it."""

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import NamedTuple, TypeAlias


class KeyStroke(NamedTuple):
    """One key going down or up. A tuple, as there are many and tuples are made in half the time.

    ``code`` is the Linux key code as a plain number (``linux/input-event-codes.h``), so that nothing here needs
    evdev. ``at`` is in seconds of ``CLOCK_MONOTONIC``.
    """

    code: int
    pressed: bool
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbologyIdentifier:
    """The ISO/IEC 15424 identifier ``]cm`` a scanner put before the data: code character and modifier."""

    code: str
    modifier: str

    def __str__(self) -> str:
        return f"]{self.code}{self.modifier}"


class ScanDataType(IntEnum):
    """The symbologies of UnifiedPOS, by its ``SCAN_SDT_`` numbers (UnifiedPOS 1.14, Scanner, ScanDataType)."""

    UNKNOWN = 0
    UPCA = 101
    UPCE = 102
    EAN8 = 103
    EAN13 = 104
    TF = 105
    ITF = 106
    CODABAR = 107
    CODE39 = 108
    CODE93 = 109
    CODE128 = 110
    UPCA_S = 111
    UPCE_S = 112
    UPCD1 = 113
    UPCD2 = 114
    UPCD3 = 115
    UPCD4 = 116
    UPCD5 = 117
    EAN8_S = 118
    EAN13_S = 119
    EAN128 = 120
    OCRA = 121
    OCRB = 122
    GS1DATABAR = 131
    GS1DATABAR_E = 132
    PDF417 = 201
    MAXICODE = 202
    DATAMATRIX = 203
    QRCODE = 204
    UQRCODE = 205
    AZTEC = 206
    UPDF417 = 207
    GS1DATAMATRIX = 208
    GS1QRCODE = 209
    OTHER = 501


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """One whole label, as the scanner read it.

    ``scan_data`` is everything between prefix and terminator; ``scan_data_label`` is the text without symbology
    identifier. ``symbology_identifier`` is ``None`` where the scanner does not tell.
    """

    scanner: str
    scan_data: bytes
    scan_data_label: str
    scan_data_type: ScanDataType
    symbology_identifier: SymbologyIdentifier | None
    at: float


class DiscardReason(Enum):
    """Why a scan may be torn; a torn scan has no content."""

    OVERFLOW = "overflow"  # the kernel dropped events (SYN_DROPPED), or reports as far as can be known
    IDLE_GAP = "idle_gap"  # silence in the middle, or the end never came
    UNKNOWN_KEY = "unknown_key"  # a key the layout has no character for
    KEY_ORDER = "key_order"  # several keys in one report: their order is lost
    NOISE = "noise"  # framing, parity or check-sum errors on the line, undecodable bytes
    TOO_LONG = "too_long"  # more than any label holds
    DEVICE_LOST = "device_lost"  # unplugged in the middle


@dataclass(frozen=True, slots=True, kw_only=True)
class Discarded:
    """A scan that may be torn and was therefore thrown away up to its terminator."""

    scanner: str
    reason: DiscardReason
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Grab:
    """What keeps a scanner that is a keyboard from typing into the till: an event device, grabbed.

    The grab lasts until the last copy of ``descriptor`` is closed. ``gap`` is the longest silence inside a scan, in
    seconds.
    """

    descriptor: int
    gap: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A scanner was opened, is ours alone, and everything it sent before is forgotten. ``device`` says which."""

    scanner: str
    device: str
    at: float
    grabs: tuple[Grab, ...] = ()


ScannerReport: TypeAlias = Claimed | Scan | Discarded
"""All that a scanner source tells the lane."""
