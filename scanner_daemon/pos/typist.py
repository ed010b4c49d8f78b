"""The daemon's end of the process that types: hand codes over, and notice when it fails."""

import asyncio
import os
import socket
import sys
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from scanner_daemon.errors import DeviceUnavailable
from scanner_daemon.model import Grab
from scanner_daemon.pos import typing_process
from scanner_daemon.pos.keystrokes import Chord
from scanner_daemon.pos.typing_process import HeldScanner

CAPACITY: Final = 64
"""Codes that may wait to be typed. So many wait only at a till that is far too slow for its scanners."""

BACKLOG: Final = 4.0
"""Seconds of typing that may wait: a product that appears later than that is scanned again, and sold twice."""

OVERDUE_AFTER: Final = 5.0
"""Seconds of grace for a code that should have been typed, until that means that nothing is typed any more."""

ENDS_WITHIN: Final = 5.0
"""Seconds that the process has at the end to let go of the scanners, once the codes it was given are typed."""


class Typist:
    """A running process that types on ``keyboard``, which it owns from now on; an asynchronous context manager.

    Leaving waits until all that was handed over is typed. Then the keyboard is unplugged.
    """

    def __init__(
        self, keyboard: int, *, overdue_after: float = OVERDUE_AFTER, ends_within: float = ENDS_WITHIN
    ) -> None:
        self._keyboard = keyboard
        self._overdue_after = overdue_after
        self._ends_within = ends_within
        self._waiting: deque[float] = deque()  # how long each code takes, in seconds
        self._overdue: asyncio.TimerHandle | None = None
        self._held: dict[str, list[HeldScanner]] = {}

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._failed: asyncio.Future[str] = self._loop.create_future()
        self._line, far_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._line.settimeout(0)
        descriptors = (self._keyboard, far_end.fileno())
        try:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", typing_process.__file__, *map(str, descriptors)),
                pass_fds=descriptors,
                start_new_session=True,  # a Ctrl+C at our terminal is not for it
            )
        finally:
            os.close(self._keyboard)
            far_end.close()
        self._loop.add_reader(self._line, self._take_answers)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.remove_reader(self._line)
        self._unwatch()
        self._line.close()
        with suppress(TimeoutError):
            patience = 0 if self._failed.done() else sum(self._waiting) + self._ends_within
            await asyncio.wait_for(self._process.wait(), patience)
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def type(self, chords: Sequence[Chord], *, interval: float) -> bool:
        """Have ``chords`` typed after all before, ``interval`` seconds apart; ``False`` when too much waits."""
        if len(self._waiting) >= CAPACITY or sum(self._waiting) > BACKLOG:
            return False
        if not self._send(typing_process.to_type(chords, interval=interval)):
            return False
        self._waiting.append(interval * len(chords))
        if len(self._waiting) == 1:
            self._watch()
        return True

    def hold(self, name: str, grabs: Sequence[Grab]) -> None:
        """Keep the grabs of the scanner ``name`` beyond our own end. Raises ``DeviceUnavailable``."""
        if not grabs:
            return
        request = typing_process.to_hold(name, gap=max(grab.gap for grab in grabs))
        if not self._send(request, [grab.descriptor for grab in grabs]):
            raise DeviceUnavailable(f"Failed to claim {name}: expected the till to be typed to, but nothing is typed")
        self._held[name] = [HeldScanner(descriptor=os.dup(grab.descriptor), gap=grab.gap) for grab in grabs]

    def let_go(self, name: str) -> None:
        """Give the scanner ``name`` back to the till once all before is typed and it is between two codes.

        Its grabs must be closed by now. Once the process has failed, this waits for the end of a code, and the loop
        with it: the daemon is about to end, too.
        """
        held = self._held.pop(name, [])
        if self._failed.done():
            typing_process.let_go(held)
            return
        for scanner in held:
            os.close(scanner.descriptor)
        if not self._send(typing_process.to_let_go(name)):
            self._fail(f"the process that types cannot be told to let go of {name}")

    async def failed(self) -> str:
        """Return, as half a sentence, what went wrong: never while all is well."""
        return await asyncio.shield(self._failed)

    def _send(self, request: bytes, descriptors: Sequence[int] = ()) -> bool:
        try:
            socket.send_fds(self._line, [request], descriptors)
        except OSError:  # full, or its end was not told yet
            return False
        return True

    def _take_answers(self) -> None:
        try:
            while self._line.recv(1):
                self._waiting.popleft()
            self._fail("the process that types has ended")
        except BlockingIOError:
            self._watch()
        except OSError as error:
            self._fail(f"the process that types has ended ({error.strerror})")

    def _watch(self) -> None:
        """Look again when the oldest code should have been typed for long: its turn begins now."""
        self._unwatch()
        if self._waiting:
            message = f"the process that types hangs: a code should have been typed {self._overdue_after:g} s ago"
            self._overdue = self._loop.call_later(self._waiting[0] + self._overdue_after, self._fail, message)

    def _unwatch(self) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
        self._overdue = None

    def _fail(self, what: str) -> None:
        if self._line.fileno() < 0 or self._failed.done():  # it has ended as it should, or that is known
            return
        self._loop.remove_reader(self._line)
        self._failed.set_result(what)
