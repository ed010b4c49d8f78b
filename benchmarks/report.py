"""What a benchmark found, and how it is told: a table on the terminal, the same table in Markdown."""

import argparse
import statistics
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

from rich.console import Console
from rich.table import Table

from scanner_daemon import logs

OURS: Final = "scanner-daemon"
FLOOR: Final = "floor"
"""The least that does the work at all: what the machine takes, and nobody can be quicker."""

PARTS: Final = 10
"""Of a run. What is met or missed by a little would else be met today and missed tomorrow."""

COLUMNS: Final = ("measured", "of", "median", "p99", "÷ best peer", "÷ floor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What was measured of one subject: ``OURS``, ``FLOOR`` or a peer. Rows with the same ``what`` are compared.

    Less is better. ``words`` stand in place of a figure where counts say it all ("400 right, 0 wrong, 0 lost").
    """

    what: str
    of: str = OURS
    unit: str = "ms"
    median: float | None = None
    p99: float | None = None
    words: str = ""

    @classmethod
    def of_times(cls, what: str, times: Sequence[float], *, of: str = OURS, unit: str = "ms") -> Self:
        """Return the row of many measurements in ``unit``."""
        return cls(what=what, of=of, unit=unit, median=statistics.median(times), p99=percentile(times, 99))


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What was wanted and what came of it. ``met`` is ``None`` where it could not be measured, ``measured`` says why.

    One that is ``counted`` (right IDs, requests, wake-ups) is the same on any machine, however busy: the short form
    fails when it is missed. A time never is.
    """

    what: str
    wanted: str
    measured: str
    met: bool | None
    counted: bool = False


@dataclass(slots=True, kw_only=True)
class Findings:
    """All that one benchmark found. ``left_out`` are the subjects that could not be measured, with the reason."""

    title: str
    rows: list[Row] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def leave_out(self, why: object) -> None:
        """Say once who could not be measured."""
        if str(why) not in self.left_out:
            self.left_out.append(str(why))


Measure = Callable[[bool], Findings]
"""Runs a benchmark; in its short form where the argument is true."""


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the value that ``percent`` of all are not above."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1] if len(values) > 1 else values[0]


def ratios_in_parts(values: Sequence[float], others: Sequence[float]) -> list[float]:
    """Return how many times ``others`` are ``values`` in each part of the run, by their medians, the least first."""
    size = max(len(values) // PARTS, 1)
    medians = (
        [statistics.median(some[begin : begin + size]) for begin in range(0, len(some) - size + 1, size)]
        for some in (values, others)
    )
    return sorted(value / other for value, other in zip(*medians, strict=False))


def median_of(rows: Iterable[Row], what: str, of: str = OURS) -> float | None:
    """Return the median of one subject, ``None`` where it was not measured."""
    return next((row.median for row in rows if (row.what, row.of) == (what, of)), None)


def best_peer(rows: Iterable[Row], what: str) -> float | None:
    """Return the least median of all peers, ``None`` without one."""
    medians = (row.median for row in rows if row.what == what and row.of not in {OURS, FLOOR})
    return min((median for median in medians if median is not None), default=None)


def cells(rows: Sequence[Row]) -> Iterator[tuple[str, ...]]:
    """Yield each row as it is told, in the order of ``COLUMNS``."""
    for row in rows:
        peer = best_peer(rows, row.what) if row.of == OURS else None
        floor = median_of(rows, row.what, FLOOR) if row.of != FLOOR else None
        yield (
            row.what,
            row.of,
            row.words or figure(row.median, row.unit),
            figure(row.p99, row.unit),
            ratio(row.median, peer),
            ratio(row.median, floor),
        )


def figure(value: float | None, unit: str) -> str:
    """Return three figures that say something, with the unit."""
    if value is None:
        return ""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f"{value:,.{digits}f} {unit}".strip()


def ratio(value: float | None, other: float | None) -> str:
    """Return how many times ``other`` a value is."""
    return f"{value / other:.2f}" if value is not None and other else ""


def verdict(goal: Goal) -> str:
    """Return the one word a reader looks for."""
    return {True: "met", False: "missed", None: "not measured"}[goal.met]


def show(findings: Findings) -> None:
    """Print findings on the terminal."""
    console = Console(width=None if sys.stdout.isatty() else 140)
    table = Table(*COLUMNS, title=findings.title, title_justify="left")
    for line in cells(findings.rows):
        table.add_row(*line)
    console.print(table)
    for why in findings.left_out:
        console.print(f"left out: {why}", markup=False, highlight=False)
    for goal in findings.goals:
        console.print(f"{verdict(goal)}: {goal.what}: {goal.measured} (wanted: {goal.wanted})", markup=False)


def alone(measure: Measure) -> None:
    """Run one benchmark by itself, as its module is run: ``python -m benchmarks.NAME [--short]``."""
    logs.configure(level="error")
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument("--short", action="store_true", help="fewer rounds: the counts are the same, the times are not")
    findings = measure(parser.parse_args().short)
    show(findings)
    sys.exit(any(goal.counted and goal.met is False for goal in findings.goals))
