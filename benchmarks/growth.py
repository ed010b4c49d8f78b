"""How the whole lane grows: with its scanners, with scans a second, and over a million scans.

Latency is from right before the write of the terminator to the callback. CPU is what the kernel charged the subject's
process and all its threads, divided by its scans: typing at 1 ms a key wakes it 14 times a scan. Every subject has
the machine to itself, one after the other for each load. barcode-server takes part with one scanner only: with more it
tells other labels than were sent.

For memory, and for what a scan takes when there is no wait, whole scans of one scanner come as fast as they are read.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count, islice
from typing import Final

from benchmarks import report
from benchmarks.ids import counted
from benchmarks.report import OURS, Findings, Goal, Row
from benchmarks.rig import Usage, card
from benchmarks.scanners import burst, keys, play
from benchmarks.subject import BARCODE_SERVER, WEDGES, Subject, SubjectFailed, started

KEY: Final = 0.001
AT_ONCE: Final = 4
MEMORY_SCANS: Final = 1_000_000
SHORT_SCANS: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """So many scanners, each with so many scans a second."""

    scanners: int
    rate: float

    def __str__(self) -> str:
        total = self.scanners * self.rate
        return f"{self.scanners} scanner{'s' * (self.scanners > 1)}, {total:,.0f} scan{'s' * (total > 1)}/s"


FULL_SHOP: Final = Load(scanners=64, rate=10)
LOADS: Final = (
    Load(scanners=1, rate=1),
    Load(scanners=1, rate=10),
    Load(scanners=8, rate=10),
    FULL_SHOP,
    Load(scanners=64, rate=1000 / 64),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a load took: milliseconds of each scan, CPU microseconds of one on average, CPU percent of a core."""

    times: list[float]
    cpu_of_scan: float
    core: float


def measure(short: bool) -> Findings:
    """Return what each load took, and what a long run did to the memory."""
    findings = Findings(title="Growth")
    for load in LOADS:
        taken = {}
        for subject in WEDGES[:2] if short else WEDGES:
            if subject is not BARCODE_SERVER or load.scanners == 1:
                try:
                    taken[subject.name] = under(load, subject, seconds=1.0 if short else 4.0)
                except SubjectFailed as why:
                    findings.leave_out(why)
        findings.rows += rows(load, taken)
        if load is FULL_SHOP:
            findings.goals.append(goal(taken[OURS]))
    floor, ours = WEDGES[:2]
    findings.rows += long_run(floor, SHORT_SCANS)
    findings.rows += long_run(ours, SHORT_SCANS if short else MEMORY_SCANS)
    return findings


def under(load: Load, subject: Subject, *, seconds: float) -> Taken:
    """Return what ``subject`` takes for ``load``."""
    scans = max(int(load.rate * seconds), 3)
    numbers = count()
    strokes = [[keys(card(number)) for number in islice(numbers, scans)] for _ in range(load.scanners)]
    with started(subject, wedges=load.scanners) as running:
        usage = Usage(running.pid)
        begun, before = time.monotonic(), usage.read().cpu
        typed, told = play(running, strokes, key=KEY, every=1 / load.rate, spread=1 / load.rate)
        cpu, lasted = usage.read().cpu - before, time.monotonic() - begun
    times = [(at - typed[scanner].sent[label]) / 1e6 for scanner, at, label in told if label in typed[scanner].sent]
    return Taken(times=times, cpu_of_scan=cpu / (scans * load.scanners) * 1e6, core=100 * cpu / lasted)


def rows(load: Load, taken: Mapping[str, Taken]) -> Iterator[Row]:
    """Yield what is told of all subjects under one load."""
    for name, each in taken.items():
        yield Row.of_times(f"terminator → callback, {load}", each.times, of=name)
    for name, each in taken.items():
        yield Row(what=f"CPU per scan, whole lane, {load}", of=name, unit="µs", median=each.cpu_of_scan)


def goal(taken: Taken) -> Goal:
    return Goal(
        what=f"CPU of {FULL_SHOP}", wanted="< 25 % of one core", measured=f"{taken.core:.1f} %", met=taken.core < 25
    )


def long_run(subject: Subject, scans: int) -> Iterator[Row]:
    """Yield what one scanner's scans in a row take and leave behind, in ten parts."""
    right, cpu, memory, begun = 0, 0.0, list[float](), time.monotonic()
    numbers = count()
    with started(subject, wedges=1) as running:
        usage = Usage(running.pid)
        for _ in range(10):
            strokes = (
                burst([card(number) for number in islice(numbers, AT_ONCE)], key=0.0)
                for _ in range(scans // 10 // AT_ONCE)
            )
            before = usage.read().cpu
            typed, told = play(running, [strokes], key=0.0, every=0.0, spread=0.0)
            cpu += usage.read().cpu - before
            right += counted(typed, told).right
            memory.append(usage.resident())
    lasted = time.monotonic() - begun
    yield Row(what="CPU per scan, whole lane, without a pause", of=subject.name, unit="µs", median=cpu / right * 1e6)
    if subject.name == OURS:
        yield Row(what=f"{scans:,} scans of one scanner in a row", words=f"{right:,} right in {lasted:.0f} s")
        yield Row(what=f"resident memory after {scans // 10:,} scans", unit="MiB", median=memory[0])
        yield Row(what=f"resident memory after {scans:,} scans", unit="MiB", median=memory[-1])


if __name__ == "__main__":
    report.alone(measure)
