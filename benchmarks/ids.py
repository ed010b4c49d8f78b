"""Are the IDs right? Scanners that type at the same time, and whole scans in one read.

Every label is sent once, by one scanner. Right is a label that was told once, of the scanner that sent it. Wrong is
all else that was told: a label that nobody sent on that scanner, or one told again. Lost is what was never told. A scan
that the machine itself tore, since the benchmark was not let run for a tenth of a second, is left out and said.

Scanners that type at once do so key by key. Whole scans in one write come from each scanner at a moment of its own: 64
times 4 customers in the same millisecond are more than the 100 look-ups that a lane has under way, and it says so.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count, islice
from typing import Final, NamedTuple

from benchmarks import report
from benchmarks.report import OURS, Findings, Goal, Row
from benchmarks.rig import card
from benchmarks.scanners import Stroke, Typed, burst, keys, play
from benchmarks.subject import WEDGES, Subject, SubjectFailed, Told, started

AT_ONCE: Final = 4
"""Whole scans in one write. An input device holds 64 events for its reader, less than one of these scans."""


class Counts(NamedTuple):
    """How many labels were told right, told wrong, and not told; how many the machine tore."""

    right: int
    wrong: int
    lost: int
    torn: int

    def __str__(self) -> str:
        torn = f" ({self.torn} torn by the machine)" if self.torn else ""
        return f"{self.right} right, {self.wrong} wrong, {self.lost} lost{torn}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """So many scanners, each with so many scans: typed with ``key`` seconds a key, or whole ones at once without."""

    scanners: int
    scans: int
    key: float | None

    def __str__(self) -> str:
        scanners = "1 scanner" if self.scanners == 1 else f"{self.scanners} scanners at once"
        return f"{scanners}, " + (f"{self.key * 1000:g} ms a key" if self.key else f"{AT_ONCE} scans in one write")

    @property
    def every(self) -> float:
        """Seconds from scan to scan: nobody's hand is quicker."""
        return 14 * self.key + 0.05 if self.key else 0.1

    def strokes(self, labels: Sequence[str]) -> list[list[Stroke]]:
        """Return what one scanner sends."""
        if self.key:
            return [keys(label) for label in labels]
        return [burst(labels[at : at + AT_ONCE], key=0.001) for at in range(0, len(labels), AT_ONCE)]


WHOLE: Final = (
    *(Case(scanners=scanners, scans=20, key=0.001) for scanners in (1, 2, 8, 64)),
    *(Case(scanners=scanners, scans=12, key=0.005) for scanners in (1, 2, 8, 64)),
    *(Case(scanners=scanners, scans=40, key=None) for scanners in (1, 8, 64)),
)
SHORT: Final = (
    Case(scanners=2, scans=20, key=0.005),
    Case(scanners=64, scans=20, key=0.001),
    Case(scanners=8, scans=80, key=None),
)


def measure(short: bool) -> Findings:
    """Return what every subject made of every case."""
    findings = Findings(title="Correct IDs")
    ours = Counts(0, 0, 0, 0)
    for case in SHORT if short else WHOLE:
        for subject in WEDGES[:2] if short else WEDGES:
            try:
                counts, key_time = tried(subject, case)
            except SubjectFailed as why:
                findings.leave_out(why)
                continue
            behind = f"; a key took {key_time * 1000:.1f} ms" if case.key and key_time > 1.1 * case.key else ""
            findings.rows.append(Row(what=str(case), of=subject.name, words=f"{counts}{behind}"))
            if subject.name == OURS:
                ours = Counts(*map(sum, zip(ours, counts, strict=True)))
    findings.goals = [
        Goal(what="wrong IDs", wanted="0", measured=str(ours.wrong), met=not ours.wrong, counted=True),
        Goal(
            what="lost scans", wanted="0", measured=f"{ours.lost}", met=ours.right > 0 and not ours.lost, counted=True
        ),
    ]
    return findings


def tried(subject: Subject, case: Case) -> tuple[Counts, float]:
    """Return what ``subject`` made of ``case``, and the longest that a key took at a scanner on average."""
    numbers = count()
    labels = [[card(number) for number in islice(numbers, case.scans)] for _ in range(case.scanners)]
    with started(subject, wedges=case.scanners) as running:
        scans, spread = [case.strokes(own) for own in labels], case.key or case.every
        typed, told = play(running, scans, key=case.key or 0.0, every=case.every, spread=spread)
    return counted(typed, told), max(scanner.key_time for scanner in typed)


def counted(typed: Sequence[Typed], told: Iterable[Told]) -> Counts:
    """Compare what each scanner sent with what was told of it."""
    missing = [set(scanner.sent) for scanner in typed]
    right = wrong = 0
    for scanner, _, label in told:
        if label in missing[scanner]:
            missing[scanner].remove(label)
            right += 1
        else:
            wrong += 1
    torn = sum(len(labels & scanner.paused) for labels, scanner in zip(missing, typed, strict=True))
    return Counts(right, wrong, sum(map(len, missing)) - torn, torn)


if __name__ == "__main__":
    report.alone(measure)
