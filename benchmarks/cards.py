"""Cards a second with proof, and that the memory of a long run stays flat.

Run it with ``python benchmarks/cards.py [COUNT ...]`` (100, 1000 and 10000 cards unless told): for each count a process
of its own makes a PDF batch as ``cards batch`` does, each card read back three times by the decoder.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from scanner_daemon.cards.batch import Design, Row, Run, check
from scanner_daemon.cards.form import Form
from scanner_daemon.cards.symbol import Symbology
from scanner_daemon.issuing.recipe import Recipe

COUNTS = (100, 1000, 10_000)
GOAL_MIB = 40  # the most that ten thousand cards may take more than a hundred


def main() -> None:
    counts = [int(count) for count in sys.argv[1:]] or list(COUNTS)
    table = Table("cards", "seconds", "cards a second", "peak memory, MiB", title="cards batch, EAN-13, PDF, 300 dpi")
    peaks = []
    for count in counts:
        done = subprocess.run(
            [sys.executable, __file__, "--one", str(count)], check=True, capture_output=True, text=True
        )
        seconds, peak = map(float, done.stdout.split())
        peaks.append(peak)
        table.add_row(str(count), f"{seconds:.1f}", f"{count / seconds:.0f}", f"{peak:.0f}")
    Console().print(table)
    if peaks[-1] - peaks[0] > GOAL_MIB:
        sys.exit(f"the memory grew by {peaks[-1] - peaks[0]:.0f} MiB, more than {GOAL_MIB}")


def one(count: int) -> None:
    """Make ``count`` cards; print the seconds and the peak memory in MiB."""
    recipe = Recipe(order="sequence")
    numbers = (recipe.number(place) for place in range(1, count + 1))
    rows = [Row(line=line, number=number) for line, number in enumerate(numbers, start=1) if number]
    design = Design(symbology=Symbology.EAN13, form=Form.PDF, page=Form.PDF.page, dpi=300)
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        good, bad = check(rows, design)
        made = sum(Run(good, design, Path(folder)).make())
        seconds = time.monotonic() - started
    if bad or made != count:
        sys.exit(f"made {made} of {count} cards")
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(int(sys.argv[2]))
    else:
        main()
