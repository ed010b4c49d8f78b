"""The last step of every decoder: the bytes between prefix and terminator become a scan."""

from scanner_daemon.decoding.code_ids import CodeId, identify
from scanner_daemon.model import Discarded, DiscardReason, Scan


def read_label(*, scanner: str, scan_data: bytes, at: float, code_id: CodeId = CodeId.AIM) -> Scan | Discarded:
    """Return the scan that ``scan_data`` is, its code identifier taken off the label and told as its symbology.

    The text is UTF-8, of which ASCII is part. Bytes that are not are discarded as ``NOISE``: they may be Latin-1, a DOS
    code page, Shift-JIS or line noise, and a guess could turn one member's label into another's. So is a scan without
    the code identifier that ``code_id`` wants: what is missing may be more than that.
    """
    try:
        text = scan_data.decode()
    except UnicodeDecodeError:
        return Discarded(scanner=scanner, reason=DiscardReason.NOISE, at=at)
    identified = identify(text, code_id)
    if identified is None:
        return Discarded(scanner=scanner, reason=DiscardReason.NOISE, at=at)
    label, kind, identifier = identified
    return Scan(
        scanner=scanner,
        scan_data=scan_data,
        scan_data_label=label,
        scan_data_type=kind,
        symbology_identifier=identifier,
        at=at,
    )
