"""Why a device may not be used, said with the cure."""

import errno
import grp
import os
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from scanner_daemon.errors import DeviceAccessDenied, DeviceError, DeviceUnavailable


def device_error(error: OSError, path: str, *, trying: str) -> DeviceError:
    """Return what ``error`` means for the device at ``path``, as a sentence that names who can help.

    ``trying`` is what was tried, such as ``"open"``. Close your own descriptor first, or you are told to be a holder.
    """
    attempt = f"Failed to {trying} {path}"
    reason = os.strerror(error.errno) if error.errno else str(error)
    if error.errno in {errno.EACCES, errno.EPERM}:
        return DeviceAccessDenied(
            f"{attempt}: expected permission to use it, got {reason!r}; it belongs to group {owning_group(path)}: "
            "install the udev rules of this package, or add the daemon's user to that group"
        )
    if error.errno in {errno.EBUSY, errno.EAGAIN}:
        return DeviceAccessDenied(f"{attempt}: expected to be its only user, got {reason!r}; {_told_holders(path)}")
    return DeviceUnavailable(
        f"{attempt}: expected a scanner there, got {reason!r}; plug it in, "
        "or see `scanner-daemon devices` for what is present"
    )


def holders(path: str) -> list[str]:
    """Return who has the device at ``path`` open, as ``"name (pid 42)"``; only root can see everybody."""
    try:
        return open_devices().get(Path(path).stat().st_rdev, [])
    except OSError:
        return []


def open_devices() -> Mapping[int, list[str]]:
    """Return who has which character device open, by device number, in one walk through ``/proc``."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended while we looked, or is not ours to look into
            command = (process / "comm").read_text().strip()
            for number in _device_numbers(process):
                found[number].append(f"{command} (pid {process.name})")
    return found


def owning_group(path: str) -> str:
    """Return the name of the group that owns the node at ``path``; ``"?"`` where there is no node."""
    try:
        number = Path(path).stat().st_gid
    except OSError:
        return "?"
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def _device_numbers(process: Path) -> set[int]:
    """Return the numbers of the devices that ``process`` has open; a descriptor may close while we look."""
    numbers = set()
    for descriptor in (process / "fd").iterdir():
        with suppress(OSError):
            numbers.add(descriptor.stat().st_rdev)
    return numbers - {0}


def _told_holders(path: str) -> str:
    names = holders(path)
    if any(name.startswith(f"{_DAEMON} ") for name in names):
        return f"the daemon has it: `systemctl stop {_DAEMON}`, and start it again afterwards"
    who = f"it is open in {', '.join(names)}" if names else "another program, which only root may see, has it"
    return f"{who}: stop that program, or keep it from the device"


_DAEMON = "scanner-daemon"
