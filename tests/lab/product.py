"""The product under test: the wheel built from this checkout, installed as the README tells a user to."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from tests.lab.guest import Guest
from tests.lab.host import CHECKOUT, finish

SHIPPED = ("pyproject.toml", "README.md", "LICENSE", "scanner_daemon")
HOME = "/srv/scanner-daemon"
"""Where the checkout is in the guest."""


def contents() -> Iterable[bytes]:
    """Yield all that goes into a guest with the product installed."""
    for top in (*SHIPPED, "udev"):
        place = CHECKOUT / top
        for file in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if file.is_file() and "__pycache__" not in file.parts:
                yield file.relative_to(CHECKOUT).as_posix().encode()
                yield file.read_bytes()


def install(guest: Guest, wheel: Path) -> None:
    """Install the product from its wheel and udev/, without a network."""
    guest.put(f"{HOME}/{wheel.name}", wheel.read_bytes())
    for file in sorted((CHECKOUT / "udev").iterdir()):
        guest.put(f"{HOME}/udev/{file.name}", file.read_bytes())
    alone = "PIP_NO_INDEX=1 PIP_NO_DEPS=1"  # what it depends on is there; on an emulated processor looking costs time
    guest.run(f"{alone} sh {HOME}/udev/install.sh {HOME}/{wheel.name}", limit=180)


def build_wheel(scratch: Path) -> Path:
    """Return the wheel, made below ``scratch`` from a copy of the tree: building leaves traces in it."""
    tree = scratch / "tree"
    tree.mkdir()
    for name in SHIPPED:
        source = CHECKOUT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy(source, tree)
    python = CHECKOUT / ".venv" / "bin" / "python"
    finish("pip wheel", (python, "-m", "pip", "wheel", "-q", "--no-deps", "-w", scratch, tree), limit=180)
    return next(scratch.glob("*.whl"))
