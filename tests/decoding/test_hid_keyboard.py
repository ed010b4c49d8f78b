import pytest
from evdev import ecodes
from hypothesis import example, given
from hypothesis import strategies as st

from scanner_daemon.decoding.hid_keyboard import (
    BOOT_LAYOUT,
    HidKeyboardLayout,
    HidKeyboardReports,
    NotHidKeyboardError,
    parse_keyboard_descriptor,
)
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


# HID 1.11, appendix E.6 (a boot keyboard), without its lamps.
BOOT = """
05 01 09 06 a1 01 05 07 19 e0 29 e7 15 00 25 01 75 01 95 08 81 02 95 01 75 08 81 01
95 06 75 08 15 00 25 65 05 07 19 00 29 65 81 00 c0
"""
NUMBERED = BOOT.replace("a1 01", "a1 01 85 03")
A_BIT_A_KEY = "05 01 09 06 a1 01 05 07 19 e0 29 e7 75 01 95 08 81 02 19 00 29 65 95 66 81 02 c0"


def test_boot_layout_is_what_the_standards_descriptor_says() -> None:
    assert parse_keyboard_descriptor(bytes.fromhex(BOOT)) == BOOT_LAYOUT


def test_numbered_reports_begin_with_their_number_and_others_are_no_keys() -> None:
    layout = parse_keyboard_descriptor(bytes.fromhex(NUMBERED))
    assert layout == HidKeyboardLayout(report_id=3, length=9, modifiers=1, keys=3, most_keys=6)
    keyboard = HidKeyboardReports(layout)
    assert changes(keyboard, "03 02 00 04 00 00 00 00 00") == [("KEY_LEFTSHIFT", True), ("KEY_A", True)]
    assert changes(keyboard, "01 00 00 05") == []


def test_of_several_reports_the_one_with_keys_and_modifiers_is_read() -> None:
    """As of keyboards that list keys for the BIOS and have a bit for each for everybody else."""
    bits = A_BIT_A_KEY.replace("a1 01", "a1 01 85 04")
    for descriptor in (NUMBERED + bits, bits + NUMBERED):
        assert parse_keyboard_descriptor(bytes.fromhex(descriptor)).report_id == 3


@pytest.mark.parametrize(
    ("descriptor", "message"),
    [
        ("", "without it"),
        (NUMBERED.replace("95 06", "85 04 95 06"), "in an input report with modifier bits"),
        (A_BIT_A_KEY, "expected a keyboard that lists its keys"),
        ("05 8c 09 02 a1 01 75 08 95 08 09 fe 81 02 c0", "use another driver"),
        ("05 07 26 ff", "cannot read the report descriptor"),
    ],
)
def test_descriptor_of_no_such_keyboard(descriptor: str, message: str) -> None:
    with pytest.raises(NotHidKeyboardError, match=message):
        parse_keyboard_descriptor(bytes.fromhex(descriptor))


def frames(keyboard: HidKeyboardReports, report: str) -> list[int]:
    """How many keys change in each frame."""
    return [len(frame) for frame in keyboard.frames(bytes.fromhex(report), 1.0)]


def test_digits_of_an_alt_code_go_apart_in_their_order() -> None:
    keyboard = HidKeyboardReports()
    apart = keyboard.frames(bytes.fromhex("04 00 62 60 62 00 00 00"), 1.0)
    assert [[stroke.code for stroke in frame] for frame in apart] == [
        [ecodes.KEY_LEFTALT],
        [ecodes.KEY_KP0],
        [ecodes.KEY_KP8],
        [ecodes.KEY_KP0],
    ]
    assert frames(keyboard, "00 00 00 00 00 00 00 00") == [4]
    assert frames(keyboard, "00 00 00 00 00 00 00 00") == []


@pytest.mark.parametrize(
    "report",
    ["00 00 62 60 00 00 00 00", "06 00 62 60 00 00 00 00", "40 00 62 60 00 00 00 00", "04 00 62 1e 00 00 00 00"],
    ids=["no Alt", "Shift too", "AltGr", "not only digits"],
)
def test_other_keys_stay_together_as_nobody_knows_their_order(report: str) -> None:
    assert len(frames(HidKeyboardReports(), report)) == 1


@given(st.binary(max_size=200))
def test_hostile_descriptor_is_refused_or_understood(descriptor: bytes) -> None:
    try:
        layout = parse_keyboard_descriptor(descriptor)
    except NotHidKeyboardError:
        return
    assert layout.modifiers < layout.length
    assert layout.keys + layout.most_keys <= layout.length


@given(st.lists(st.binary(min_size=8, max_size=8)))
def test_frames_hold_all_that_changed(reports: list[bytes]) -> None:
    together, apart = HidKeyboardReports(), HidKeyboardReports()
    for report in reports:
        strokes = [stroke for frame in apart.frames(report, 0.0) for stroke in frame]
        assert sorted(map(repr, strokes)) == sorted(map(repr, together.feed(report, 0.0)))
