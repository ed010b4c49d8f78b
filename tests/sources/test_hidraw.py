import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError
from structlog.testing import capture_logs

from scanner_daemon.decoding.hid_keyboard import HidKeyboardReports
from scanner_daemon.model import Scan
from scanner_daemon.sources.hid_keyboard import HidKeyboard, _Typing  # what reads the device, without one
from scanner_daemon.sources.hid_pos import HidPos
from scanner_daemon.sources.hidraw import _read, _write_and_read, tell_who_listens_in
from scanner_daemon.sources.keyboard_wedge import KeyboardWedge
from tests.bystander import bystander


@pytest.fixture
def node() -> Iterator[tuple[str, int]]:
    """A character device that this process holds: its path and descriptor."""
    master, slave = os.openpty()
    yield os.ttyname(slave), slave
    os.close(master)
    os.close(slave)


async def test_who_else_has_the_node_open_is_told_by_name(node: tuple[str, int], tmp_path: Path) -> None:
    with bystander("till", tmp_path, stdin=node[1]) as number, capture_logs() as logs:
        await tell_who_listens_in(node[0], scanner="counter")

    assert [(entry["event"], entry["held_by"]) for entry in logs] == [("scanner_shared", [f"till (pid {number})"])]


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


def test_it_takes_the_settings_of_the_keyboard_wedge() -> None:
    ours, theirs = (TypeAdapter(driver).json_schema()["properties"] for driver in (HidKeyboard, KeyboardWedge))
    assert ours == theirs


def typed(source: HidKeyboard, reports: list[str], *, caps_lamp: Callable[[], bool] | None = None) -> list[str]:
    """What comes of these boot keyboard reports, a millisecond apart; a blank one lets all keys go."""
    typing = _Typing(HidKeyboardReports(), source._decoder(), lambda *_: None, caps_lamp)
    told = [
        report
        for number, text in enumerate(reports)
        for report in typing.feed(bytes.fromhex(text).ljust(8, b"\0"), at=number / 1000)
    ]
    return [report.scan_data_label if isinstance(report, Scan) else report.reason.value for report in told]


def configured(**settings: str | bool) -> HidKeyboard:
    place = {"name": "counter", "path": "/dev/hidraw0"}
    return TypeAdapter(HidKeyboard).validate_python(place | settings)


KEY_A, KEY_Y, DOWN, ENTER = "00 00 04", "00 00 1c", "00 00 51", "00 00 28"


def test_layout_and_control_map_are_heeded() -> None:
    assert typed(configured(layout="fr"), [KEY_A, "", ENTER]) == ["q"]
    assert typed(configured(layout="de", control_map="function-keys"), [KEY_Y, "", DOWN, "", ENTER]) == ["z\x1d"]
    assert typed(configured(layout="de"), [KEY_Y, "", DOWN, "", ENTER]) == ["unknown_key"]


def test_the_lamp_is_asked_before_each_report() -> None:
    keys = [KEY_A, "", ENTER, ""]
    lamp = iter([False] * 4 + [True] * 4 + [True, False, False, False] + [False] * 4)
    labels = typed(configured(caps_compensation=True), keys * 4, caps_lamp=lambda: next(lamp))
    assert labels == ["a", "A", "unknown_key", "a"]
