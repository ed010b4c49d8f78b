"""The process that types: whole codes, and scanners given back between two scans, whatever becomes of the daemon."""

import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from scanner_daemon.decoding.layouts import LAYOUTS
from scanner_daemon.pos import typing_process
from scanner_daemon.pos.keystrokes import Keystrokes
from tests.pos.recorded import Till

INTERVAL = 0.002
GAP = 0.3
KEY_1, KEY_ENTER = 2, 28
US = Keystrokes(LAYOUTS["us"])


@dataclass
class Scanner:
    """A scanner's event device: a pipe whose reading end is the grab."""

    typing: int

    def press(self, *codes: int) -> None:
        for code in codes:
            events = ((1, code, 1), (0, 0, 0), (1, code, 0), (0, 0, 0))
            os.write(self.typing, b"".join(struct.pack("@llHHi", 0, 0, *event) for event in events))

    def is_held(self) -> bool:
        """Whether anybody has the device grabbed still."""
        poll = select.poll()
        poll.register(self.typing, 0)
        return not poll.poll(0)

    def freed_within(self, seconds: float) -> float:
        """Seconds until nobody has it grabbed any more."""
        began = time.monotonic()
        while self.is_held():
            assert time.monotonic() < began + seconds, f"expected it free within {seconds} s"
            time.sleep(0.005)
        return time.monotonic() - began


@dataclass
class Process:
    """The process, and the daemon's end of its line."""

    line: socket.socket
    process: subprocess.Popen[bytes]
    till: int
    scanners: list[Scanner] = field(default_factory=list)

    def hold(self, name: str = "counter") -> Scanner:
        grab, typing = os.pipe()
        os.set_blocking(grab, False)
        socket.send_fds(self.line, [typing_process.to_hold(name, gap=GAP)], [grab])
        os.close(grab)
        self.scanners.append(Scanner(typing=typing))
        return self.scanners[-1]

    def type(self, text: str) -> None:
        self.line.send(typing_process.to_type(US.chords(text), interval=INTERVAL))

    def typed(self) -> list[str]:
        """Return the codes typed until the keyboard was unplugged."""
        till, data = Till(receiver=self.till, keyboard=-1), b""
        while chunk := os.read(self.till, 65536):
            data += chunk
        return till.received(data)


@pytest.fixture
def daemon(till: Till) -> Iterator[Process]:
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    descriptors = (till.keyboard, its.fileno())
    command = [sys.executable, "-I", "-S", typing_process.__file__, *map(str, descriptors)]
    with ours, subprocess.Popen(command, pass_fds=descriptors) as process:
        os.close(till.keyboard)
        till.keyboard = -1
        its.close()
        made = Process(line=ours, process=process, till=till.receiver)
        yield made
        with suppress(ProcessLookupError):
            process.kill()
    for scanner in made.scanners:
        os.close(scanner.typing)


def test_codes_are_typed_in_order_and_each_is_answered(daemon: Process) -> None:
    for number in range(20):
        daemon.type(f"Product {number}")
    for _ in range(20):
        assert daemon.line.recv(64) == b"."
    daemon.line.close()
    assert daemon.typed() == [f"Product {number}" for number in range(20)]
    assert daemon.process.wait(5) == 0


def test_a_daemon_that_is_gone_leaves_no_half_code(daemon: Process) -> None:
    daemon.type("4006381333931")
    daemon.type("5901234123457")
    daemon.line.close()
    assert daemon.typed() == ["4006381333931", "5901234123457"]
    assert daemon.process.wait(5) == 0


def test_a_daemon_that_died_with_answers_unread_leaves_no_half_code(daemon: Process) -> None:
    daemon.type("1")
    select.select([daemon.line], [], [], 5)  # the answer is there, and is never read: the line ends with a reset
    daemon.type("4006381333931")
    daemon.line.close()
    assert daemon.typed() == ["1", "4006381333931"]


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGABRT])
def test_asked_to_end_it_goes_on(daemon: Process, number: signal.Signals) -> None:
    daemon.type("1")
    daemon.line.recv(64)
    daemon.process.send_signal(number)
    daemon.type("4006381333931")
    daemon.line.close()
    assert daemon.typed() == ["1", "4006381333931"]


def test_keys_come_at_the_rate_the_till_can_take(daemon: Process) -> None:
    began = time.monotonic()
    daemon.type("1" * 99)
    daemon.line.recv(64)
    assert time.monotonic() - began >= 99 * INTERVAL


def test_a_scanner_is_held_until_its_daemon_lets_go(daemon: Process) -> None:
    scanner, other = daemon.hold("counter"), daemon.hold("second")
    daemon.type("1")
    daemon.line.recv(64)
    assert scanner.is_held()
    daemon.line.send(typing_process.to_let_go("counter"))
    scanner.freed_within(GAP + 0.5)
    assert other.is_held()
    daemon.line.send(typing_process.to_let_go("nobody"))
    daemon.type("2")
    daemon.line.close()
    assert daemon.typed() == ["1", "2"]
    assert not other.is_held()


def test_a_scanner_is_given_back_after_its_codes_were_typed(daemon: Process) -> None:
    scanner = daemon.hold()
    daemon.type("4006381333931" * 8)
    daemon.line.close()
    scanner.press(KEY_1, KEY_ENTER)
    while scanner.is_held():
        time.sleep(0.001)
    assert len(os.read(daemon.till, 65536)) >= 104 * 4 * 24, "all of the code came before"


def test_a_scanner_at_rest_is_free_after_a_silence(daemon: Process) -> None:
    scanner = daemon.hold()
    daemon.line.close()
    assert scanner.freed_within(GAP + 0.5) >= GAP - 0.1


def test_a_scanner_in_the_middle_of_a_code_is_free_at_its_end_and_not_before(daemon: Process) -> None:
    scanner = daemon.hold()
    daemon.line.close()
    until = time.monotonic() + 2 * GAP
    while time.monotonic() < until:
        scanner.press(KEY_1)
        assert scanner.is_held()
        time.sleep(0.02)
    scanner.press(KEY_ENTER)
    assert scanner.freed_within(0.5) < GAP


def test_a_code_of_which_the_daemon_has_read_the_head_is_not_given_back_in_its_middle(daemon: Process) -> None:
    scanner = daemon.hold()
    time.sleep(1.5 * GAP)  # the scanner was at rest long before
    daemon.line.close()
    time.sleep(0.5 * GAP)  # a pause such as scanners make in the middle of a code
    assert scanner.is_held()
    scanner.press(KEY_1, KEY_ENTER)
    assert scanner.freed_within(0.5) < GAP


def test_what_the_daemon_left_unread_is_no_end_of_a_code(daemon: Process) -> None:
    scanner = daemon.hold()
    scanner.press(KEY_1, KEY_ENTER, KEY_1)
    daemon.line.close()
    assert scanner.freed_within(GAP + 0.5) >= GAP - 0.1


@pytest.mark.parametrize(
    ("events", "before"),
    [
        ([], False),
        ([(100.0, 1, KEY_1)], True),
        ([(100.2, 1, KEY_1)], False),
        ([(100.0, 4, KEY_1), (100.0, 0, 0)], False),  # no key: a scan code, a report's end
        ([(100.2, 1, KEY_1), (100.0, 1, KEY_1)], True),
    ],
)
def test_a_code_whose_head_came_before_the_grab_was_given_back(
    *, events: list[tuple[float, int, int]], before: bool
) -> None:
    packed = [struct.pack("@llHHi", 100, round(at % 1 * 1e6), kind, code, 1) for at, kind, code in events]
    assert typing_process.begins_before(b"".join(packed), 100.1) == before


def test_a_scanner_that_never_ends_its_code_is_free_in_time(daemon: Process) -> None:
    scanner = daemon.hold()
    daemon.line.close()
    until = time.monotonic() + typing_process.LET_GO_WITHIN + 0.5
    with suppress(BrokenPipeError):
        while time.monotonic() < until:
            scanner.press(KEY_1)
            time.sleep(0.02)
    assert not scanner.is_held()


def test_an_unplugged_scanner_holds_nothing_up(daemon: Process) -> None:
    scanner = daemon.hold()
    os.close(scanner.typing)  # a hang-up at the other end
    daemon.scanners.clear()
    daemon.line.send(typing_process.to_let_go("counter"))
    began = time.monotonic()
    daemon.type("1")
    daemon.line.recv(64)
    assert time.monotonic() - began < GAP
