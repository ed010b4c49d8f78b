import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner_daemon.decoding.hid_descriptor import InputArray, InputField, input_reports


def fields(descriptor: str) -> list[tuple[int | None, int, int, int, int]]:
    return [
        (found.report_id, found.usage, found.bit_offset, found.element_bits, found.count)
        for found in input_reports(bytes.fromhex(descriptor)).fields
    ]


# HID 1.11, appendix E.10 (a mouse): three buttons, five bits of padding, X and Y; the report is not numbered.
MOUSE = """
05 01 09 02 a1 01 09 01 a1 00
05 09 19 01 29 03 15 00 25 01 95 03 75 01 81 02 95 01 75 05 81 01
05 01 09 30 09 31 15 81 25 7f 75 08 95 02 81 06 c0 c0
"""


def test_mouse_of_the_standard() -> None:
    assert fields(MOUSE) == [
        (None, 0x09_0001, 0, 1, 1),
        (None, 0x09_0002, 1, 1, 1),
        (None, 0x09_0003, 2, 1, 1),
        (None, 0x01_0030, 8, 8, 1),
        (None, 0x01_0031, 16, 8, 1),
    ]
    assert input_reports(bytes.fromhex(MOUSE)).lengths == {None: 3}


def test_numbered_reports_are_counted_each_from_its_own_id() -> None:
    descriptor = "05 8c 85 02 75 08 95 01 09 fe 81 02 85 03 09 ff 81 02 85 02 09 fb 81 02"
    assert fields(descriptor) == [
        (2, 0x8C_00FE, 8, 8, 1),
        (3, 0x8C_00FF, 8, 8, 1),
        (2, 0x8C_00FB, 16, 8, 1),
    ]
    assert input_reports(bytes.fromhex(descriptor)).lengths == {2: 3, 3: 2}


def test_last_usage_is_that_of_all_remaining_elements() -> None:
    assert fields("05 8c 75 08 95 38 09 fb 09 fe 81 02") == [
        (None, 0x8C_00FB, 0, 8, 1),
        (None, 0x8C_00FE, 8, 8, 55),
    ]


def test_usage_of_four_bytes_holds_its_own_page() -> None:
    assert fields("05 01 75 08 95 01 0b fe 00 8c 00 81 02") == [(None, 0x8C_00FE, 0, 8, 1)]


def test_outputs_and_features_take_no_room_and_use_up_their_usages() -> None:
    assert fields("05 8c 75 08 95 04 09 10 91 02 09 11 b1 02 09 fe 81 02") == [(None, 0x8C_00FE, 0, 8, 4)]


def test_array_of_one_usage_is_a_field_and_of_several_is_none() -> None:
    assert fields("05 8c 75 08 95 04 09 fe 81 00 09 01 09 02 81 00 09 ff 81 02") == [
        (None, 0x8C_00FE, 0, 8, 4),
        (None, 0x8C_00FF, 64, 8, 4),
    ]


def test_array_of_a_keyboard_is_told_with_its_place() -> None:
    boot = "05 07 19 e0 29 e7 75 01 95 08 81 02 95 01 75 08 81 03 95 06 75 08 19 00 29 65 81 00"  # HID 1.11, E.6
    assert input_reports(bytes.fromhex(boot)).arrays == (
        InputArray(report_id=None, page=0x07, bit_offset=16, element_bits=8, count=6),
    )


def test_push_and_pop_keep_what_was_said_before() -> None:
    assert fields("05 8c 75 08 95 02 a4 05 01 75 10 95 01 09 30 81 02 b4 09 fe 81 02") == [
        (None, 0x01_0030, 0, 16, 1),
        (None, 0x8C_00FE, 16, 8, 2),
    ]


def test_long_item_is_passed_over() -> None:
    assert fields("fe 02 f0 09 09 05 8c 75 08 95 01 09 fe 81 02") == [(None, 0x8C_00FE, 0, 8, 1)]


def test_cut_off_descriptor_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 2 more bytes at the end of the report descriptor, got 1"):
        input_reports(bytes.fromhex("05 8c 26 ff"))


def test_report_longer_than_any_device_has_is_refused() -> None:
    with pytest.raises(ValueError, match="expected input reports of at most 16384 bytes"):
        input_reports(bytes.fromhex("05 8c 75 20 97 ff ff ff ff 09 fe 81 02"))


@given(st.binary(max_size=300))
def test_hostile_descriptor_is_refused_or_stays_small(descriptor: bytes) -> None:
    try:
        reports = input_reports(descriptor)
    except ValueError:
        return
    assert len(reports.fields) <= 1025 * len(descriptor)
    for found in reports.fields:
        assert isinstance(found, InputField)
        assert (found.bit_offset + found.element_bits * found.count + 7) // 8 <= reports.lengths[found.report_id]
