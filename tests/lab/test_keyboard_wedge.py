"""Scanners that type, on a real input layer: EVIOCGRAB, ENODEV, SYN_DROPPED, the text console."""

from contextlib import suppress

from tests.lab.guest import PYTHON
from tests.lab.lane import Lane
from tests.lab.machine import GuestRefusedError
from tests.lab.scanners import Keyboard, UsbScanner, key_reports, type_together

PRODUCT = "4006381333931"
OTHER_PRODUCT = "5901234123457"
CARD = "0412345678903"  # a member the sandbox knows


def held(scanner: UsbScanner) -> bool:
    """Press and leave down a key, with Shift; return whether the scanner is awake enough for it."""
    with suppress(GuestRefusedError):
        scanner.hold("A")
        return True
    return False


def test_a_card_gives_a_member_and_a_product_passes_through(lane: Lane) -> None:
    scanner = lane.online(UsbScanner(leds=True))
    scanner.type(f"{CARD}\n{PRODUCT}\n")
    assert lane.expect("scan_passed_through")["label"] == PRODUCT
    lane.eventually(lambda: ("member_identified", "counter") in lane.told(), "the member is known")
    (member,) = (event["member"] for event in lane.events() if event["type"] == "member_identified")
    assert member["customer_id"] == CARD
    assert member["balance"]["available_points"] == 1200


def test_nothing_of_a_scan_reaches_the_text_console(lane: Lane) -> None:
    cashier, scanner = lane.plug(Keyboard()), lane.online(UsbScanner())
    scanner.type(f"{PRODUCT}\n{CARD}\n")
    lane.expect("scan_accepted")
    cashier.type("end\n")
    lane.eventually(lambda: "end\n" in lane.typed(), "the cashier's word arrives")
    assert lane.typed() == "end\n"


def test_the_till_has_the_scanner_while_the_daemon_is_stopped(lane: Lane) -> None:
    scanner = lane.online(UsbScanner())
    lane.run("systemctl stop scanner-daemon")
    scanner.type(f"{PRODUCT}\n")
    lane.eventually(lambda: lane.typed() == f"{PRODUCT}\n", "the console gets the scan")


def test_no_second_process_can_read_the_scanner(lane: Lane) -> None:
    scanner = lane.online(UsbScanner())
    node = scanner.node(lane)
    reader = lane.start(f"exec cat {node}")
    lane.eventually(lambda: lane.holds(reader.process, node), "it is open")
    scanner.type(f"{PRODUCT}\n")
    lane.expect("scan_passed_through", label=PRODUCT)
    assert reader.output() == ""
    status, output = lane.attempt(f"{PYTHON} -c 'import evdev; evdev.InputDevice(\"{node}\").grab()'")
    assert (status, "Device or resource busy" in output) == (1, True)


def test_the_cashiers_keyboard_is_not_touched(lane: Lane) -> None:
    cashier = lane.plug(Keyboard())
    scanner = lane.online(UsbScanner())
    cashier.type("a")
    scanner.type(f"{PRODUCT}\n")
    lane.expect("scan_passed_through")
    cashier.type("b\n")
    lane.eventually(lambda: lane.typed() == "ab\n", "the console gets what the cashier types")
    assert lane.run(f"stat --dereference --format=%G {cashier.nodes(lane)[0]}") == "input"


def test_a_key_held_when_the_scanner_is_claimed_is_not_stuck_afterwards(lane: Lane) -> None:
    cashier, scanner = lane.plug(Keyboard()), UsbScanner()
    scanner.attach(lane.machine)
    lane.eventually(lambda: held(scanner) and lane.typed(), "the console gets the key, well before udev tells anybody")
    lane.eventually(lambda: lane.holds(lane.main_process(), scanner.node(lane)), "the daemon has opened the scanner")
    lane.eventually(lambda: len(lane.typed()) > 10, "the key repeats on the console")
    assert ("scanner_online", "counter") not in lane.told()
    scanner.release()
    lane.expect("scanner_online", scanner="counter")
    before = lane.typed()
    cashier.type("abc")
    lane.eventually(lambda: len(lane.typed()) >= len(before) + 3, "the cashier's letters arrive")
    scanner.type(f"{PRODUCT}\n")
    lane.expect("scan_passed_through", label=PRODUCT)
    assert lane.typed() == f"{before}abc"
    assert set(before) == {"A"}


def test_a_scan_cut_by_unplugging_is_discarded_and_the_next_is_whole(lane: Lane) -> None:
    scanner = lane.online(UsbScanner())
    scanner.type(PRODUCT[:6])
    lane.unplug(scanner)
    assert lane.expect("scan_discarded")["reason"] == "device_lost"
    lane.expect("scanner_offline", scanner="counter")
    lane.online(scanner)
    scanner.type(f"{PRODUCT}\n")
    assert lane.expect("scan_passed_through")["label"] == PRODUCT
    comings_and_goings = [kind for kind, name in lane.told("scanner_online", "scanner_offline") if name == "counter"]
    assert comings_and_goings == ["scanner_offline", "scanner_online", "scanner_offline", "scanner_online"]


def test_an_unplugged_scanner_costs_next_to_nothing(lane: Lane) -> None:
    scanner = lane.online(UsbScanner())
    lane.unplug(scanner)
    lane.expect("scanner_offline", scanner="counter")
    used = "grep usage_usec /sys/fs/cgroup/system.slice/scanner-daemon.service/cpu.stat"
    before, after = lane.run(f"{used}; sleep 3; {used}").splitlines()
    share = (int(after.split()[1]) - int(before.split()[1])) / 3e6
    assert share < 0.3, f"expected less than 30 % of one emulated core, where a spin takes all of it, got {share:.0%}"


def test_a_scan_that_overflows_the_kernels_buffer_is_discarded_whole(lane: Lane) -> None:
    scanner = lane.online(UsbScanner())
    process = lane.main_process()
    lane.run(f"kill -STOP {process}")
    scanner.type(f"{PRODUCT}\n")  # 84 events for a buffer of 64
    lane.run(f"kill -CONT {process}")
    assert lane.expect("scan_discarded", scanner="counter")["reason"] == "overflow"
    scanner.type(f"{OTHER_PRODUCT}\n")
    lane.expect("scan_passed_through")
    assert [event["label"] for event in lane.events() if "label" in event] == [OTHER_PRODUCT]
    assert lane.main_process() == process


def test_two_scanners_at_once_do_not_mix(lane: Lane) -> None:
    first = lane.online(UsbScanner())
    second = lane.online(UsbScanner(serial="SN0043", port=1), "second")
    type_together({first: f"{PRODUCT}\n", second: f"{OTHER_PRODUCT}\n"})
    lane.eventually(lambda: len(lane.told("scan_passed_through")) == 2, "both scans come")
    labels = {event["scanner"]: event["label"] for event in lane.events() if "label" in event}
    assert labels == {"counter": PRODUCT, "second": OTHER_PRODUCT}
    assert lane.told("scan_discarded") == []


def test_one_model_twice_is_told_apart_by_serial_number_wherever_it_is_plugged_in(lane: Lane) -> None:
    second = lane.online(UsbScanner(serial="SN0043", port=0), "second")
    first = lane.online(UsbScanner(serial="SN0042", port=1), "counter")
    first.type(f"{PRODUCT}\n")
    assert lane.expect("scan_passed_through")["scanner"] == "counter"
    second.type(f"{PRODUCT}\n")
    assert lane.expect("scan_passed_through")["scanner"] == "second"


def test_one_model_twice_without_serial_numbers_is_told_apart_by_port(lane: Lane) -> None:
    left, right = (UsbScanner(vendor="05f9", product="2206", serial="", port=port) for port in (0, 1))
    lane.online(right, "right")
    lane.online(left, "left")
    left.type(f"{PRODUCT}\n")
    assert lane.expect("scan_passed_through")["scanner"] == "left"
    right.type(f"{PRODUCT}\n")
    assert lane.expect("scan_passed_through")["scanner"] == "right"


def test_a_german_scanner_is_read_by_its_own_layout(lane: Lane) -> None:
    shift, altgr, enter = 0x02, 0x40, 0x28  # HID Usage Tables 1.5, section 10
    scanner = UsbScanner(serial="SN0047")
    for _ in range(2):
        lane.online(scanner, "german")
        scanner.press(*key_reports(0x1C, 0x1D, 0x31, 0x38))  # the keys Y Z \ / of an American keyboard
        scanner.press(*key_reports(0x24, 0x38, modifiers=shift), *key_reports(0x14, 0x64, modifiers=altgr), bytes(8))
        scanner.press(*key_reports(enter))
        assert lane.expect("scan_passed_through", scanner="german")["label"] == "zy#-/_@|"
        lane.unplug(scanner)
        lane.expect("scanner_offline", scanner="german")


def test_characters_typed_as_alt_codes(lane: Lane) -> None:
    alt, enter = 0x04, 0x28
    keypad = dict(zip("1234567890", range(0x59, 0x63), strict=True))
    scanner = UsbScanner()
    for _ in range(2):
        lane.online(scanner)
        for code in ("065", "0090", "029"):  # A, Z, and GS1's separator
            scanner.press(*key_reports(*(keypad[digit] for digit in code), modifiers=alt), bytes(8))
        scanner.press(*key_reports(0x1E, enter))
        assert lane.expect("scan_passed_through", scanner="counter")["label"] == "AZ\x1d1"
        lane.unplug(scanner)
        lane.expect("scanner_offline", scanner="counter")
    assert lane.typed() == ""
