import os
from collections.abc import Iterator

import pytest
from pydantic import TypeAdapter, ValidationError
from structlog.testing import capture_logs

from scanner_daemon.sources.feedback import Feedback, Line
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


def test_settings_are_taken_as_the_configuration_writes_them() -> None:
    written = {"feedback": "metrologic", "code_id": "symbol", "length": 14}
    port = TypeAdapter(SerialPort).validate_python(PORT | written)
    assert port.feedback is Feedback.METROLOGIC
    assert (port.code_id.value, port.length, port.protocol) == ("symbol", 14, "plain")
