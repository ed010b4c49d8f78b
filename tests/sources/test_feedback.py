import os
from collections.abc import Iterator

import pytest
from pydantic import TypeAdapter, ValidationError
from structlog.testing import capture_logs

from scanner_daemon.decoding.label import read_label
from scanner_daemon.model import Scan
from scanner_daemon.sources.feedback import (
    Feedback,
    Line,
    _Refusals,
)  # how the count ends can only be seen with its times
from scanner_daemon.sources.serial_port import SerialPort

PORT: dict[str, object] = {"name": "counter", "port": "/dev/serial/by-id/usb-Symbol_LS2208-if00"}


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """A way out that can be full: the reader's end and the non-blocking writer's."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    yield reader, writer
    os.close(reader)
    os.close(writer)


def test_what_does_not_fit_is_dropped_and_told_once_each_time_it_begins(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    line = Line(fd=writer, scanner="counter")
    with capture_logs() as logs:
        for _ in range(2):
            while not logs:
                line.say(b"\x06" * 1000)
            line.say(b"\x06" * 1000)
            assert [entry["event"] for entry in logs] == ["answer_dropped"]
            os.read(reader, 1 << 20)
            line.say(b"\x06")
            assert os.read(reader, 10) == b"\x06"
            logs.clear()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"feedback": "ssi"}, 'feedback: expected protocol = "ssi" for it, got "plain"'),
        ({"feedback": "ack-nak", "protocol": "ssi"}, 'feedback: expected none or ssi with protocol = "ssi"'),
        ({"bytesize": 7, "protocol": "ssi"}, "protocol: expected bytesize = 8 and no xon-xoff"),
        ({"handshake": "xon-xoff", "protocol": "ssi"}, "protocol: expected bytesize = 8 and no xon-xoff"),
    ],
)
def test_settings_that_contradict_each_other(settings: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        TypeAdapter(SerialPort).validate_python(PORT | settings)


def test_a_label_refused_again_later_is_another_scan() -> None:
    refusals = _Refusals()
    assert [refusals.too_many(refused("1", at=at)) for at in (1.0, 2.0, 3.0, 9.0, 10.0)] == [False] * 5


def test_labels_that_differ_are_other_scans() -> None:
    refusals = _Refusals()
    assert not any(refusals.too_many(refused(label, at=1.0)) for label in "1212121212")


def refused(label: str, *, at: float) -> Scan:
    scan = read_label(scanner="counter", scan_data=label.encode(), at=at)
    assert isinstance(scan, Scan)
    return scan


def test_settings_are_taken_as_the_configuration_writes_them() -> None:
    written = {"feedback": "metrologic", "code_id": "symbol", "length": 14}
    port = TypeAdapter(SerialPort).validate_python(PORT | written)
    assert port.feedback is Feedback.METROLOGIC
    assert (port.code_id.value, port.length, port.protocol) == ("symbol", 14, "plain")
