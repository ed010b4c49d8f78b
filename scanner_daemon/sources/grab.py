"""Take an event device from everybody else, without leaving them a key that seems held for ever."""

import asyncio
import fcntl
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import evdev

from scanner_daemon.errors import DeviceAccessDenied, DeviceUnavailable
from scanner_daemon.sources.reading import settle
from scanner_daemon.sources.recognition import is_personal_keyboard, is_virtual

KEYS_UP_WITHIN: Final = 5.0
"""Seconds to wait for a held key before the scanner is given up until the next attempt."""

_KEYS_UP_POLL: Final = 0.02
_EVIOCSCLOCKID: Final = 0x400445A0  # linux/input.h: _IOW('E', 0xa0, int)


@contextmanager
def opened(path: str) -> Iterator["evdev.InputDevice[str]"]:
    """Open for reading only; closing gives a grab back, in whatever state we leave."""
    device = evdev.InputDevice(path, readonly=True)
    try:
        yield device
    finally:
        device.close()


async def grab(device: "evdev.InputDevice[str]", path: str, *, gap: float) -> None:
    """Take the device for us alone between two scans: after ``gap`` seconds of silence, while no key is down.

    Whoever had it would get the head of a scan in progress, and see a key that is down at that moment as held for
    ever. A key that went down between the look and the grab is given back. What was typed before is thrown away.
    Raises ``DeviceUnavailable`` when a key stays down or the device does not pause.
    """
    for _ in range(round(KEYS_UP_WITHIN / _KEYS_UP_POLL)):
        if not device.active_keys():
            await settle(device.fd, quiet=gap)
            device.grab()
            if not device.active_keys() and device.read_one() is None:
                return
            device.ungrab()
        await asyncio.sleep(_KEYS_UP_POLL)
    raise DeviceUnavailable(
        f"Failed to claim {path}: expected all keys up, got a key held down for {KEYS_UP_WITHIN:g} s; release it, or "
        "unplug the device and plug it in again"
    )


def stamps_monotonic_time(fd: int) -> bool:
    """Have the kernel stamp events with ``CLOCK_MONOTONIC``; return whether it does, else arrival has to do."""
    try:
        fcntl.ioctl(fd, _EVIOCSCLOCKID, struct.pack("@i", time.CLOCK_MONOTONIC))
    except OSError:
        return False
    return True


def refuse_personal_keyboard(device: "evdev.InputDevice[str]", path: str, *, claim: bool) -> None:
    """Raise ``DeviceAccessDenied`` for what is clearly a person's keyboard, unless the user said to ``claim`` it.

    A keyboard made of software is never claimed: it may be the one through which we type into the till.
    """
    if is_virtual(bus=device.info.bustype):
        raise DeviceAccessDenied(
            f"Failed to claim {path}: expected a scanner, got {device.name!r}, a keyboard made by a program; name the "
            "scanner by match, or by a path below /dev/input/by-id"
        )
    ids = {"vendor": f"{device.info.vendor:04x}", "product": f"{device.info.product:04x}"}
    if claim or not is_personal_keyboard(**ids, name=device.name, bus=device.info.bustype):
        return
    raise DeviceAccessDenied(
        f"Failed to claim {path}: expected a scanner, got {device.name!r} ({':'.join(ids.values())}), which "
        "looks like a person's keyboard; set claim_keyboard = true for this scanner if it is one"
    )


def caps_lamp(*devices: "evdev.InputDevice[str]") -> Callable[[], bool]:
    """Return what tells whether any CapsLock lamp is on. ``EVIOCGLED`` drops lamp events only: no key is lost."""
    return lambda: any(evdev.ecodes.LED_CAPSL in device.leds() for device in devices)
