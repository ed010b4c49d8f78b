"""Scanners that are read below the keyboard: HID POS, and typed reports."""

from tests.lab.lane import Lane
from tests.lab.scanners import HID_POS_SHIFTED, UhidScanner, UsbScanner, key_reports

PRODUCT = "4006381333931"

# HID Usage Tables 1.5, section 10
LEFT_ALT, ENTER = 0x04, 0x28
KEYPAD = dict(zip("1234567890", range(0x59, 0x63), strict=True))


def test_hid_pos_scan_unplug_replug(lane: Lane) -> None:
    scanner = UsbScanner(serial="SN0045", interfaces=("hid-pos",))
    for _ in range(2):
        lane.online(scanner, "pos")
        assert scanner.told() == b"\xfe\x01", "its maker's scanners are told where to send their data"
        scanner.report(PRODUCT.encode())
        event = lane.expect("scan_passed_through", scanner="pos")
        assert (event["label"], event["symbology_identifier"], event["scan_data_type"]) == (PRODUCT, "]E0", "EAN13")
        lane.unplug(scanner)
        lane.expect("scanner_offline", scanner="pos")


def test_hid_pos_fields_are_found_wherever_the_descriptor_puts_them(lane: Lane) -> None:
    scanner = lane.online(UhidScanner(descriptor=HID_POS_SHIFTED), "odd")
    scanner.report(PRODUCT.encode())
    event = lane.expect("scan_passed_through", scanner="odd")
    assert (event["label"], event["symbology_identifier"]) == (PRODUCT, "]E0")


def test_a_keyboard_read_raw_types_nothing_on_the_text_console(lane: Lane) -> None:
    scanner = lane.online(UsbScanner(serial="SN0046"), "raw")
    scanner.type(f"{PRODUCT}\n")
    assert lane.expect("scan_passed_through", scanner="raw")["label"] == PRODUCT
    assert lane.typed() == ""


def test_what_the_kernel_drops_while_nobody_reads_makes_no_label(lane: Lane) -> None:
    """Its queue for one reader holds 63 reports and tells nobody when it runs over: a press and a release a digit."""
    scanner = lane.online(UsbScanner(serial="SN0046"), "raw")
    lane.run("systemctl kill --signal=STOP scanner-daemon")
    scanner.type(f"{PRODUCT}\n{PRODUCT * 3}")
    lane.run("systemctl kill --signal=CONT scanner-daemon")
    assert lane.expect("scan_passed_through", scanner="raw")["label"] == PRODUCT
    assert lane.expect("scan_discarded", scanner="raw")["reason"] == "overflow"
    scanner.type("\n")
    scanner.type(f"{PRODUCT}\n")
    assert lane.expect("scan_passed_through", scanner="raw")["label"] == PRODUCT


def test_all_digits_of_an_alt_code_in_one_report(lane: Lane) -> None:
    scanner = UsbScanner(serial="SN0046")
    for _ in range(2):
        lane.online(scanner, "raw")
        for digits in ("083", "088", "055"):  # S, X with an 8 twice, 7
            scanner.press(bytes((LEFT_ALT, 0, *(KEYPAD[digit] for digit in digits), 0, 0, 0)), bytes(8))
        scanner.press(*key_reports(ENTER))
        assert lane.expect("scan_passed_through", scanner="raw")["label"] == "SX7"
        lane.unplug(scanner)
        lane.expect("scanner_offline", scanner="raw")
    assert lane.typed() == ""
