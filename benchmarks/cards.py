"""Cards a second with proof, and that the memory of a long run stays flat.

``python -m benchmarks.cards [COUNT ...]`` (100 and 1000 cards unless told, 100 with ``--short``): for each a process of
its own makes a PDF batch as ``cards batch`` does, each card read back three times by the decoder.
"""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks import report
from benchmarks.report import Findings, Goal, Row
from scanner_daemon.cards import batch
from scanner_daemon.cards.form import Form
from scanner_daemon.cards.symbol import Symbology
from scanner_daemon.issuing.recipe import Recipe

COUNTS: Final = (100, 1000)
GOAL_MIB: Final = 40  # the most that the longest run may take more than the shortest


def measure(short: bool) -> Findings:
    """Return what a card takes, and whether a long run takes more memory than a short one."""
    return batches(COUNTS[:1] if short else COUNTS)


def batches(counts: Sequence[int]) -> Findings:
    """Make a batch of each size."""
    findings, peaks = Findings(title="cards batch, EAN-13, PDF, 300 dpi, with proof"), []
    for count in counts:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.cards", "--one", str(count)], check=True, capture_output=True, text=True
        )
        seconds, peak = map(float, done.stdout.split())
        peaks.append(peak)
        findings.rows.append(Row(what=f"a card of {count:,}", median=1000 * seconds / count))
        findings.rows.append(Row(what=f"peak memory of {count:,} cards", unit="MiB", median=peak))
    growth = peaks[-1] - peaks[0]
    wanted = f"≤ {GOAL_MIB} MiB more from {counts[0]:,} to {counts[-1]:,} cards"
    if len(counts) > 1:
        measured = f"{growth:.0f} MiB"
        findings.goals.append(Goal(what="memory of a batch", wanted=wanted, measured=measured, met=growth <= GOAL_MIB))
    return findings


def one(count: int) -> None:
    """Make ``count`` cards; print the seconds and the peak memory in MiB."""
    recipe = Recipe(order="sequence")
    numbers = (recipe.number(place) for place in range(1, count + 1))
    rows = [batch.Row(line=line, number=number) for line, number in enumerate(numbers, start=1) if number]
    design = batch.Design(symbology=Symbology.EAN13, form=Form.PDF, page=Form.PDF.page, dpi=300)
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        good, bad = batch.check(rows, design)
        made = sum(batch.Run(good, design, Path(folder)).make())
        seconds = time.monotonic() - started
    if bad or made != count:
        sys.exit(f"made {made} of {count} cards")
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(int(sys.argv[2]))
    elif counts := [int(word) for word in sys.argv[1:] if word.isdigit()]:
        report.show(batches(counts))
    else:
        report.alone(measure)
