"""Products to the till on a real kernel: uinput, the text console, the scanner's way back however the daemon ends."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator

import pytest
from evdev import ecodes

from scanner_daemon.decoding.layouts import LAYOUTS
from scanner_daemon.model import masked
from scanner_daemon.pos.keystrokes import Keystrokes
from scanner_daemon.pos.virtual_keyboard import NAME
from tests.lab.guest import PYTHON
from tests.lab.scanners import REPORT_GAP, FtdiScanner, UsbScanner, _hid_pos_report, key_reports
from tests.lab.till import Till

pytestmark = pytest.mark.long

PRODUCT = "4006381333931"
SCANS = {"counter": 60, "pos": 220, "ftdi": 220}
FREE_AFTER_HANG = 13.0
"""Seconds: the watchdog's ten, one until systemd acts, two for a scanner in the middle of a code."""


@pytest.fixture
def three(till: Till) -> tuple[UsbScanner, UsbScanner, FtdiScanner]:
    """A scanner that types, one in HID POS mode, and one on a serial line, all in use."""
    counter, pos, ftdi = UsbScanner(), UsbScanner(serial="SN0045", interfaces=("hid-pos",), port=1), FtdiScanner()
    till.online(counter)
    till.online(pos, "pos")
    till.online(ftdi, "ftdi")
    return counter, pos, ftdi


@contextlib.contextmanager
def sending(ftdi: FtdiScanner, codes: Iterable[str], *, pause: float) -> Iterator[None]:
    """Have the serial scanner read codes meanwhile, ``pause`` seconds apart; the block ends after the last."""

    def send() -> None:
        for code in codes:
            ftdi.send(f"{code}\r".encode())
            time.sleep(pause)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def scan_by_turns(counter: UsbScanner, typed: list[str], pos: UsbScanner, reported: list[str]) -> None:
    """Have two scanners read codes at once: the reports of the second come between two keys of the first.

    The pauses are a cashier's. Without them a machine that is emulated and busy would lose keys, and discard the scans.
    """
    end, each = pos._ends["hid-pos"], -(-len(reported) // len(typed))
    reports = [(end, _hid_pos_report(code.encode(), "]C0").hex()) for code in reported]
    for number, code in enumerate(typed):
        down, *rest = counter.writes(f"{code}\n")
        writes = [down, *reports[number * each : (number + 1) * each], *rest]
        counter.machine.agent("write_device", writes=writes, gap=REPORT_GAP)
        time.sleep(0.3)


def mixed(name: str, count: int) -> list[str]:
    """Return products, each another, and two cards again and again, by turns."""
    initial, number = {"counter": ("K", 1), "pos": ("P", 2), "ftdi": ("F", 3)}[name]
    return [f"{initial}{n:04}" if n % 2 else f"C{number}{n % 4:03}" for n in range(count)]


def outcomes(codes: Iterable[str]) -> list[tuple[str, str | None]]:
    """Return the events that must come of ``codes``, in this order: type and label."""
    seen: set[str] = set()
    told: list[tuple[str, str | None]] = []
    for code in codes:
        if not code.startswith("C"):
            told.append(("scan_passed_through", code))
        elif code in seen:
            told.append(("scan_rejected", masked(code)))
        else:
            told.append(("scan_accepted", None))
        seen.add(code)
    return told


@pytest.mark.timeout(300, func_only=True)
def test_five_hundred_products_and_cards_of_three_kinds_of_scanner_at_once(
    till: Till, three: tuple[UsbScanner, UsbScanner, FtdiScanner]
) -> None:
    counter, pos, ftdi = three
    scanned = {name: mixed(name, count) for name, count in SCANS.items()}
    with sending(ftdi, scanned["ftdi"], pause=0.12):
        scan_by_turns(counter, scanned["counter"], pos, scanned["pos"])
    till.await_told("scan_", 500)
    till.await_typed(250)
    events = [event for event in till.events() if event["type"].startswith("scan_")]
    for name, codes in scanned.items():
        assert [(e["type"], e.get("label")) for e in events if e["scanner"] == name] == outcomes(codes)
    products = [event["label"] for event in events if event["type"] == "scan_passed_through"]
    assert till.lines() == products
    assert till.read_along() == products
    cards = {code for codes in scanned.values() for code in codes if code.startswith("C")}
    till.await_told("member_identified", len(cards))
    members = [event["member"]["customer_id"] for event in till.events() if event["type"] == "member_identified"]
    assert (len(members), set(members)) == (len(cards), cards)


def test_the_keyboard_has_the_keys_it_needs_and_is_a_keyboard_to_desktops(till: Till) -> None:
    (node,) = till.nodes()
    ask = f"import evdev; print(sorted(evdev.InputDevice('{node}').capabilities()[evdev.ecodes.EV_KEY]))"
    codes = {int(code) for code in till.run(f'{PYTHON} -c "{ask}"').strip("[]").split(",")}
    assert codes == Keystrokes(LAYOUTS["us"]).codes
    assert not codes & {ecodes.KEY_LEFTCTRL, ecodes.KEY_LEFTALT, ecodes.KEY_LEFTMETA, ecodes.KEY_F1, ecodes.KEY_SYSRQ}
    properties = till.properties(node)
    assert properties["ID_INPUT_KEYBOARD"] == "1"
    assert "ID_INPUT_JOYSTICK" not in properties


def test_the_keyboard_is_never_taken_for_a_scanner(till: Till) -> None:
    (node,) = till.nodes()
    assert NAME not in till.run("/opt/scanner-daemon/bin/scanner-daemon devices --json", limit=100)
    claim = f"""
import asyncio
from scanner_daemon.sources.keyboard_wedge import KeyboardWedge
asyncio.run(KeyboardWedge(name="loop", path="{node}", claim_keyboard=True).read(print))
"""
    till.put("/run/lab/claim.py", claim)
    status, output = till.attempt(f"{PYTHON} /run/lab/claim.py", limit=100)
    assert (status, f"{NAME!r}, a keyboard made by a program" in output) == (1, True), output


def test_no_attack_is_typed(till: Till, three: tuple[UsbScanner, UsbScanner, FtdiScanner]) -> None:
    counter, pos, ftdi = three
    for text in ATTACKS_AS_TEXT:
        ftdi.send(b"cmd" + text + b"calc\r")
        pos.report(b"cmd" + text + b"calc")
    ftdi.send(b"1" * 300 + b"\r")
    for modifiers, usage in ATTACKS_AS_KEYS:
        all_up = bytes(8)
        counter.press(*key_reports(usage, modifiers=modifiers), all_up, *key_reports(ENTER))
    ftdi.send(b"end\r")
    till.eventually(lambda: "end" in till.read_along(), "what comes after them is typed", within=30)
    assert till.typed() == "end\n"
    assert {stroke.code for stroke in till.strokes()} <= Keystrokes(LAYOUTS["us"]).codes
    refused = [name for kind, name in till.told("scan_rejected", "scan_discarded")]
    expected = {"counter": len(ATTACKS_AS_KEYS), "pos": len(ATTACKS_AS_TEXT), "ftdi": len(ATTACKS_AS_TEXT) + 1}
    assert {name: refused.count(name) for name in expected} == expected


def test_a_killed_daemon_leaves_whole_codes_and_takes_over_between_scans(
    till: Till, three: tuple[UsbScanner, UsbScanner, FtdiScanner]
) -> None:
    counter, pos, ftdi = three
    killed = till.main_process()
    scanned = {name: mixed(name, 24) for name in SCANS}
    whole = {code for codes in scanned.values() for code in codes} | {PRODUCT}
    before = till.told("scanner_online").count(("scanner_online", "counter"))
    with sending(ftdi, scanned["ftdi"] * 4, pause=0.1):
        scan_by_turns(counter, scanned["counter"][:4], pos, scanned["pos"])
        till.start(f"sleep 0.3; kill -KILL {killed}")
        counter.type("\n".join([*scanned["counter"][4:], ""]))

    def is_back() -> bool:
        return till.told("scanner_online").count(("scanner_online", "counter")) > before

    scan_until(counter, is_back, within=60)
    assert till.main_process() not in {0, killed}
    assert PRODUCT in till.lines(), "the scanner typed straight into the till"
    along = len(till.read_along())
    counter.type(f"{PRODUCT}\n")
    till.eventually(lambda: len(till.read_along()) > along, "the new daemon types")
    till.expect_no_half_code()
    assert set(till.lines()) <= whole
    assert set(till.read_along()) <= {code for code in whole if not code.startswith("C")}


def test_a_hung_daemon_is_ended_and_the_scanner_types_straight_in_time(
    till: Till, three: tuple[UsbScanner, UsbScanner, FtdiScanner]
) -> None:
    counter, pos, ftdi = three
    scanned = {name: mixed(name, 8) for name in SCANS}  # all are read before the watchdog acts
    whole = {code for codes in scanned.values() for code in codes} | {PRODUCT}
    with sending(ftdi, scanned["ftdi"], pause=0.1):
        till.start(f"sleep 0.5; kill -STOP {till.main_process()}")
        stopped = time.monotonic() + 0.5
        scan_by_turns(counter, scanned["counter"], pos, scanned["pos"])
    typed, along = len(till.lines()), len(till.read_along())
    while len(till.lines()) <= typed:
        assert time.monotonic() < stopped + FREE_AFTER_HANG + 1, "the till has its scanner back"
        counter.type(f"{PRODUCT}\n")
    assert till.lines()[typed:] == [PRODUCT] * (len(till.lines()) - typed)
    assert len(till.read_along()) == along, "and it is the scanner itself that types"
    till.expect_no_half_code()
    assert set(till.lines()) <= whole
    assert "Watchdog timeout" in till.journal()


def test_a_stopped_daemon_gives_the_scanner_back_between_two_codes(till: Till) -> None:
    scanner = till.online(UsbScanner())
    till.start("sleep 0.35; systemctl stop scanner-daemon")
    scanner.type(f"{PRODUCT}\n" * 4)
    till.eventually(lambda: till.unit("ActiveState")["ActiveState"] == "inactive", "it is stopped")
    assert till.unit("Result", "ExecMainStatus") == {"Result": "success", "ExecMainStatus": "0"}
    typed = len(till.lines())
    scanner.type(f"{PRODUCT}\n")
    till.eventually(lambda: len(till.lines()) > typed, "the scanner types straight")
    till.expect_no_half_code()
    assert set(till.lines()) == {PRODUCT}


def test_when_the_process_that_types_is_killed_the_scanner_types_straight(till: Till) -> None:
    scanner = till.online(UsbScanner())
    daemon = till.main_process()
    (types,) = till.run(f"cat /proc/{daemon}/task/{daemon}/children").split()
    till.run(f"kill -KILL {types}")
    killed = time.monotonic()
    while not till.lines():
        assert time.monotonic() < killed + 5, "the till has its scanner back"
        scanner.type(f"{PRODUCT}\n")
    assert set(till.lines()) == {PRODUCT}
    assert till.read_along() == []


def test_a_scanner_unplugged_while_others_scan_leaves_no_half_code(
    till: Till, three: tuple[UsbScanner, UsbScanner, FtdiScanner]
) -> None:
    counter, pos, ftdi = three
    serial = [f"F{number:04}" for number in range(60)]
    with sending(ftdi, serial, pause=0.1):
        for number in range(2):
            counter.type(f"{PRODUCT}\n{PRODUCT[:6]}")
            till.unplug(counter)
            pos.report(f"P{number}".encode())
            till.expect("scanner_offline", scanner="counter")
            till.online(counter)
        counter.type(f"{PRODUCT}\n")
    till.await_typed(len(serial) + 5)
    assert [line for line in till.lines() if line.startswith("F")] == serial
    assert [line for line in till.lines() if not line.startswith("F")] == [PRODUCT, "P0", PRODUCT, "P1", PRODUCT]
    assert till.read_along() == till.lines()


def test_without_uinput_the_scanner_stays_the_tills_and_the_cure_is_told(till: Till) -> None:
    till.run("chown root:root /dev/uinput; systemctl restart scanner-daemon", limit=90)
    scanner = till.plug(UsbScanner())
    told = till.eventually(
        lambda: [event["detail"] for event in till.events() if "Permission denied" in event.get("detail", "")],
        "the scanners are not taken",
        within=30,
    )
    assert "install the udev rules" in told[0]
    scanner.type(f"{PRODUCT}\n")
    till.eventually(lambda: till.lines() == [PRODUCT], "the scanner types straight")
    assert till.unit("ActiveState") == {"ActiveState": "active"}


def scan_until(scanner: UsbScanner, done: Callable[[], bool], *, within: float) -> None:
    """Scan products, with the pauses a person makes, until something has happened."""
    until = time.monotonic() + within
    while not done():
        assert time.monotonic() < until, f"expected it within {within:g} s"
        scanner.type(f"{PRODUCT}\n")
        time.sleep(1.2)


ENTER = 0x28
CTRL, ALT, META = 0x01, 0x04, 0x08
ATTACKS_AS_KEYS = [
    *((CTRL, usage) for usage in (0x12, 0x16, 0x13, 0x11, 0x15, 0x1A, 0x17, 0x29)),  # O S P N R W T Escape
    *((ALT, usage) for usage in (0x3D, 0x2B, 0x2C)),  # F4 Tab Space
    *((ALT, usage) for usage in (0x46, 0x47, 0x48)),  # SysRq, ScrollLock, Pause
    (META, 0x15),  # R
    (CTRL | ALT, 0x4C),  # Delete
    *((CTRL | ALT, usage) for usage in range(0x3A, 0x46)),  # F1 to F12: another virtual terminal
    *((0, usage) for usage in (*range(0x3A, 0x46), 0x29, 0x65, 0x46, 0x4C)),  # F1 to F12, Escape, Menu, Print, Delete
]
"""Modifiers and keys that a till must never get (HID Usage Tables 1.5, section 10; "BadBarcode", PacSec 2015)."""

ATTACKS_AS_TEXT = [
    *(bytes((control,)) for control in (1, *range(4, 9), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F)),
    *(b"\x1b[2J", b"\x1b]0;x\x07", b"\x1bOP", b"\x9b31m", b"\x1b[200~ls\x1b[201~"),
]
"""Control characters, of which scanners that type make Ctrl and a letter, and escape sequences of terminals."""
