import os
import subprocess
from collections.abc import Iterator

import pytest
from pydantic import TypeAdapter, ValidationError
from structlog.testing import capture_logs

from scanner_daemon.sources.hid_keyboard import HidKeyboard
from scanner_daemon.sources.hid_pos import HidPos
from scanner_daemon.sources.hidraw import _read, _write_and_read, tell_who_listens_in


@pytest.fixture
def node() -> Iterator[tuple[str, int]]:
    """A character device that this process holds: its path and descriptor."""
    master, slave = os.openpty()
    yield os.ttyname(slave), slave
    os.close(master)
    os.close(slave)


@pytest.fixture
def other(node: tuple[str, int]) -> Iterator[subprocess.Popen[bytes]]:
    """Another program that has the node open."""
    with subprocess.Popen(("sleep", "60"), stdin=node[1]) as process:
        yield process
        process.kill()


async def test_who_else_has_the_node_open_is_told_by_name(
    node: tuple[str, int], other: subprocess.Popen[bytes]
) -> None:
    with capture_logs() as logs:
        await tell_who_listens_in(node[0], scanner="counter")

    assert [(entry["event"], entry["held_by"]) for entry in logs] == [("scanner_shared", [f"sleep (pid {other.pid})"])]


async def test_holding_it_alone_is_no_news(node: tuple[str, int]) -> None:
    with capture_logs() as logs:
        await tell_who_listens_in(node[0], scanner="counter")

    assert logs == []


def test_requests_are_those_of_the_kernels_header() -> None:
    """HIDIOCGRDESCSIZE, HIDIOCGRDESC, HIDIOCGRAWINFO, and HIDIOCSFEATURE of two bytes (linux/hidraw.h)."""
    assert [_read(0x01, 4), _read(0x02, 4100), _read(0x03, 8)] == [0x80044801, 0x90044802, 0x80084803]
    assert _write_and_read(0x06, 2) == 0xC0024806


@pytest.mark.parametrize("driver", [HidPos, HidKeyboard])
@pytest.mark.parametrize("place", [{}, {"path": "/dev/hidraw0", "match": {"vendor": "05f9"}}], ids=["neither", "both"])
def test_the_device_is_named_in_one_way(driver: type[HidPos | HidKeyboard], place: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="match: expected either match or path, got"):
        TypeAdapter(driver).validate_python({"name": "counter"} | place)


def test_a_layout_nobody_has_is_refused() -> None:
    with pytest.raises(ValidationError, match="layout: expected one of"):
        TypeAdapter(HidKeyboard).validate_python({"name": "counter", "path": "/dev/hidraw0", "layout": "xx"})
