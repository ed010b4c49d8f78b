"""A member's card for a telephone's wallet: whose it is, what it scans as, and how wallets call its bar code."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from scanner_daemon.cards.symbol import Symbology

APPLE: Final[Mapping[Symbology, str]] = {
    Symbology.QR: "PKBarcodeFormatQR",
    Symbology.PDF417: "PKBarcodeFormatPDF417",
    Symbology.AZTEC: "PKBarcodeFormatAztec",
    Symbology.CODE128: "PKBarcodeFormatCode128",
}
"""What every iOS shows (Apple, Wallet Passes, Pass.Barcodes); it shows an EAN-13 from iOS 27 on only."""

GOOGLE: Final[Mapping[Symbology, str]] = {
    Symbology.QR: "QR_CODE",
    Symbology.PDF417: "PDF_417",
    Symbology.AZTEC: "AZTEC",
    Symbology.CODE128: "CODE_128",
    Symbology.CODE39: "CODE_39",
    Symbology.EAN13: "EAN_13",
    Symbology.DATA_MATRIX: "DATA_MATRIX",
}
"""Google Wallet API, BarcodeType."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberCard:
    """What a wallet is told: Gameball's ``customerId``, the number that the card carries, as ``symbology``."""

    customer_id: str = field(repr=False)
    number: str = field(repr=False)
    symbology: Symbology
    name: str = field(default="", repr=False)


def shown_as(symbology: Symbology, formats: Mapping[Symbology, str]) -> Symbology:
    """Return the bar code a wallet shows for a card that carries ``symbology``: the same, or else a QR code."""
    return symbology if symbology in formats else Symbology.QR
