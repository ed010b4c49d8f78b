"""How soon the callback is told: from right before the write of the terminator's bytes, with one scanner that types.

A wedge's Enter goes down and comes up in one write: barcode-server waits for the second, which a real scanner sends
some milliseconds later. A serial scanner's characters come at the 9600 baud most are set to, about one a millisecond.

All subjects run during the whole of it and are asked in turns, scan by scan: the machine's noise is everybody's. Ours
tells of a member, with pipeline, look-up and fan-out behind it; a peer's callback is told of a label, and vention's is
the line after its reading.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Final

from benchmarks import report
from benchmarks.report import FLOOR, Findings, Goal, Row, best_peer, median_of, ratio
from benchmarks.rig import card
from benchmarks.scanners import Stroke, characters, keys, play
from benchmarks.subject import SERIALS, WEDGES, Running, Subject, SubjectFailed, started

PAUSE: Final = 0.01
"""Seconds between two scans: everybody has come to rest."""

Typing = Callable[[str], list[Stroke]]


def measure(short: bool) -> Findings:
    """Return the times of every subject that reads the scanner's kind."""
    findings = Findings(title="From the terminator to the callback")
    for kind, subjects, typing, key, scans in (
        ("wedge, 1 ms a key", WEDGES, keys, 0.001, 300),
        ("wedge, 5 ms a key", WEDGES, keys, 0.005, 120),
        ("serial, 9600 baud", SERIALS, characters, 0.001, 200),
    ):
        what = f"terminator → callback, {kind}"
        with ExitStack() as stack:
            running = running_subjects(stack, subjects, findings.left_out, serial=typing is characters)
            times = in_turns(running, typing, key=key, scans=scans // 20 if short else scans)
        findings.rows += [Row.of_times(what, taken, of=name) for name, taken in times.items()]
        findings.goals += goals(findings.rows, what)
    return findings


def running_subjects(
    stack: ExitStack, subjects: Sequence[Subject], left_out: list[str], *, serial: bool
) -> dict[str, Running]:
    """Start each with one scanner; note who cannot."""
    running = {}
    for subject in subjects:
        try:
            one = {"serials": 1} if serial else {"wedges": 1}
            running[subject.name] = stack.enter_context(started(subject, **one))
        except SubjectFailed as why:
            left_out.append(str(why))
    return running


def in_turns(running: dict[str, Running], typing: Typing, *, key: float, scans: int) -> dict[str, list[float]]:
    """Return the milliseconds of each subject's scans, without the first two."""
    times: dict[str, list[float]] = {name: [] for name in running}
    for number in range(scans + 2):
        label = card(number)
        for name, subject in running.items():
            (typed,), told = play(subject, [[typing(label)]], key=key, every=0.0, spread=0.0)
            times[name] += [(at - typed.sent[label]) / 1e6 for _, at, heard in told if heard == label]
            subject.told(PAUSE)
    return {name: taken[2:] for name, taken in times.items()}


def goals(rows: Sequence[Row], what: str) -> list[Goal]:
    """Return both goals: a third of the best peer's median, three times the floor's."""
    ours, floor, peer = median_of(rows, what), median_of(rows, what, FLOOR), best_peer(rows, what)
    assert ours is not None and floor is not None  # noqa: S101, PT018  both are always here
    said = (
        f"{ours:.3f} ms, {ratio(ours, peer) or '?'} of the best peer's {peer or 0:.3f} ms"
        if peer
        else "no peer is here"
    )
    return [
        Goal(
            what=what, wanted="≤ 1/3 of the best peer's median", measured=said, met=3 * ours <= peer if peer else None
        ),
        Goal(
            what=what,
            wanted="≤ 3 × the floor",
            measured=f"{ours:.3f} ms, {ratio(ours, floor)} × {floor:.3f} ms",
            met=ours <= 3 * floor,
        ),
    ]


if __name__ == "__main__":
    report.alone(measure)
