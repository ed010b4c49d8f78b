"""Card schemes: whether a label is a member's card, and whose.

To add a kind of card, write a class with :meth:`CardScheme.recognise`, its settings as dataclass fields, and give it
a line in :data:`KINDS`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from string import Formatter
from typing import Final, Protocol
from urllib.parse import urlsplit

from scanner_daemon.model import RejectReason, Scan, ScanDataType
from scanner_daemon.pipeline.check_digits import CheckDigit, gs1_mod10_holds
from scanner_daemon.pipeline.element_strings import element_strings
from scanner_daemon.pipeline.trade_items import matches_by_accident, spellings

KINDS: Final[Mapping[str, str]] = {
    "pattern": "scanner_daemon.pipeline.cards:PatternCard",
    "gsrn": "scanner_daemon.pipeline.cards:GsrnCard",
    "gameball-qr": "scanner_daemon.pipeline.cards:GameballQrCard",
}
"""``kind`` in the configuration → where its class is."""


class CardScheme(Protocol):
    """One kind of member card."""

    @property
    def name(self) -> str:
        """The scheme's name in the configuration."""

    def recognise(self, scan: Scan) -> str | RejectReason | None:
        """Return the customer id, the reason why it is a card but a wrong one, or ``None``: not this kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternCard:
    """Cards whose label matches a regular expression, as a whole (digits are ASCII digits).

    UPC-A and EAN-13 are one symbol: its number may be written with 12 digits or with 13, which then are also what
    ``{label}`` is. The pattern of an EAN-13 card must begin with the card's prefix: what also matches ordinary products
    takes no restricted number, refund receipt or coupon (02, 04, 20 to 29, 98, 99) for a card.

    ``symbologies`` are UnifiedPOS names; when given, a scan whose scanner does not tell its symbology is none of
    these cards. ``check_digit`` is over the group ``number`` of ``pattern``, else over the whole label.
    ``customer_id`` is a template of ``{label}`` and the pattern's named groups.
    """

    name: str
    pattern: str
    symbologies: tuple[str, ...] = ()
    check_digit: CheckDigit = CheckDigit.NONE
    customer_id: str = "{label}"
    _types: frozenset[ScanDataType] = field(init=False, repr=False)
    _pattern: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_types", _scan_data_types(self.symbologies))
        object.__setattr__(self, "_pattern", _compiled(self.pattern))
        _check_template(self.customer_id, {"label", *self._pattern.groupindex})

    def recognise(self, scan: Scan) -> str | RejectReason | None:
        """Match the label, then its check digit."""
        for scan_data_type, label in spellings(scan):
            match = self._pattern.fullmatch(label)
            if match is None or (self._types and scan_data_type not in self._types):
                continue
            if matches_by_accident(self._pattern, label, scan):
                return None
            fields = {"label": label} | match.groupdict("")
            if not self.check_digit.holds(fields.get("number", label)):
                return RejectReason.CHECK_DIGIT
            return self.customer_id.format_map(fields)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class GsrnCard:
    """Cards with a Global Service Relation Number, AI 8018 (GS1 General Specifications 2.5.2, 3.9.14).

    In GS1-128, GS1 DataMatrix and GS1 QR as an element string, or as a GS1 Digital Link at one of ``hosts`` (the
    shop's own; the address is only read, never fetched). The customer id is the 18 digits.
    """

    name: str
    hosts: tuple[str, ...] = ("id.gs1.org",)

    def recognise(self, scan: Scan) -> str | RejectReason | None:
        """Find the 18 digits, then verify their check digit, which the carriers' own checks do not cover."""
        number = self._element_string(scan) or self._digital_link(scan)
        if number is None:
            return None
        return number if gs1_mod10_holds(number) and number.strip("0") else RejectReason.CHECK_DIGIT

    def _element_string(self, scan: Scan) -> str | None:
        """Find the number among other elements only where the scanner says that the data is GS1's."""
        untold = scan.scan_data_type is ScanDataType.UNKNOWN
        if scan.scan_data_type not in _GS1_CARRIERS or (untold and not scan.scan_data_label.startswith(_GSRN)):
            return None
        found = [text for text in element_strings(scan.scan_data_label) if text.startswith(_GSRN)]
        match = _GSRN_ELEMENT.fullmatch(found[0]) if len(found) == 1 else None
        return match[1] if match else None

    def _digital_link(self, scan: Scan) -> str | None:
        if scan.scan_data_type not in _LINK_CARRIERS:
            return None
        try:
            link = urlsplit(scan.scan_data_label)
            host = (link.hostname or "").lower()
        except ValueError:  # "http://[" and its like
            return None
        if link.scheme.lower() not in {"http", "https"} or host not in self.hosts:
            return None
        match = _GSRN_PATH.fullmatch(link.path)
        return match[1] if match else None


@dataclass(frozen=True, slots=True, kw_only=True)
class GameballQrCard:
    """The QR code of Gameball's app and wallet passes: customer id and a six-digit one-time hash, nothing between.

    Nothing in the text tells it from a plain card, so ``symbologies`` must say which symbols are such codes;
    ``pattern``, when given, must match the customer id. The hash is no part of it: only a till may be told.
    """

    name: str
    symbologies: tuple[str, ...]
    pattern: str = ".+"
    _types: frozenset[ScanDataType] = field(init=False, repr=False)
    _pattern: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not self.symbologies:
            raise ValueError('symbologies: expected at least one, such as ["QRCODE"], got none')
        object.__setattr__(self, "_types", _scan_data_types(self.symbologies))
        object.__setattr__(self, "_pattern", _compiled(self.pattern))

    def recognise(self, scan: Scan) -> str | RejectReason | None:
        """Return the customer id, without the hash."""
        customer_id, one_time_hash = scan.scan_data_label[:-6], scan.scan_data_label[-6:]
        if scan.scan_data_type not in self._types or not re.fullmatch(r"[0-9]{6}", one_time_hash):
            return None
        if "/" in customer_id or not self._pattern.fullmatch(customer_id):  # a link is some other QR code
            return None
        return customer_id

    def one_time_hash(self, scan: Scan) -> str:
        """Return the hash of a ``scan`` that was recognised."""
        return scan.scan_data_label[-6:]


_GS1_CARRIERS = frozenset(
    {ScanDataType.EAN128, ScanDataType.GS1DATAMATRIX, ScanDataType.GS1QRCODE, ScanDataType.UNKNOWN}
)
_LINK_CARRIERS = frozenset({ScanDataType.QRCODE, ScanDataType.DATAMATRIX, ScanDataType.UNKNOWN})
_GSRN = "8018"
_GSRN_ELEMENT = re.compile(r"8018([0-9]{18})")
_GSRN_PATH = re.compile(r"(?:/[^/]+)*?/8018/([0-9]{18})(?:/8019/[0-9]{1,10})?/?")


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern, re.ASCII)
    except re.error as error:
        raise ValueError(f"pattern: expected a regular expression, got {pattern!r} ({error})") from None


def _check_template(template: str, known: set[str]) -> None:
    used = {name for _, name, _, _ in Formatter().parse(template) if name is not None}
    if not used or not used <= known:  # a template without a field would make all cards one customer
        names = " ".join(f"{{{name}}}" for name in sorted(known))
        raise ValueError(f"customer_id: expected a template of {names}, got {template!r}")


def _scan_data_types(names: tuple[str, ...]) -> frozenset[ScanDataType]:
    for name in names:
        if name not in ScanDataType.__members__ or name == "UNKNOWN":
            known = " ".join(sorted(ScanDataType.__members__.keys() - {"UNKNOWN"}))
            raise ValueError(f"symbologies: expected names among {known}, got {name!r}")
    return frozenset(ScanDataType[name] for name in names)
