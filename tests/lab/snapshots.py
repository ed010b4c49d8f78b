"""States of the guest that tests start from. Each is made from the one before and kept until what made it changes."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.lab import product
from tests.lab.guest import Guest
from tests.lab.image import Image, build_image, fingerprint
from tests.lab.lane import Lane
from tests.lab.machine import Machine

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshots:
    """``installed``: the product is there, nothing runs. ``lane``: the daemon and the sandbox run."""

    image: Image
    installed: Path
    lane: Path


def take_snapshots(cache: Path, tell: Callable[[str], None]) -> Snapshots:
    """Return the snapshots, taking those that are missing (about a minute for all). ``tell`` hears of each step.

    Raises ``LabUnavailableError`` where this machine cannot run the lab, ``LabError`` when the guest fails.
    """
    image = build_image(cache, tell)
    booted_key = fingerprint(image.key, _text("machine.py"))
    installed_key = fingerprint(booted_key, *product.contents(), _text("product.py"))
    lane_key = fingerprint(installed_key, _text("lane.py"), _text("lane.toml"), _text("inside/watch_events.py"))
    booted, installed, lane = (
        cache / f"{name}-{key}.snapshot"
        for name, key in (("booted", booted_key), ("installed", installed_key), ("lane", lane_key))
    )
    _forget_others(cache, {booted, installed, lane})
    steps = (
        ("booting the guest", None, booted, _boot),
        ("installing the product", booted, installed, _install),
        ("opening the lane", installed, lane, _open_lane),
    )
    for what, start, target, prepare in steps:
        if not target.exists():
            tell(what)
            with Machine(image=image, snapshot=start) as machine:
                prepare(machine)
                machine.save(target)
    return Snapshots(image=image, installed=installed, lane=lane)


def _boot(machine: Machine) -> None:
    Guest(machine=machine).run("systemctl is-system-running --wait", limit=60)


def _install(machine: Machine) -> None:
    guest = Guest(machine=machine)
    guest.run(f"date --set=@{time.time():.0f}")
    product.install(guest)


def _open_lane(machine: Machine) -> None:
    Lane(machine=machine).open()


def _forget_others(cache: Path, kept: set[Path]) -> None:
    for old in cache.glob("*.snapshot"):
        if old not in kept:
            old.unlink()


def _text(name: str) -> str:
    return (HERE / name).read_text()
