from hypothesis import given
from hypothesis import strategies as st

from scanner_daemon.sources.discovery import HID_POS_USAGE_PAGE, usage_pages

# The head of a bar code scanner's report descriptor and of a boot keyboard's, written from USB-IF, HID Point of Sale
# Usage Tables 1.02 and HID 1.11, appendix B.1.
HID_POS = bytes.fromhex("058c0902a1010912a10285021500")
BOOT_KEYBOARD = bytes.fromhex("05010906a101050719e029e71500250175019508810295017508")
VENDOR_PAGE = bytes.fromhex("068cff0902a101")


def test_the_bar_code_scanner_page_is_found_and_not_confused_with_a_vendor_page() -> None:
    assert HID_POS_USAGE_PAGE in usage_pages(HID_POS)
    assert usage_pages(BOOT_KEYBOARD) == {0x01, 0x07}
    assert usage_pages(VENDOR_PAGE) == {0xFF8C}


def test_data_of_other_items_is_not_read_as_items() -> None:
    report_count_of_two_bytes = bytes.fromhex("96058c")
    long_item = bytes.fromhex("fe0210058c")

    assert usage_pages(report_count_of_two_bytes + long_item + bytes.fromhex("0501")) == {0x01}


@given(st.binary(max_size=4096))
def test_any_bytes_are_a_descriptor_and_a_page_has_at_most_32_bits(descriptor: bytes) -> None:
    assert all(0 <= page < 1 << 32 for page in usage_pages(descriptor))
