"""What a bar code is before anybody draws it: rows of modules, and the sizes its standard allows."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from scanner_daemon.model import ScanDataType


class Symbology(Enum):
    """The bar codes a card may carry, by their names on the command line."""

    CODE128 = "code128"
    EAN13 = "ean13"
    CODE39 = "code39"
    ITF = "itf"
    GS1_128 = "gs1-128"
    QR = "qr"
    MICRO_QR = "micro-qr"
    PDF417 = "pdf417"
    AZTEC = "aztec"
    DATA_MATRIX = "datamatrix"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Modules from left to right, ``1`` dark, ``0`` light; ``height`` in modules, ``None``: as the layout likes."""

    modules: str
    height: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption:
    """A part of the human-readable interpretation below a symbol; all sizes are in modules.

    ``centre`` is counted from the first bar, ``baseline`` downwards from the lower end of the symbol, ``size`` is that
    of the typeface's em.
    """

    text: str
    centre: float
    baseline: float
    size: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbol:
    """One bar code. ``data`` is what a scanner sends for it, ``text`` what people read.

    All rows are of one width. At most one row has no height of its own: the bars of a linear symbol.
    """

    symbology: Symbology
    data: bytes
    text: str
    rows: tuple[Row, ...]
    captions: tuple[Caption, ...] = ()

    @property
    def width(self) -> int:
        """Modules from the first bar to the last, without quiet zones."""
        return len(self.rows[0].modules)

    @property
    def fixed_height(self) -> int:
        """Modules from top to bottom of the rows that have a height."""
        return sum(row.height or 0 for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietZone:
    """The light margins around a symbol, in modules."""

    left: int
    right: int
    above: int = 0
    below: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Specification:
    """What a symbology's standard says: sizes in mm of a module and of the bars, and how scanners name it.

    ``identifier`` is the AIM identifier (ISO/IEC 15424), without its modifier where that may vary. ``module`` is the
    nominal size, ``None`` where a symbol is as large as the layout likes.
    """

    identifier: str
    scan_data_type: ScanDataType
    module_min: float
    module: float | None
    module_max: float
    quiet_zone: QuietZone
    bars_min: float = 0.0
    bars: float = 0.0


def _linear(identifier: str, scan_data_type: ScanDataType) -> Specification:
    """Return the sizes of GS1-128 on cards, which suit the other linear symbols as well.

    The smallest module is what retail scanners resolve and a 203 dpi head prints with two dots; quiet zones of 10
    modules are asked for by ISO/IEC 15417, 16388 and 16390 alike.
    """
    return Specification(
        identifier=identifier,
        scan_data_type=scan_data_type,
        module_min=0.25,
        module=0.33,
        module_max=0.495,
        quiet_zone=QuietZone(left=10, right=10),
        bars_min=12.7,
        bars=15.0,
    )


def _matrix(identifier: str, scan_data_type: ScanDataType, *, quiet: int) -> Specification:
    return Specification(
        identifier=identifier,
        scan_data_type=scan_data_type,
        module_min=0.375,
        module=None,
        module_max=0.99,
        quiet_zone=QuietZone(left=quiet, right=quiet, above=quiet, below=quiet),
    )


SPECIFICATIONS: Final[Mapping[Symbology, Specification]] = {
    Symbology.CODE128: _linear("]C0", ScanDataType.CODE128),
    Symbology.GS1_128: _linear("]C1", ScanDataType.EAN128),
    Symbology.CODE39: _linear("]A", ScanDataType.CODE39),
    Symbology.ITF: _linear("]I", ScanDataType.ITF),
    # GS1 General Specifications 5.2: module 0.264 to 0.660 mm, bars nominally 22.85 mm and no less than 80 % of it
    Symbology.EAN13: Specification(
        identifier="]E0",
        scan_data_type=ScanDataType.EAN13,
        module_min=0.264,
        module=0.33,
        module_max=0.66,
        quiet_zone=QuietZone(left=11, right=7),
        bars_min=18.28,
        bars=22.85,
    ),
    # quiet zones: ISO/IEC 18004 (QR, Micro QR), 15438 (PDF417), 16022 (Data Matrix); 24778 asks for none (Aztec)
    Symbology.QR: _matrix("]Q", ScanDataType.QRCODE, quiet=4),
    Symbology.MICRO_QR: _matrix("]Q", ScanDataType.UQRCODE, quiet=2),
    Symbology.AZTEC: _matrix("]z", ScanDataType.AZTEC, quiet=2),
    Symbology.DATA_MATRIX: _matrix("]d", ScanDataType.DATAMATRIX, quiet=1),
    Symbology.PDF417: Specification(
        identifier="]L",
        scan_data_type=ScanDataType.PDF417,
        module_min=0.25,
        module=0.33,
        module_max=0.66,
        quiet_zone=QuietZone(left=2, right=2, above=2, below=2),
    ),
}
"""Each symbology's own."""
