"""The last step of every decoder: the bytes between prefix and terminator become a scan."""

from scanner_daemon.decoding.symbology import scan_data_type, split_identifier
from scanner_daemon.model import Discarded, DiscardReason, Scan


def read_label(*, scanner: str, scan_data: bytes, at: float) -> Scan | Discarded:
    """Return the scan that ``scan_data`` is, its symbology identifier taken off the label and kept.

    The text is UTF-8, of which ASCII is part. Bytes that are not are discarded as ``NOISE``: they may be Latin-1, a DOS
    code page, Shift-JIS or line noise, and a guess could turn one member's label into another's.
    """
    try:
        text = scan_data.decode()
    except UnicodeDecodeError:
        return Discarded(scanner=scanner, reason=DiscardReason.NOISE, at=at)
    identifier, label = split_identifier(text)
    return Scan(
        scanner=scanner,
        scan_data=scan_data,
        scan_data_label=label,
        scan_data_type=scan_data_type(identifier, label),
        symbology_identifier=identifier,
        at=at,
    )
