"""What the lab asks of the machine it runs on: programs, packages, and external steps that end in time."""

import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from shutil import which

CHECKOUT = Path(__file__).parents[2]
PROGRAMS = {  # program: the Debian package that brings it
    "qemu-system-x86_64": "qemu-system-x86",
    "mmdebstrap": "mmdebstrap",
    "bsdtar": "libarchive-tools",
    "setpriv": "util-linux",
}


class LabUnavailableError(Exception):
    """This machine cannot run the lab; the message is one sentence with the cure. The tests are skipped."""


class LabError(Exception):
    """The lab is broken: a step that should work did not. The tests fail."""


def cache() -> Path:
    """Return the directory that keeps images and snapshots between runs, outside the checkout."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    directory = home / "scanner-daemon-lab"
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def need_programs() -> None:
    """Install what is missing with apt, when we may. Raises ``LabUnavailableError``."""
    packages = sorted({package for program, package in PROGRAMS.items() if which(program) is None})
    if not packages:
        return
    cure = f"apt-get install {' '.join(packages)}"
    if which("apt-get") is None or os.geteuid() != 0:
        raise LabUnavailableError(f"the lab needs {' and '.join(packages)}; as root: {cure}")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    install = ("apt-get", "install", "-y", "-q", "--no-install-recommends", *packages)
    try:
        finish("apt-get update", ("apt-get", "update", "-q"), limit=120, environment=environment)
        finish(cure, install, limit=300, environment=environment)
    except LabError as error:
        raise LabUnavailableError(str(error)) from error


def finish(
    what: str,
    command: Iterable[str | Path],
    *,
    limit: float,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run ``command`` for at most ``limit`` seconds and return what it printed.

    Raises ``LabError`` with one sentence: what was tried, and its last line or that time ran out.
    """
    try:
        done = subprocess.run(
            [*map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=limit,
            cwd=cwd,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{what}: expected it to end within {limit:.0f} s, it did not") from error
    if done.returncode:
        last = (done.stdout.strip().splitlines() or ["it said nothing"])[-1]
        raise LabError(f"{what}: expected status 0, got {done.returncode}: {last}")
    return done.stdout
