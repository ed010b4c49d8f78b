from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner_daemon.decoding.calibration.labels import CONTROL_LABEL, LABELS, LAYOUT_LABEL, Complaint
from scanner_daemon.decoding.calibration.sent import SentSettings, infer_sent
from scanner_daemon.decoding.code_ids import CodeId
from scanner_daemon.decoding.framer import Framer, SerialTerminator
from scanner_daemon.decoding.ssi import Opcode, host_packet
from scanner_daemon.model import Scan

ENDS = {
    ("", "\r"): SerialTerminator.LINE,
    ("", "\n"): SerialTerminator.LINE,
    ("", "\r\n"): SerialTerminator.LINE,
    ("\x02", "\r"): SerialTerminator.LINE,
    ("\x02", "\x03"): SerialTerminator.ETX,
    ("", ""): SerialTerminator.NONE,
}
CODE_IDS = {CodeId.AIM: ("]C0", "]C1"), CodeId.HONEYWELL: "jI", CodeId.SYMBOL: "DK", CodeId.DATALOGIC: "Tk"}
NAMES = [scheme.value for scheme in CODE_IDS]


@pytest.mark.parametrize(("frame", "terminator"), ENDS.items())
@pytest.mark.parametrize("code_id", CODE_IDS)
def test_what_is_inferred_decodes_the_labels(
    frame: tuple[str, str], terminator: SerialTerminator, code_id: CodeId
) -> None:
    sent = [
        f"{frame[0]}{identifier}{label}{frame[1]}".encode()
        for identifier, label in zip(CODE_IDS[code_id], LABELS, strict=True)
    ]
    found = infer_sent(sent)
    assert found == SentSettings(terminator=terminator, code_id=code_id)
    framer = Framer(scanner="x", terminator=terminator, code_id=code_id)
    for data, label in zip(sent, LABELS, strict=True):
        reports = [*framer.feed(data, 1.0), *framer.expire(9.0)]
        assert [report.scan_data_label for report in reports if isinstance(report, Scan)] == [label]


@pytest.mark.parametrize(("parity", "odd"), [("even", 0), ("odd", 1)])
def test_seven_bits_with_parity_are_recognised_in_eight(parity: str, odd: int) -> None:
    sent = [
        bytes(byte | (0x80 if byte.bit_count() % 2 != odd else 0) for byte in f"{label}\r".encode()) for label in LABELS
    ]
    assert infer_sent(sent) == replace(SentSettings(), bytesize=7, parity=parity)  # type: ignore[arg-type]


def test_packets_are_recognised() -> None:
    packet = bytearray(host_packet(Opcode.DECODE_DATA, b"\x03" + LAYOUT_LABEL.encode()))
    packet[2] = 0  # from the scanner
    packet[-2:] = (-sum(packet[:-2]) & 0xFFFF).to_bytes(2, "big")
    assert infer_sent([bytes(packet)]) == SentSettings(protocol="ssi")


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        (b"~" + LAYOUT_LABEL.encode() + b"\r", "it sends '~' before the label"),
        (LAYOUT_LABEL.encode() + b"\x03", r"it sends '\x03' after the label"),
        (b"\xf0\x81\xfe\x00\x9c", "speed or parity"),
        (b"", "speed or parity"),
    ],
)
def test_what_cannot_be_is_one_sentence_with_the_cure(sent: bytes, sentence: str) -> None:
    found = infer_sent([sent])
    assert isinstance(found, Complaint)
    assert sentence in found


def test_a_scanner_that_swallows_the_separator_is_told() -> None:
    found = infer_sent([LAYOUT_LABEL.encode() + b"\r", CONTROL_LABEL.replace("\x1d", "").encode() + b"\r"])
    assert isinstance(found, Complaint)
    assert "it leaves GS" in found


@given(st.binary())
def test_any_bytes_at_all_are_settings_or_a_sentence(sent: bytes) -> None:
    assert isinstance(infer_sent([sent]), Complaint)
