"""How a scanner on a serial line is set."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from scanner_daemon.decoding.calibration.labels import LABELS, Complaint, Unreadable, code_ids, complaint
from scanner_daemon.decoding.code_ids import CodeId
from scanner_daemon.decoding.framer import SerialTerminator
from scanner_daemon.decoding.ssi import SsiPackets
from scanner_daemon.model import Scan

Parity: TypeAlias = Literal["none", "even", "odd"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SentSettings:
    """Settings of the driver ``serial``, by the names they have there."""

    terminator: SerialTerminator = SerialTerminator.LINE
    code_id: CodeId = CodeId.AIM
    protocol: Literal["plain", "ssi"] = "plain"
    bytesize: Literal[7, 8] = 8
    parity: Parity = "none"


def infer_sent(scans: Sequence[bytes]) -> SentSettings | Complaint:
    """Return the settings under which ``scans``, read as eight bits without parity, are the first of ``LABELS``.

    Each scan is all that was sent for one label. Bytes that are nothing at all were sent at another speed or with
    another parity.
    """
    ways: list[SentSettings] | None = None
    for data, label in zip(scans, LABELS, strict=False):
        possible = list(_ways(data, label))
        ways = [way for way in ways if way in possible] if ways is not None else possible
        if not ways:
            return _complaint(data, label)
    if not ways:
        raise ValueError("expected at least one scan, got none")
    return ways[0]


def _ways(data: bytes, label: str) -> Iterator[SentSettings]:
    for parity, decoded in _PARITIES.items():
        text = decoded(data)
        for terminator, form in _FORMS.items() if text is not None else ():
            match = form.fullmatch(text or "")
            for code_id in code_ids(match[1], label) if match else ():
                size: Literal[7, 8] = 8 if parity == "none" else 7
                yield SentSettings(terminator=terminator, code_id=code_id, bytesize=size, parity=parity)
    reports = SsiPackets(scanner="").feed(data, 0.0)
    if any(isinstance(report, Scan) and report.scan_data_label.strip("\r\n") == label for report in reports):
        yield SentSettings(protocol="ssi")


def _eight_bits(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _seven_bits(odd: int, data: bytes) -> str | None:
    """Return the text whose bytes have a parity bit on top; ``None`` where one of them has the other parity."""
    if any(byte.bit_count() % 2 != odd for byte in data):
        return None
    return bytes(byte & 0x7F for byte in data).decode("ascii")


def _complaint(data: bytes, label: str) -> Complaint:
    texts = [text for decoded in _PARITIES.values() if (text := decoded(data)) is not None and label[:4] in text]
    if texts:
        return complaint(texts[0], label)
    return Unreadable("no text came: speed or parity of scanner and port differ, see the scanner's manual")


_PARITIES: Final[Mapping[Parity, Callable[[bytes], str | None]]] = MappingProxyType(
    {"none": _eight_bits, "even": partial(_seven_bits, 0), "odd": partial(_seven_bits, 1)}
)
_FORMS: Final[Mapping[SerialTerminator, re.Pattern[str]]] = MappingProxyType(
    {
        SerialTerminator.LINE: re.compile(r"\x02?(.+?)[\r\n]+", re.DOTALL),
        SerialTerminator.ETX: re.compile(r"\x02(.+?)\x03", re.DOTALL),
        SerialTerminator.NONE: re.compile(r"\x02?(.+)", re.DOTALL),
    }
)
"""What a scan looks like with each terminator; CR or LF alone are lines, too."""
