"""Linear symbols: python-barcode's bits, with what would print another number mended or refused.

python-barcode 0.16.1 is used for its tables (:meth:`build`), never for its drawing. What is mended here:

- Code 128 loses a leading ``99`` (https://github.com/WhyNotHugo/python-barcode/issues/251);
- Code 39 gets a check character nobody asked for, and turns small letters into capitals;
- EAN-13 replaces a wrong check digit, adds a missing one and cuts what is too long;
- ITF puts a zero before an odd number of digits;
- GS1-128 encodes the parentheses of the human-readable form as data.
"""

import re
import string
from typing import Final

from barcode.codex import Code39, Code128, Gs1_128
from barcode.ean import EuropeanArticleNumber13
from barcode.itf import ITF
from stdnum import ean

from scanner_daemon.cards.symbol import Caption, Row, Symbol, Symbology
from scanner_daemon.cards.typeface import CAP_HEIGHT, GLYPH_WIDTH

CAPTION_SIZE: Final = 9.0
"""Modules; 3 mm at the nominal module of 0.33 mm."""


def code128(text: str) -> Symbol:
    """Return a Code 128 (ISO/IEC 15417) of ASCII characters."""
    return _bars(Symbology.CODE128, _MendedCode128(text).build()[0], text)


def code39(text: str) -> Symbol:
    """Return a Code 39 (ISO/IEC 16388) without check character, wide to narrow 3:1.

    Raises ``ValueError`` for characters it has none of, small letters among them, and for ``$ / + %``: a scanner set
    to full ASCII takes each of those, together with what follows, for some other character (annex A of the standard).
    """
    if not set(text) <= _CODE39:
        strangers = " ".join(repr(stranger) for stranger in sorted(set(text) - _CODE39))
        raise ValueError(f"expected capital letters, digits, blanks, - and ., got {strangers}")
    return _bars(Symbology.CODE39, Code39(text, add_checksum=False).build()[0], text)


def itf(text: str) -> Symbol:
    """Return an Interleaved 2 of 5 (ISO/IEC 16390), wide to narrow 3:1.

    Its bearer bars keep a slanting beam from reading a part of the number as the whole.
    Raises ``ValueError`` for anything but an even number of digits, six at least: what is shorter reads too easily out
    of a part of something else, so that scanners refuse it.
    """
    if not _are_digits(text) or len(text) % 2 or len(text) < _ITF_SHORTEST:
        raise ValueError(f"expected an even number of digits, six at least, got {_described(text)}")
    bits = ITF(text, narrow=1, wide=3).build()[0]
    bearer = Row(modules="1" * len(bits), height=_BEARER_HEIGHT)
    rows = (bearer, Row(modules=bits, height=None), bearer)
    return Symbol(symbology=Symbology.ITF, data=text.encode(), text=text, rows=rows, captions=_below(text, len(bits)))


def ean13(text: str) -> Symbol:
    """Return an EAN-13 (ISO/IEC 15420), its guard bars long. Raises ``ValueError`` unless 13 digits check."""
    if not _are_digits(text) or len(text) != 13:  # noqa: PLR2004
        raise ValueError(f"expected 13 digits, the last the check digit, got {_described(text)}")
    _check(text)
    bits = EuropeanArticleNumber13(text, guardbar=True).build()[0]
    bars = Row(modules=bits.replace("G", "1"), height=None)
    guards = Row(modules=bits.replace("1", "0").replace("G", "1"), height=_GUARD_LENGTH)
    baseline = _baseline(CAPTION_SIZE) - _GUARD_LENGTH
    captions = tuple(
        Caption(text=digits, centre=centre, baseline=baseline, size=CAPTION_SIZE)
        for digits, centre in ((text[0], -7), (text[1:7], 24), (text[7:], 71))
    )
    return Symbol(symbology=Symbology.EAN13, data=text.encode(), text=text, rows=(bars, guards), captions=captions)


def gs1_128(text: str) -> Symbol:
    """Return a GS1-128 with a Global Service Relation Number (AI 8018; GS1 General Specifications 2.5.2).

    ``text`` is the number's 18 digits, or ``(8018)…`` with them, also followed by ``(8019)…``, the service relation
    instance. Raises ``ValueError`` for anything else and for a wrong check digit.
    """
    match = _GSRN.fullmatch(text)
    if match is None:
        raise ValueError(f"expected 18 digits, or (8018) and 18 digits, got {_described(text)}")
    number, instance = match[1], match[2]
    _check(number)
    elements = f"8018{number}" + (f"\x1d8019{instance}" if instance else "")
    shown = f"(8018){number}" + (f"(8019){instance}" if instance else "")
    bits = Gs1_128(elements.replace("\x1d", Gs1_128.FNC1_CHAR)).build()[0]
    return Symbol(
        symbology=Symbology.GS1_128,
        data=elements.encode(),
        text=shown,
        rows=(Row(modules=bits, height=None),),
        captions=_below(shown, len(bits)),
    )


_CODE39 = frozenset(string.digits + string.ascii_uppercase + "-. ")
_GSRN = re.compile(r"(?:\(8018\))?([0-9]{18})(?:\(8019\)([0-9]{1,10}))?")
_CODE_C = 99  # Code 128: as a first symbol character "change to code set C", or the pair of digits 99
_ITF_SHORTEST = 6
_CAPTION_GAP = 3  # modules between bars and digits
_BEARER_HEIGHT = 3  # modules; GS1 General Specifications 5.3.2.4 ask for two at least
_GUARD_LENGTH = 5  # modules; GS1 General Specifications 5.2.3.2


class _MendedCode128(Code128):  # type: ignore[misc]  # python-barcode ships no types
    def _try_to_optimize(self, encoded: list[int]) -> list[int]:
        """Keep the pair 99: a change to set C is never first, as every symbol starts out in it."""
        return encoded if encoded[1] == _CODE_C else super()._try_to_optimize(encoded)


def _bars(symbology: Symbology, bits: str, text: str) -> Symbol:
    return Symbol(
        symbology=symbology,
        data=text.encode(),
        text=text,
        rows=(Row(modules=bits, height=None),),
        captions=_below(text, len(bits)),
    )


def _below(text: str, width: int) -> tuple[Caption, ...]:
    """Return ``text`` as one caption no wider than the symbol."""
    size = min(CAPTION_SIZE, width / (GLYPH_WIDTH * len(text)))
    return (Caption(text=text, centre=width / 2, baseline=_baseline(size), size=size),)


def _baseline(size: float) -> float:
    return _CAPTION_GAP + size * CAP_HEIGHT


def _check(number: str) -> None:
    right = ean.calc_check_digit(number[:-1])
    if number[-1] != right:
        raise ValueError(f"expected the check digit {right}, got {number[-1]}")


def _are_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _described(text: str) -> str:
    """Say what ``text`` is without telling it: it may be a customer's number."""
    return f"{len(text)} digits" if _are_digits(text) else f"{len(text)} characters that are not all digits"
