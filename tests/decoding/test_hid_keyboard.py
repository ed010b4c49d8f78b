import pytest
from evdev import ecodes
from hypothesis import example, given
from hypothesis import strategies as st

from scanner_daemon.decoding.hid_keyboard import HidKeyboardReports
from scanner_daemon.model import KeyStroke


def changes(keyboard: HidKeyboardReports, report: str) -> list[tuple[str, bool]]:
    strokes = keyboard.feed(bytes.fromhex(report), 1.0)
    names = {code: name for name, code in ecodes.ecodes.items() if name.startswith("KEY_")}
    return [(names[stroke.code], stroke.pressed) for stroke in strokes]


def test_strokes_are_what_differs_from_the_report_before() -> None:
    keyboard = HidKeyboardReports()
    assert changes(keyboard, "00 00 00 00 00 00 00 00") == []
    assert changes(keyboard, "02 00 04 00 00 00 00 00") == [("KEY_LEFTSHIFT", True), ("KEY_A", True)]
    assert changes(keyboard, "02 00 04 00 00 00 00 00") == []
    assert changes(keyboard, "00 00 05 00 00 00 00 00") == [
        ("KEY_LEFTSHIFT", False),
        ("KEY_A", False),
        ("KEY_B", True),
    ]


def test_key_listed_twice_is_two_strokes() -> None:
    assert changes(HidKeyboardReports(), "00 00 1e 1e 00 00 00 00") == [("KEY_1", True), ("KEY_1", True)]


def test_roll_over_tells_nothing() -> None:
    keyboard = HidKeyboardReports()
    changes(keyboard, "00 00 1e 00 00 00 00 00")
    assert changes(keyboard, "00 00 01 01 01 01 01 01") == []
    assert changes(keyboard, "00 00 00 00 00 00 00 00") == [("KEY_1", False)]


@pytest.mark.parametrize(
    ("usage", "key"),
    [
        ("04", "KEY_A"),
        ("1d", "KEY_Z"),
        ("1e", "KEY_1"),
        ("27", "KEY_0"),
        ("28", "KEY_ENTER"),
        ("2b", "KEY_TAB"),
        ("2d", "KEY_MINUS"),
        ("31", "KEY_BACKSLASH"),
        ("32", "KEY_BACKSLASH"),
        ("33", "KEY_SEMICOLON"),
        ("38", "KEY_SLASH"),
        ("39", "KEY_CAPSLOCK"),
        ("45", "KEY_F12"),
        ("4a", "KEY_HOME"),
        ("51", "KEY_DOWN"),
        ("53", "KEY_NUMLOCK"),
        ("54", "KEY_KPSLASH"),
        ("58", "KEY_KPENTER"),
        ("59", "KEY_KP1"),
        ("62", "KEY_KP0"),
        ("63", "KEY_KPDOT"),
        ("64", "KEY_102ND"),
        ("67", "KEY_KPEQUAL"),
        ("73", "KEY_F24"),
        ("74", "KEY_UNKNOWN"),
        ("03", "KEY_UNKNOWN"),
        ("ff", "KEY_UNKNOWN"),
    ],
)
def test_usage_has_the_kernels_key_code(usage: str, key: str) -> None:
    assert changes(HidKeyboardReports(), f"00 00 {usage} 00 00 00 00 00") == [(key, True)]


def test_modifier_bits_in_order() -> None:
    names = [name for name, _ in changes(HidKeyboardReports(), "ff 00 00 00 00 00 00 00")]
    sides = [f"KEY_{side}{name}" for side in ("LEFT", "RIGHT") for name in ("CTRL", "SHIFT", "ALT", "META")]
    assert names == sides


def test_report_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a keyboard report of 8 bytes, got 3"):
        HidKeyboardReports().feed(b"\x00\x00\x1e", 0.0)


@given(st.lists(st.binary(min_size=8, max_size=8)))
@example([bytes((0, 0, 0, 0, 0, 0, 0, 0xF3)), bytes((0, 0, 0, 0, 0, 0, 0xF3, 0xF3))])  # listed twice only later
def test_what_goes_down_comes_up(reports: list[bytes]) -> None:
    keyboard = HidKeyboardReports()
    down: list[int] = []
    for report in [*reports, bytes(8)]:
        for stroke in keyboard.feed(report, 0.0):
            assert isinstance(stroke, KeyStroke)
            if stroke.pressed:
                down.append(stroke.code)
            else:
                down.remove(stroke.code)
    assert down == []
