"""Whose card the lane's own schemes take a number for, before anybody carries it. Pure."""

from collections.abc import Iterator, Sequence

from scanner_daemon.cards.symbol import SPECIFICATIONS, Symbology
from scanner_daemon.model import Accepted, Scan, ScanDataType
from scanner_daemon.pipeline import CardScheme, DuplicateFilter, Pipeline


def taken_back(number: str, symbology: Symbology, schemes: Sequence[CardScheme]) -> str | None:
    """Return whose card ``schemes`` take ``number`` for, as ``symbology``; ``None`` unless that is sure.

    A scanner that does not tell the symbology, or sends an EAN-13 that begins with 0 as the 12 digits of a UPC-A, may
    find no card, but never another customer's.
    """
    told, *otherwise = (_customer(scan, schemes) for scan in _scans(number, symbology))
    return told if all(customer in (None, told) for customer in otherwise) else None


def _customer(scan: Scan, schemes: Sequence[CardScheme]) -> str | None:
    decision = Pipeline(cards=schemes, duplicates=DuplicateFilter(0)).process(scan)
    if not isinstance(decision, Accepted) or decision.one_time_hash is not None:  # a card's last digits are no hash
        return None
    return decision.customer_id


def _scans(number: str, symbology: Symbology) -> Iterator[Scan]:
    """Yield what scanners may make of the card, the right one first."""
    label = f"8018{number}" if symbology is Symbology.GS1_128 else number
    yield _scan(label, SPECIFICATIONS[symbology].scan_data_type)
    yield _scan(label, ScanDataType.UNKNOWN)
    if symbology is Symbology.EAN13 and label.startswith("0"):
        yield _scan(label[1:], ScanDataType.UPCA)
        yield _scan(label[1:], ScanDataType.UNKNOWN)


def _scan(label: str, scan_data_type: ScanDataType) -> Scan:
    return Scan(
        scanner="",
        scan_data=label.encode(),
        scan_data_label=label,
        scan_data_type=scan_data_type,
        symbology_identifier=None,
        at=0.0,
    )
