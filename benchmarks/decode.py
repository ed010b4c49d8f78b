"""What decoding a keyboard wedge's scan costs: one 13-digit code and Enter, 84 events of the kernel.

In turns: this project's decoder; the decoder of barcode-server, the closest peer (``KeyEventReader`` on python-evdev's
own reading loop, as it runs itself); and the floor, which reads the same bytes and unpacks the events but makes nothing
of them. Each is a process of its own. vention's decoder is one with its wait for events: its CPU is in the growth
benchmark.

Told is the CPU time from the read to the label. Scans arrive in two ways: report by report, as a scanner types, and
all at once, as after the daemon was busy for a moment.
"""

import fcntl
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count, islice
from pathlib import Path
from typing import Final

from benchmarks import report
from benchmarks.report import FLOOR, OURS, Findings, Goal, Row
from benchmarks.subject import BARCODE_SERVER, PEERS_PYTHON, SubjectFailed
from benchmarks.subjects.decoders import EVENT
from scanner_daemon.decoding.key_codes import KeyCode

LABEL: Final = "4006381333931"
ROUNDS, SCANS = 20, 100  # so many scans in a row: nobody pays for the caches that another one filled
EV_SYN, EV_KEY, EV_MSC = 0, 1, 4
BY_REPORT, ALL_AT_ONCE = "decode, report by report", "decode, all at once"
SPACE: Final = 1 << 20  # bytes in the pipe: a packet takes a page
PEER: Final = BARCODE_SERVER.name


class Decoder:
    """A process that decodes what it is sent."""

    def __init__(self, name: str, python: Path, stack: ExitStack) -> None:
        pipes = {ALL_AT_ONCE: _pipe(0), BY_REPORT: _pipe(os.O_DIRECT)}  # O_DIRECT: each write is one read (pipe(2))
        self._expected = "" if name == FLOOR else LABEL
        self._outlets = {arrival: outlet for arrival, (_, outlet) in pipes.items()}
        inlets = [inlet for inlet, _ in pipes.values()]
        command = [str(python), "-m", "benchmarks.subjects.decoders", name, *map(str, inlets)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=inlets, text=True
        )
        stack.enter_context(self._process)
        if self._said() != "ready":
            raise SubjectFailed(
                f"{name}: expected a decoder that is ready, got one that ended; see benchmarks/peers.txt"
            )

    def take(self, reports: list[bytes], arrival: str) -> int:
        """Return the CPU nanoseconds that one scan takes."""
        for packet in reports if arrival == BY_REPORT else [b"".join(reports)]:
            os.write(self._outlets[arrival], packet)
        place = list(self._outlets).index(arrival)
        assert self._process.stdin is not None  # noqa: S101  it is a pipe
        self._process.stdin.write(f"{place} {sum(map(len, reports))}\n")
        self._process.stdin.flush()
        taken, _, label = self._said().partition(" ")
        if label != self._expected:
            raise SystemExit(f"expected {self._expected!r}, got {label!r}: a fast wrong answer is none")
        return int(taken)

    def _said(self) -> str:
        assert self._process.stdout is not None  # noqa: S101  same
        said: str = self._process.stdout.readline()
        return said.rstrip("\n")


def measure(short: bool) -> Findings:
    """Return the median microseconds of each decoder, for both ways of arrival."""
    findings = Findings(title="Decoding a keyboard wedge: CPU")
    taken: dict[tuple[str, str], list[float]] = {}
    with ExitStack() as stack:
        decoders = {name: Decoder(name, Path(sys.executable), stack) for name in (FLOOR, OURS)}
        try:
            decoders[PEER] = Decoder(PEER, PEERS_PYTHON, stack)
        except (SubjectFailed, FileNotFoundError):
            findings.leave_out(f"{PEER}: not in {PEERS_PYTHON}; make .venv-peers/.peers with Python 3.13 or newer")
        scans = typed_scans()
        for _ in range(2 if short else ROUNDS):
            for arrival in (BY_REPORT, ALL_AT_ONCE):
                for name, decoder in decoders.items():
                    times = [decoder.take(reports, arrival) / 1000 for reports in islice(scans, SCANS)]
                    taken.setdefault((arrival, name), []).extend(times)
    findings.rows = [Row.of_times(arrival, times, of=name, unit="µs") for (arrival, name), times in taken.items()]
    for arrival in (BY_REPORT, ALL_AT_ONCE):
        findings.goals.append(goal(arrival, {name: statistics.median(taken[arrival, name]) for name in decoders}))
    return findings


def goal(arrival: str, medians: dict[str, float]) -> Goal:
    """Return whether we are quicker than the peer."""
    ours, peer = medians[OURS], medians.get(PEER)
    said = f"{ours / peer:.2f} × {peer:.0f} µs" if peer else "the peer is not here"
    return Goal(what=arrival, wanted=f"less than {PEER}", measured=said, met=ours < peer if peer else None)


def typed_scans() -> Iterator[list[bytes]]:
    """Yield the reports of one scan after the other: each key goes down and up again within 2 ms."""
    codes = [*(KeyCode[f"KEY_{digit}"] for digit in LABEL), KeyCode.KEY_ENTER]
    changes = [(code, value) for code in codes for value in (1, 0)]
    for start in count(1_000_000_000, 100_000):
        yield [_report(code, value, at=start + 1000 * index) for index, (code, value) in enumerate(changes)]


def _report(code: int, value: int, *, at: int) -> bytes:
    """Return what the kernel writes for one key change at ``at`` microseconds."""
    events = ((EV_MSC, 4, 0x70000 + code), (EV_KEY, code, value), (EV_SYN, 0, 0))
    return b"".join(EVENT.pack(*divmod(at, 1_000_000), *event) for event in events)


def _pipe(flags: int) -> tuple[int, int]:
    inlet, outlet = os.pipe2(flags | os.O_NONBLOCK)
    fcntl.fcntl(outlet, fcntl.F_SETPIPE_SZ, SPACE)
    return inlet, outlet


if __name__ == "__main__":
    report.alone(measure)
