"""States of the guest that tests start from. Each is made from the one before and kept until what made it changes."""

import contextlib
import fcntl
import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TextIO

from tests.lab import product
from tests.lab.guest import Guest
from tests.lab.host import LabError
from tests.lab.image import Image, build_image, fingerprint, wanted_image
from tests.lab.lane import Lane
from tests.lab.machine import Machine
from tests.lab.till import Till

HERE = Path(__file__).parent


TURN_LIMIT = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshots:
    """``installed``: the product is there, nothing runs. ``lane``: daemon and sandbox run. ``till``: they type, too."""

    image: Image
    booted: Path
    installed: Path
    lane: Path
    till: Path

    @property
    def all(self) -> tuple[Path, ...]:
        """In the order they are made in."""
        return self.booted, self.installed, self.lane, self.till


@contextlib.contextmanager
def snapshots_in_use(cache: Path, tell: Callable[[str], None], *, with_till: bool) -> Iterator[Snapshots]:
    """Yield the snapshots, taking those that are missing (over a minute for all); nobody replaces them meanwhile.

    Any number of runs of the same product may use them at once. ``tell`` hears of each step. The last of them is
    there only ``with_till``. Raises ``LabUnavailableError`` where this machine cannot run the lab, ``LabError`` when
    the guest fails.
    """
    wanted = _wanted(cache)
    with (cache / "lock").open("w") as lock:
        _take_turn(lock, fcntl.LOCK_SH, tell)
        needed = wanted.all if with_till else wanted.all[:-1]
        while not all(place.exists() for place in needed):
            _take_turn(lock, fcntl.LOCK_EX, tell)
            _take_missing(cache, wanted, needed, tell)
            _take_turn(lock, fcntl.LOCK_SH, tell)  # between the two locks somebody may have replaced them
        yield wanted


def _take_turn(lock: TextIO, kind: int, tell: Callable[[str], None]) -> None:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        tell("waiting for another run of the lab")
        for _ in range(TURN_LIMIT):
            time.sleep(1)
            with contextlib.suppress(BlockingIOError):
                return fcntl.flock(lock, kind | fcntl.LOCK_NB)
        raise LabError(f"another run of the lab has used {lock.name} for {TURN_LIMIT} s: end it") from None


def _wanted(cache: Path) -> Snapshots:
    image = wanted_image(cache)
    booted_key = fingerprint(image.key, _text("machine.py"))
    installed_key = fingerprint(booted_key, *product.contents(), _text("product.py"))
    lane_key = fingerprint(installed_key, _text("lane.py"), _text("lane.toml"), _text("inside/watch_events.py"))
    till_key = fingerprint(lane_key, _text("till.py"), _text("inside/watch_keyboard.py"))
    keys = {"booted": booted_key, "installed": installed_key, "lane": lane_key, "till": till_key}
    places = {name: cache / f"{name}-{key}.snapshot" for name, key in keys.items()}
    return Snapshots(image=image, **places)


def _take_missing(cache: Path, wanted: Snapshots, needed: Collection[Path], tell: Callable[[str], None]) -> None:
    build_image(wanted.image, tell)
    _forget_others(cache, set(wanted.all))
    if not wanted.installed.exists():
        _take_installed(wanted, tell)
    opening = _Step("opening the lane", wanted.lane, _open_lane), _Step("opening a till", wanted.till, _open_till)
    with ThreadPoolExecutor() as at_once:
        missing = [step for step in opening if step.target in needed and not step.target.exists()]
        taken = [at_once.submit(_take, (step,), wanted.image, wanted.installed, tell) for step in missing]
        for each in taken:
            each.result()


def _take_installed(wanted: Snapshots, tell: Callable[[str], None]) -> None:
    with ThreadPoolExecutor() as at_once, tempfile.TemporaryDirectory(prefix="scanner-daemon-wheel-") as scratch:
        wheel = at_once.submit(product.build_wheel, Path(scratch))

        def install(machine: Machine) -> None:
            guest = Guest(machine=machine)
            guest.run(f"date --set=@{time.time():.0f}")
            product.install(guest, wheel.result())

        installing = _Step("installing the product", wanted.installed, install)
        if wanted.booted.exists():
            _take((installing,), wanted.image, wanted.booted, tell)
        else:
            _take((_Step("booting the guest", wanted.booted, _boot), installing), wanted.image, None, tell)


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


def _open_lane(machine: Machine) -> None:
    Lane(machine=machine).open()


def _open_till(machine: Machine) -> None:
    Till(machine=machine).open()


def _forget_others(cache: Path, kept: set[Path]) -> None:
    for old in {*cache.glob("*.snapshot"), *cache.glob("*.unfinished")} - kept:
        shutil.rmtree(old)


def _text(name: str) -> str:
    return (HERE / name).read_text()
