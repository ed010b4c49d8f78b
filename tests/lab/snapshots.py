"""States of the guest that tests start from. Each is made from the one before and kept until what made it changes."""

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tests.lab import product
from tests.lab.guest import Guest
from tests.lab.host import LabError
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
        _Step("booting the guest", booted, _boot),
        _Step("installing the product", installed, _install),
        _Step("opening the lane", lane, _open_lane),
    )
    there = [step.target.exists() for step in steps]
    first = there.index(False) if False in there else len(steps)
    if first < len(steps):
        _take(steps[first:], image, steps[first - 1].target if first else None, tell)
    return Snapshots(image=image, installed=installed, lane=lane)


class _Step(NamedTuple):
    what: str
    target: Path
    prepare: Callable[[Machine], None]


def _take(steps: Sequence[_Step], image: Image, start: Path | None, tell: Callable[[str], None]) -> None:
    tell(steps[0].what)
    with Machine(image=image, snapshot=start, savable=True) as machine:
        for step in steps:
            if step is not steps[0]:
                tell(step.what)
            try:
                step.prepare(machine)
            except (AssertionError, LabError) as error:
                journal = Guest(machine=machine).journal()
                raise LabError(f"{step.what}: {error}\nThe guest's journal ends:\n{journal}") from error
            machine.save(step.target)


def _boot(machine: Machine) -> None:
    Guest(machine=machine).run("systemctl is-system-running --wait", limit=60)


def _install(machine: Machine) -> None:
    guest = Guest(machine=machine)
    guest.run(f"date --set=@{time.time():.0f}")
    product.install(guest)


def _open_lane(machine: Machine) -> None:
    Lane(machine=machine).open()


def _forget_others(cache: Path, kept: set[Path]) -> None:
    for old in {*cache.glob("*.snapshot"), *cache.glob("*.unfinished")} - kept:
        shutil.rmtree(old)


def _text(name: str) -> str:
    return (HERE / name).read_text()
