"""How soon the callback is told: from right before the write of the terminator's bytes, with one scanner that types.

The label is what the peers' callbacks are told, and what a scanner of ours delivers to its lane. The lane's listener is
told of a product after pipeline and fan-out, and of a member after the look-up too (answered at once): no peer has any.
The goals are the listener's: its callback is the one that a user of ours writes.

A wedge's Enter goes down and comes up in one write: barcode-server waits for the second, which a real scanner sends
some milliseconds later. A serial scanner's characters come at the 9600 baud most are set to, about one a millisecond.

All subjects run during the whole of it and are asked in turns, scan by scan: the machine's noise is everybody's.
"""

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from benchmarks import report
from benchmarks.report import FLOOR, OURS, Findings, Goal, Row, ratios_in_parts
from benchmarks.rig import card
from benchmarks.scanners import Stroke, characters, keys, play
from benchmarks.subject import OUR_SOURCE, SERIALS, WEDGES, Running, Subject, SubjectFailed, started

PAUSE: Final = 0.01
"""Seconds between two scans: everybody has come to rest."""

LANE: Final = "lane"
PRODUCT: Final = "lane, product"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How a scanner sends its ``scans``: ``subjects`` are told of them, a stroke each ``key`` seconds."""

    name: str
    subjects: tuple[Subject, ...]
    strokes: Callable[[str], list[Stroke]]
    key: float
    scans: int


KINDS: Final = (
    Kind(name="wedge, 1 ms a key", subjects=WEDGES, strokes=keys, key=0.001, scans=300),
    Kind(name="wedge, 5 ms a key", subjects=WEDGES, strokes=keys, key=0.005, scans=240),
    Kind(name="serial, 9600 baud", subjects=SERIALS, strokes=characters, key=0.001, scans=200),
)


def measure(short: bool) -> Findings:
    """Return the times of every subject that reads the scanner's kind."""
    findings = Findings(title="From the terminator to the callback")
    for kind in KINDS:
        with ExitStack() as stack:
            running = running_subjects(stack, kind, findings)
            times = in_turns(running, kind, scans=kind.scans // 20 if short else kind.scans)
        label, product = f"terminator → label, {kind.name}", f"terminator → listener, {kind.name}"
        peers = {name: some for name, some in times.items() if name not in {LANE, PRODUCT}}
        findings.rows += [Row.of_times(label, some, of=name) for name, some in peers.items()]
        findings.rows.append(Row.of_times(product, times[PRODUCT]))
        findings.rows.append(Row.of_times(f"terminator → member, {kind.name}", times[LANE]))
        findings.goals += goals(times, product)
    return findings


def running_subjects(stack: ExitStack, kind: Kind, findings: Findings) -> dict[str, Running]:
    """Start each with one scanner, ours without and with its lane; note who cannot."""
    subjects = {subject.name: subject for subject in kind.subjects}
    wanted = subjects | {LANE: subjects[OURS], OURS: OUR_SOURCE}
    one = {"wedges": 1} if kind.subjects is WEDGES else {"serials": 1}
    running = {}
    for name, subject in wanted.items():
        try:
            running[name] = stack.enter_context(started(subject, **one))
        except SubjectFailed as why:
            findings.leave_out(why)
    return running


def in_turns(running: dict[str, Running], kind: Kind, *, scans: int) -> dict[str, list[float]]:
    """Return the milliseconds of each subject's scans, without the first two."""
    times: dict[str, list[float]] = {name: [] for name in (*running, PRODUCT)}
    for number in range(scans + 2):
        for name, subject in running.items():
            times[name] += taken(subject, kind, card(number))
        times[PRODUCT] += taken(running[LANE], kind, f"4006381{number:06}")
    return {name: some[2:] for name, some in times.items()}


def taken(subject: Running, kind: Kind, label: str) -> list[float]:
    """Return the milliseconds that one scan took, nothing where it was not told; then everybody rests."""
    (typed,), told = play(subject, [[kind.strokes(label)]], key=kind.key, every=0.0, spread=0.0)
    subject.told(PAUSE)
    return [(at - typed.sent[label]) / 1e6 for _, at, heard in told if heard == label]


def goals(times: Mapping[str, Sequence[float]], what: str) -> Iterator[Goal]:
    """Yield both goals for what our listener is told: a third of the best peer's time, three times the floor's."""
    peers = [some for name, some in times.items() if name not in {FLOOR, OURS, LANE, PRODUCT}]
    peer, floor, ours = min(peers, key=statistics.median, default=None), times.get(FLOOR), times[PRODUCT]
    for of, other, most in (("1/3 of the best peer", peer, 1 / 3), ("3 × the floor", floor, 3.0)):
        wanted = f"≤ {of}, in each part of the run"
        if not (ours and floor and other):
            yield Goal(what=what, wanted=wanted, measured="not all are here", met=None)
            continue
        ratios, least = ratios_in_parts(ours, other), statistics.median(floor) / statistics.median(other)
        said = f"{ratios[0]:.2f} to {ratios[-1]:.2f} times"
        if least > most:
            said += f"; nobody can: the floor is {least:.2f} times"
        yield Goal(what=what, wanted=wanted, measured=said, met=ratios[-1] <= most)


if __name__ == "__main__":
    report.alone(measure)
