"""Code identifiers: what a scanner may be set to put before the data to tell its symbology.

The standard one is AIM's (:mod:`scanner_daemon.decoding.symbology`). The makers' own are letters that mean something
else at each maker and may as well be the first letter of a card's number: which scheme a scanner uses is configured,
never guessed.
"""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final, TypeAlias

from scanner_daemon.decoding.symbology import scan_data_type, split_identifier
from scanner_daemon.model import ScanDataType, SymbologyIdentifier


class CodeId(Enum):
    """The code identifiers a scanner sends.

    ``AIM`` also takes a scan without one, as its ``]`` is not mistaken for anything else. With a maker's scheme a scan
    without one of its identifiers is no label. ``NONE`` takes everything as the label.
    """

    AIM = "aim"
    HONEYWELL = "honeywell"
    SYMBOL = "symbol"
    DATALOGIC = "datalogic"
    NONE = "none"


Identified: TypeAlias = tuple[str, ScanDataType, SymbologyIdentifier | None]
"""A label, its symbology, and the AIM identifier it certainly has: ``None`` in any doubt.

A plain tuple, as one is made on each scan's way to the till.
"""


def identify(scan_data: str, scheme: CodeId) -> Identified | None:
    """Take the code identifier of ``scheme`` off ``scan_data``; ``None`` when there is none, or it cannot be right.

    >>> identify("d4006381333931", CodeId.HONEYWELL)[0]
    '4006381333931'
    >>> identify("4006381333931", CodeId.HONEYWELL) is None
    True
    """
    if scheme is CodeId.NONE or (scheme is CodeId.AIM and not scan_data.startswith("]")):
        return scan_data, ScanDataType.UNKNOWN, None
    if scheme is CodeId.AIM:
        identifier, label = split_identifier(scan_data)
        return label, scan_data_type(identifier, label), identifier
    symbologies = _SCHEMES[scheme]
    code_id = next((scan_data[:length] for length in (3, 1) if scan_data[:length] in symbologies), None)
    if code_id is None:
        return None
    label = scan_data.removeprefix(code_id)
    kind, aim = symbologies[code_id]
    if kind in _DIGITS_ONLY and not (label.isascii() and label.isdigit()):
        return None
    if kind in _RETAIL or kind is _UPC_EAN:
        kind, aim = _retail(kind, label)
    identifier = SymbologyIdentifier(code=aim[0], modifier=aim[1]) if aim else None
    return (label, kind, identifier) if label else None


def _retail(kind: ScanDataType, label: str) -> tuple[ScanDataType, str]:
    """Tell by its length whether a trade item's number is whole, and whether an add-on follows it."""
    if kind is _UPC_EAN:
        return _UPC_EAN_BY_LENGTH.get(len(label), (ScanDataType.UNKNOWN, ""))
    length, aim, with_add_on = _RETAIL[kind]
    if len(label) == length:
        return kind, aim
    return (with_add_on if len(label) - length in _ADD_ON_LENGTHS else kind), ""


_ADD_ON_LENGTHS: Final = (2, 5)
_UPC_EAN: Final = ScanDataType.UNKNOWN
"""Stands for any of UPC and EAN, which Symbol gives one letter: their length decides."""

_RETAIL: Final[Mapping[ScanDataType, tuple[int, str, ScanDataType]]] = MappingProxyType(
    {
        ScanDataType.UPCA: (12, "E0", ScanDataType.UPCA_S),
        ScanDataType.UPCE: (8, "", ScanDataType.UPCE_S),
        ScanDataType.EAN8: (8, "E4", ScanDataType.EAN8_S),
        ScanDataType.EAN13: (13, "E0", ScanDataType.EAN13_S),
    }
)
"""Type → digits, the AIM identifier of exactly so many, and the type with an add-on of two or five digits."""

_UPC_EAN_BY_LENGTH: Final[Mapping[int, tuple[ScanDataType, str]]] = MappingProxyType(
    {
        13: (ScanDataType.EAN13, "E0"),
        12: (ScanDataType.UPCA, "E0"),
        7: (ScanDataType.UPCE, ""),  # 8 digits may be EAN-8 or UPC-E
        6: (ScanDataType.UPCE, ""),
        14: (ScanDataType.UPCA_S, ""),
        15: (ScanDataType.EAN13_S, ""),
        17: (ScanDataType.UPCA_S, ""),
        18: (ScanDataType.EAN13_S, ""),
    }
)

_DIGITS_ONLY: Final = frozenset(
    {
        *_RETAIL,
        *(with_add_on for _, _, with_add_on in _RETAIL.values()),
        ScanDataType.ITF,
        ScanDataType.TF,
        _UPC_EAN,
    }
)

_HONEYWELL: Final[Mapping[str, tuple[ScanDataType, str]]] = MappingProxyType(
    {
        "a": (ScanDataType.CODABAR, ""),
        "b": (ScanDataType.CODE39, ""),
        "c": (ScanDataType.UPCA, ""),
        "d": (ScanDataType.EAN13, ""),
        "D": (ScanDataType.EAN8, ""),
        "E": (ScanDataType.UPCE, ""),
        "e": (ScanDataType.ITF, ""),
        "f": (ScanDataType.TF, ""),
        "i": (ScanDataType.CODE93, "G0"),
        "I": (ScanDataType.EAN128, "C1"),
        "j": (ScanDataType.CODE128, "C0"),
        "r": (ScanDataType.PDF417, ""),
        "R": (ScanDataType.UPDF417, ""),
        "s": (ScanDataType.QRCODE, ""),  # Micro QR, and GS1's, too
        "w": (ScanDataType.DATAMATRIX, ""),
        "x": (ScanDataType.MAXICODE, ""),
        "y": (ScanDataType.GS1DATABAR, "e0"),
        "z": (ScanDataType.AZTEC, ""),
        **dict.fromkeys("ghlmqtHQTVY<={}", (ScanDataType.OTHER, "")),
    }
)
"""Honeywell, user's guides of the 3820 and Xenon 1900, appendix A, "Symbology Charts"; Hand Held Products had the same.

``{`` and ``}`` are of the GS1 DataBar family in newer guides; which is which no source at hand says.
"""

_SYMBOL: Final[Mapping[str, tuple[ScanDataType, str]]] = MappingProxyType(
    {
        "A": (_UPC_EAN, ""),
        "B": (ScanDataType.CODE39, ""),
        "C": (ScanDataType.CODABAR, ""),
        "D": (ScanDataType.CODE128, ""),  # ISBT 128 too
        "E": (ScanDataType.CODE93, "G0"),
        "F": (ScanDataType.ITF, ""),
        "G": (ScanDataType.TF, ""),
        "K": (ScanDataType.EAN128, "C1"),
        "R": (ScanDataType.GS1DATABAR, "e0"),
        "z": (ScanDataType.AZTEC, ""),
        **dict.fromkeys("HJLMNSTUX", (ScanDataType.OTHER, "")),
        **{f"P0{kind}": (ScanDataType.OTHER, "") for kind in "3456789ABCDEFHX"},
        "P00": (ScanDataType.DATAMATRIX, ""),
        "P01": (ScanDataType.QRCODE, ""),
        "P02": (ScanDataType.MAXICODE, ""),
        "P0G": (ScanDataType.GS1DATAMATRIX, "d2"),
        "P0Q": (ScanDataType.GS1QRCODE, "Q3"),
    }
)
"""Zebra, "Symbol Code Identifiers" (SP72 and DS457 product reference guides). ``X`` is PDF417, or an ISSN."""

_DATALOGIC: Final[Mapping[str, tuple[ScanDataType, str]]] = MappingProxyType(
    {
        "A": (ScanDataType.EAN8, ""),
        "B": (ScanDataType.EAN13, ""),
        "C": (ScanDataType.UPCA, ""),
        "D": (ScanDataType.UPCE, ""),
        **dict.fromkeys("JK", (ScanDataType.EAN8_S, "")),
        **dict.fromkeys("LM", (ScanDataType.EAN13_S, "")),
        **dict.fromkeys("FG", (ScanDataType.UPCA_S, "")),
        **dict.fromkeys("HI", (ScanDataType.UPCE_S, "")),
        "N": (ScanDataType.ITF, ""),
        **dict.fromkeys("OP", (ScanDataType.TF, "")),
        **dict.fromkeys("RS", (ScanDataType.CODABAR, "")),
        "T": (ScanDataType.CODE128, "C0"),
        "U": (ScanDataType.CODE93, "G0"),
        **dict.fromkeys("VW", (ScanDataType.CODE39, "")),
        "k": (ScanDataType.EAN128, "C1"),
        "t": (ScanDataType.GS1DATABAR_E, "e0"),
        **dict.fromkeys("uv", (ScanDataType.GS1DATABAR, "e0")),
        **dict.fromkeys("QXYZbefpq", (ScanDataType.OTHER, "")),
    }
)
"""Datalogic, PowerScan D8330 reference manual, "Code Identifier Table", Datalogic standard (the European set).

For two-dimensional symbologies its models do not agree.
"""

_SCHEMES: Final[Mapping[CodeId, Mapping[str, tuple[ScanDataType, str]]]] = MappingProxyType(
    {CodeId.HONEYWELL: _HONEYWELL, CodeId.SYMBOL: _SYMBOL, CodeId.DATALOGIC: _DATALOGIC}
)
