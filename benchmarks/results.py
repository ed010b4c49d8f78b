"""The findings of a whole run, as ``benchmarks/RESULTS.md`` has them."""

import os
import platform
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.report import COLUMNS, Findings, cells, verdict


def markdown(found: Sequence[Findings], *, pictures: Sequence[str]) -> str:
    """Return the whole document. ``pictures`` are files beside it."""
    lines = [
        "# Results",
        "",
        f"Written by `make bench` on {datetime.now(UTC):%Y-%m-%d}. Ratios carry over to other machines, times do not.",
        "",
        f"Machine: {machine()}.",
        "",
        "## Goals",
        "",
        *_table(
            ("goal", "wanted", "measured", "verdict"),
            ((goal.what, goal.wanted, goal.measured, verdict(goal)) for each in found for goal in each.goals),
        ),
    ]
    lines += [line for picture in pictures for line in ("", f"![]({picture})")]
    for each in found:
        lines += ["", f"## {each.title}", "", *_table(COLUMNS, cells(each.rows))]
        lines += [line for why in each.left_out for line in ("", f"Left out: {why}")]
    return "\n".join((*lines, ""))


def summary(found: Sequence[Findings]) -> Iterator[str]:
    """Yield the verdicts, a line each."""
    for each in found:
        for goal in each.goals:
            yield f"{verdict(goal):12} {goal.what}: {goal.measured} (wanted: {goal.wanted})"


def machine() -> str:
    """Return what was measured on, in one line, without the machine's name."""
    model = _of("/proc/cpuinfo", "model name") or platform.machine()
    memory = int((_of("/proc/meminfo", "MemTotal") or "0 kB").split()[0]) / 1024**2
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{os.cpu_count()} cores of {model}, {memory:.0f} GiB, Linux {platform.release()}, {python}"


def _of(file: str, key: str) -> str | None:
    lines = (line.partition(":") for line in Path(file).read_text(encoding="ascii").splitlines())
    return next((value.strip() for name, _, value in lines if name.strip() == key), None)


def _table(columns: Sequence[str], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    for row in (columns, ("---",) * len(columns), *rows):
        yield f"| {' | '.join(cell.replace('|', '/') for cell in row)} |"
