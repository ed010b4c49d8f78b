"""Measure everything and write it down: ``python -m benchmarks [--short] [NAME ...]``, or ``make bench``.

All of it without names; then the findings are written to ``benchmarks/RESULTS.md``. The short form takes fewer rounds,
writes nothing, and its status is 1 when a counted goal is missed: a wrong or lost ID, a request or a wake-up too many.
"""

import argparse
import sys
from importlib import import_module
from pathlib import Path
from typing import Final

from benchmarks import pictures, report, results
from benchmarks.report import Findings
from scanner_daemon import logs

NAMES: Final = ("ids", "callback", "decode", "webhook", "look_up", "till", "pixel", "growth", "footprint", "cards")
SHORT: Final = ("ids", "look_up", "footprint")
"""Those with something that is counted."""

RESULTS: Final = Path(__file__).with_name("RESULTS.md")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of {', '.join(NAMES)}")
    parser.add_argument("--short", action="store_true", help="what is counted, quickly")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(NAMES):
        parser.error(f"expected some of {', '.join(NAMES)}, got {', '.join(sorted(unknown))}")
    logs.configure(level="error")
    names = arguments.names or (SHORT if arguments.short else NAMES)
    found = [measured(name, short=arguments.short) for name in names]
    if not arguments.names and not arguments.short:
        RESULTS.write_text(results.markdown(found, pictures=pictures.draw(found)), encoding="utf-8")
    print(*results.summary(found), sep="\n")
    return int(any(goal.counted and goal.met is False for findings in found for goal in findings.goals))


def measured(name: str, *, short: bool) -> Findings:
    """Run one benchmark, and show it at once."""
    findings: Findings = import_module(f"benchmarks.{name}").measure(short)
    report.show(findings)
    return findings


if __name__ == "__main__":
    sys.exit(main())
