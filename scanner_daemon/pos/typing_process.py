"""The process that types, so that the till gets whole codes whatever becomes of the daemon.

A code takes tens of milliseconds to type. Were the daemon to do it, a kill or a hang in the middle would leave half a
code at the till, which may be another product. So the daemon hands over each code whole, and what was handed over is
typed to its end. For the same reason this process keeps a copy of the descriptor through which the daemon has grabbed a
scanner: a daemon that dies while the scanner types would otherwise leave the tail of that code to the till. The copy is
closed, and the scanner the till's, as soon as the scanner is between two codes.

Run as a script, on the standard library alone (``python -I -S``), with two descriptors as arguments: the keyboard, to
which events are written, and a ``SOCK_SEQPACKET`` line to the daemon, one request a message:

- ``T``, seconds from key to key, chords of three key codes each: type them; answered by one byte when done
- ``H``, seconds of silence that end a code, name; with descriptors: keep these for the scanner ``name``
- ``L``, name: let go of them after the codes before this request

The end of the line means: do what was asked so far, let go of everything, end.
"""

import fcntl
import os
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import Final

LET_GO_WITHIN: Final = 2.0
"""Seconds after which a scanner is the till's even in the middle of a code: the till never stops."""

_CHORD_LENGTH: Final = 3
_CHORD: Final = struct.Struct(f"={_CHORD_LENGTH}H")
_SECONDS: Final = struct.Struct("=d")
_EVENT: Final = struct.Struct("@llHHi")  # struct input_event of linux/input.h; uinput stamps the time itself
_EV_SYN, _EV_KEY, _SYN_REPORT = 0, 1, 0
_EVIOCGRAB: Final = 0x40044590  # linux/input.h: _IOW('E', 0x90, int)
_TERMINATORS: Final = frozenset({15, 28, 96})  # KEY_TAB, KEY_ENTER, KEY_KPENTER
_MESSAGE_SIZE: Final = 64 * 1024
_GRABS: Final = 8  # event nodes of one scanner
_POLL: Final = 0.02


def to_type(chords: Iterable[Sequence[int]], *, interval: float) -> bytes:
    """Return the request to type ``chords``, ``interval`` seconds from one to the next."""
    return b"T" + _SECONDS.pack(interval) + b"".join(_CHORD.pack(*chord, *_NOTHING[len(chord) :]) for chord in chords)


def to_hold(name: str, *, gap: float) -> bytes:
    """Return the request to keep the descriptors that are sent with it."""
    return b"H" + _SECONDS.pack(gap) + name.encode()


def to_let_go(name: str) -> bytes:
    """Return the request to let go of what is kept for the scanner ``name``."""
    return b"L" + name.encode()


def main() -> None:
    """Serve the line until the daemon is gone. Asked to end by anybody else, go on: the line's end is near.

    SIGABRT is how systemd ends a daemon that hangs, and all that belongs to it.
    """
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGABRT):
        signal.signal(number, signal.SIG_IGN)
    keyboard, line = int(sys.argv[1]), socket.socket(fileno=int(sys.argv[2]))
    held: dict[bytes, list[HeldScanner]] = {}
    while True:
        message, descriptors = _received(line)
        if not message:
            break
        kind, body = message[:1], message[1:]
        if kind == b"T":
            type_code(keyboard, body)
            with suppress(OSError):  # nobody waits for the answer any more
                line.send(b".")
        elif kind == b"H":
            (gap,) = _SECONDS.unpack_from(body)
            held[body[_SECONDS.size :]] = [HeldScanner(descriptor=number, gap=gap) for number in descriptors]
        else:
            let_go(held.pop(body, []))
    let_go(chain.from_iterable(held.values()))


def type_code(keyboard: int, body: bytes) -> None:
    """Press and release chord after chord, each change of keys a report of its own."""
    (interval,) = _SECONDS.unpack_from(body)
    for keys in _CHORD.iter_unpack(body[_SECONDS.size :]):
        chord = [code for code in keys if code]
        for codes, pressed in ((chord, 1), (chord[::-1], 0)):
            events = [_EVENT.pack(0, 0, _EV_KEY, code, pressed) for code in codes]
            os.write(keyboard, b"".join(events) + _REPORT)
            time.sleep(interval / 2)


def let_go(scanners: Iterable["HeldScanner"]) -> None:
    """Give each scanner back between two codes, all of them within :data:`LET_GO_WITHIN`.

    The daemon may have read the head of a code: only what is heard from now on tells where a scanner stands.
    """
    held, began = list(scanners), time.monotonic()
    for scanner in held:
        scanner.heard_at = began
    while held:
        select.select([scanner.descriptor for scanner in held], [], [], _POLL)
        for scanner in list(held):
            given_back = scanner.rests() and scanner.give_back()
            if given_back or time.monotonic() > began + LET_GO_WITHIN:
                os.close(scanner.descriptor)
                held.remove(scanner)


@dataclass(slots=True, kw_only=True)
class HeldScanner:
    """A grabbed event device: a copy of the descriptor through which the daemon has grabbed it."""

    descriptor: int
    gap: float
    heard_at: float = 0.0

    def rests(self) -> bool:
        """Throw away what was typed; tell whether a terminator was the last of it, or silence followed.

        What the daemon left unread is read as well: only after its last event is it known where the scanner stands.
        """
        ended = False
        try:
            while data := os.read(self.descriptor, _MESSAGE_SIZE):
                ended = _ends_a_code(data)
                self.heard_at = time.monotonic()
        except BlockingIOError:
            return ended or time.monotonic() - self.heard_at >= self.gap
        except OSError:  # unplugged
            pass
        return True

    def give_back(self) -> bool:
        """Give the scanner back and return whether it is: a code that began just before keeps it, its head is lost."""
        released = time.monotonic()
        with suppress(OSError):  # nothing came, or it is unplugged
            fcntl.ioctl(self.descriptor, _EVIOCGRAB, 0)
            if begins_before(os.read(self.descriptor, _MESSAGE_SIZE), released):
                fcntl.ioctl(self.descriptor, _EVIOCGRAB, 1)
                self.heard_at = time.monotonic()
                return False
        return True


def begins_before(data: bytes, moment: float) -> bool:
    """Return whether a key changed before ``moment``, on the monotonic clock: the till did not get it."""
    return any(
        kind == _EV_KEY and seconds + microseconds / 1e6 < moment
        for seconds, microseconds, kind, _, _ in _EVENT.iter_unpack(data[: len(data) - len(data) % _EVENT.size])
    )


def _ends_a_code(data: bytes) -> bool:
    changes = [
        (code, value)
        for _, _, kind, code, value in _EVENT.iter_unpack(data[: len(data) - len(data) % _EVENT.size])
        if kind == _EV_KEY
    ]
    return bool(changes) and changes[-1][0] in _TERMINATORS and changes[-1][1] == 0


def _received(line: socket.socket) -> tuple[bytes, list[int]]:
    while True:
        with suppress(ConnectionResetError):  # told once when the daemon died; its last requests are still to come
            message, descriptors, _, _ = socket.recv_fds(line, _MESSAGE_SIZE, _GRABS)
            return message, descriptors


_NOTHING: Final = (0,) * _CHORD_LENGTH
_REPORT: Final = _EVENT.pack(0, 0, _EV_SYN, _SYN_REPORT, 0)

if __name__ == "__main__":
    main()
