import pytest
from pydantic import TypeAdapter, ValidationError

from scanner_daemon.model import Discarded, DiscardReason, Scan
from scanner_daemon.sources.feedback import Line
from scanner_daemon.sources.serial_port import SerialPort, _Listening

PORT: dict[str, object] = {"name": "counter", "port": "/dev/serial/by-id/usb-Newland_HR11_N7-if00"}


def test_a_byte_damaged_into_a_terminator_does_not_make_two_labels_of_one() -> None:
    decoder = SerialPort(name="counter", port="/dev/ttyACM0")._decoder()
    listening = _Listening(decoder, Line(fd=-1, scanner="counter"), marked=True)  # a pty has no parity to fail

    reports = listening.feed(b"4006\xff\x00\r81333931\r96385074\r", 1.0)

    torn, whole = reports
    assert isinstance(torn, Discarded)
    assert torn.reason is DiscardReason.NOISE
    assert isinstance(whole, Scan)
    assert whole.scan_data_label == "96385074"


def test_settings_are_taken_as_the_configuration_writes_them() -> None:
    written = {"baudrate": 115200, "parity": "even", "bytesize": 7, "handshake": "rts-cts", "terminator": "stx-etx"}
    port = TypeAdapter(SerialPort).validate_python(PORT | written)

    assert port.terminator.value == "stx-etx"
    assert (port.baudrate, port.bytesize, port.parity, port.stopbits) == (115200, 7, "even", 1)


@pytest.mark.parametrize(
    "wrong",
    [{"port": ""}, {"baudrate": 0}, {"bytesize": 6}, {"parity": "mark"}, {"gap": 0}, {"terminator": "crlf"}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_settings_no_line_can_have_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        TypeAdapter(SerialPort).validate_python(PORT | wrong)
