"""Throw hostile input at what takes input from outside: ``python -m tests.fuzz [INPUTS] [--seed SEED]``.

Most of it are labels, the rest HTTP answers, bodies of requests and configuration files. Nothing may crash, memory may
not grow, and no line of the log may hold a secret or a whole customer id. Status 1 if one of these is not so.
"""

import argparse
import asyncio
import ctypes
import gc
import os
import sys
import tempfile
import time
from collections import Counter
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from random import Random

from scanner_daemon import logs
from tests.fuzz import targets
from tests.fuzz.inputs import CUSTOMER, SECRET

SHARES = {"scans": 0.75, "answers": 0.08, "bodies": 0.15, "configurations": 0.02}  # as quick as they are

MOST_GROWTH = 4.0
"""MiB of resident memory between the first fifth of a kind and its end: what is too scattered to be given back."""


class SearchedLog(StringIO):
    """A log whose every line is searched, and forgotten."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = 0
        self.leaks: list[str] = []

    def write(self, text: str) -> int:
        self.lines += text.count("\n")
        if CUSTOMER in text or SECRET in text:
            self.leaks.append(text)
        return len(text)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("inputs", type=int, nargs="?", default=24_000)
    parser.add_argument("--seed", default=str(Random().random()))
    arguments = parser.parse_args()
    os.environ |= {"GAMEBALL_API_KEY": f"{SECRET}-1", "GAMEBALL_SECRET_KEY": f"{SECRET}-2"}
    os.environ["WEBHOOK_SECRET"] = f"whsec_{SECRET}{'A' * (32 - len(SECRET))}"
    print(f"seed {arguments.seed}")
    log = SearchedLog()
    with redirect_stderr(log):
        logs.configure()
    failed = [name for name, share in SHARES.items() if not throw(name, int(share * arguments.inputs), arguments.seed)]
    print(f"log: {log.lines} lines, {len(log.leaks)} with a secret or a customer's id")
    for leak in log.leaks[:5]:
        print(leak)
    return 1 if failed or log.leaks else 0


def throw(name: str, count: int, seed: str) -> bool:
    """Throw ``count`` inputs of one kind; print what became of them; return whether memory stayed what it was."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        outcomes, early, late = asyncio.run(_thrown(name, count, Random(f"{seed} {name}"), Path(folder)))
    words = ", ".join(f"{number} {word}" for word, number in outcomes.most_common())
    seconds = time.monotonic() - began
    print(f"{name}: {outcomes.total()} in {seconds:.0f} s ({words})")
    print(f"    memory {early:.1f} MiB after a fifth, {late:.1f} MiB at the end", flush=True)
    return late - early <= MOST_GROWTH and outcomes.total() == count


async def _thrown(name: str, count: int, random: Random, folder: Path) -> tuple[Counter[str], float, float]:
    outcomes: Counter[str] = Counter()
    throw_at = getattr(targets, name)
    outcomes += await throw_at(random, count // 5, folder)
    early = _resident()
    outcomes += await throw_at(random, count - count // 5, folder)
    return outcomes, early, _resident()


def _resident() -> float:
    """Return the MiB that are held. What was freed is given back first: how much of it glibc keeps says nothing."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024**2


if __name__ == "__main__":
    sys.exit(main())
