"""From a number to a symbol, refusing what no lane would take back."""

import string
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from scanner_daemon.cards import linear, matrix
from scanner_daemon.cards.symbol import SPECIFICATIONS, Symbol, Symbology
from scanner_daemon.pipeline.safety import MAX_LENGTH, is_payment_card

PRINTABLE: Final = frozenset(string.digits + string.ascii_letters + string.punctuation + " ")


def encode(symbology: Symbology, text: str) -> Symbol:
    """Return ``text`` as a symbol.

    Raises ``ValueError("expected …, got …")`` when the symbology cannot carry exactly this text, or when the first
    step of every lane's pipeline would refuse its scan. The message does not tell the text.
    """
    if not text.strip("0"):
        raise ValueError(f"expected a member's number, got {'only zeros' if text else 'nothing'}")
    if not set(text) <= PRINTABLE:
        strangers = " ".join(repr(stranger) for stranger in sorted(set(text) - PRINTABLE))
        raise ValueError(f"expected printable ASCII characters, as lanes refuse others, got {strangers}")
    if len(text) > MAX_LENGTH:
        raise ValueError(f"expected at most {MAX_LENGTH} characters, as lanes refuse more, got {len(text)}")
    symbol = _ENCODERS[symbology](text)
    if is_payment_card(symbol.data.decode(), SPECIFICATIONS[symbology].scan_data_type):
        raise ValueError("expected a member's number, got what may be the number of a payment card: lanes refuse it")
    return symbol


_ENCODERS: Final[Mapping[Symbology, Callable[[str], Symbol]]] = {
    Symbology.CODE128: linear.code128,
    Symbology.EAN13: linear.ean13,
    Symbology.CODE39: linear.code39,
    Symbology.ITF: linear.itf,
    Symbology.GS1_128: linear.gs1_128,
    Symbology.QR: matrix.qr,
    Symbology.MICRO_QR: matrix.micro_qr,
    Symbology.PDF417: partial(matrix.from_zxing, Symbology.PDF417),
    Symbology.AZTEC: partial(matrix.from_zxing, Symbology.AZTEC),
    Symbology.DATA_MATRIX: partial(matrix.from_zxing, Symbology.DATA_MATRIX),
}
