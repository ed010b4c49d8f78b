"""A scanner on a serial port: RS-232, a USB bridge, or USB CDC-ACM."""

import fcntl
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Literal

import serial
from pydantic import Field

from scanner_daemon.decoding.code_ids import CodeId
from scanner_daemon.decoding.framer import Framer, SerialTerminator
from scanner_daemon.decoding.recordings import Mark
from scanner_daemon.decoding.ssi import SsiPackets
from scanner_daemon.errors import DeviceUnavailable
from scanner_daemon.model import Claimed, Discarded, Scan
from scanner_daemon.ports import Deliver
from scanner_daemon.sources.access import device_error
from scanner_daemon.sources.feedback import Feedback, Line, answering
from scanner_daemon.sources.parity_marks import ParityMarks
from scanner_daemon.sources.reading import read_until_gone, settle
from scanner_daemon.sources.tap import Tap

_PARITY: Final = {"none": serial.PARITY_NONE, "even": serial.PARITY_EVEN, "odd": serial.PARITY_ODD}


@dataclass(slots=True, kw_only=True)
class SerialPort:
    """Driver ``serial``.

    ``port`` is a path that stays the same, such as one in ``/dev/serial/by-id``. The line settings are those of the
    scanner's manual; USB CDC-ACM scanners ignore them. ``gap`` is the longest silence inside a scan, in seconds:
    longer ends it where ``terminator`` is ``none``, and tears it everywhere else. ``max_length`` is in bytes. Where all
    labels are exactly ``length`` bytes long, code identifier included, any other is discarded. ``code_id`` is how the
    scanner is set to tell the symbology, ``feedback`` how it is told what became of the scan.

    With ``protocol = "ssi"`` Zebra's packets take the place of ``terminator``, ``length`` and ``code_id``. They are
    acknowledged as they come, since the scanner sends them again otherwise; ``feedback`` then follows the decision.

    The kernel knows no DSR/DTR handshake: with ``dsr-dtr`` DTR stays on, which says the same to the scanner, since
    the daemon always reads.
    """

    settles: ClassVar[bool] = True

    name: str
    port: Annotated[str, Field(min_length=1)]
    baudrate: Annotated[int, Field(ge=50, le=4_000_000)] = 9600
    bytesize: Literal[7, 8] = 8
    parity: Literal["none", "even", "odd"] = "none"
    stopbits: Literal[1, 2] = 1
    handshake: Literal["none", "rts-cts", "xon-xoff", "dsr-dtr"] = "none"
    protocol: Literal["plain", "ssi"] = "plain"
    terminator: SerialTerminator = SerialTerminator.LINE
    length: Annotated[int, Field(ge=1, le=65_536)] | None = None
    code_id: CodeId = CodeId.AIM
    feedback: Feedback = Feedback.NONE
    gap: Annotated[float, Field(gt=0, le=10)] = 0.2
    max_length: Annotated[int, Field(ge=1, le=65_536)] = 4096

    def __post_init__(self) -> None:
        if self.protocol == "plain":
            if self.feedback is Feedback.SSI:
                raise ValueError('feedback: expected protocol = "ssi" for it, got "plain"')
            return
        if self.feedback not in {Feedback.NONE, Feedback.SSI}:
            raise ValueError(f'feedback: expected none or ssi with protocol = "ssi", got {self.feedback.value!r}')
        if self.bytesize != 8 or self.handshake == "xon-xoff":  # noqa: PLR2004  packets hold all 256 bytes
            raise ValueError(
                'protocol: expected bytesize = 8 and no xon-xoff with "ssi", '
                f"got bytesize = {self.bytesize}, handshake = {self.handshake!r}"
            )

    async def read(self, deliver: Deliver, *, tap: Tap | None = None) -> None:
        """See :class:`scanner_daemon.ports.ScannerSource` and :class:`scanner_daemon.sources.tap.Tapped`."""
        try:
            with self._opened() as fd:
                iflag, cflag = _mark_noise(fd)
                self._check_format(cflag)
                await settle(fd, quiet=self.gap)
                deliver(Claimed(scanner=self.name, device=self.port, at=time.monotonic()))
                line = Line(fd=fd, scanner=self.name)
                listening = _Listening(self._decoder(), line, marked=bool(iflag & termios.PARMRK), tap=tap)
                await read_until_gone(fd, listening, answering(deliver, self.feedback, line))
        except OSError as error:
            raise device_error(error, self.port, trying="read") from error

    @contextmanager
    def _opened(self) -> Iterator[int]:
        """Open and configure the port, for us alone, its input flushed; close it whatever happens."""
        port = self._open()
        fd = port.fileno()
        try:
            fcntl.ioctl(fd, termios.TIOCEXCL)
            yield fd
        finally:
            with suppress(OSError):  # the port may be gone
                fcntl.ioctl(fd, termios.TIOCNXCL)
            port.close()

    def _open(self) -> serial.Serial:
        """Lock with ``flock``, as pyserial's users do; ``TIOCEXCL`` then keeps out programs that do not ask."""
        try:
            return serial.Serial(
                self.port,
                baudrate=self.baudrate,
                bytesize=self.bytesize,
                parity=_PARITY[self.parity],
                stopbits=self.stopbits,
                rtscts=self.handshake == "rts-cts",
                xonxoff=self.handshake == "xon-xoff",
                dsrdtr=self.handshake == "dsr-dtr",
                timeout=0,
                exclusive=True,
            )
        except (termios.error, ValueError) as error:
            raise self._refused(str(error)) from error

    def _check_format(self, cflag: int) -> None:
        """Refuse a port that says it takes what it then does not: wrongly framed bytes may still look like a label."""
        size = {7: termios.CS7, 8: termios.CS8}[self.bytesize]
        parity = {"none": 0, "even": termios.PARENB, "odd": termios.PARENB | termios.PARODD}[self.parity]
        if cflag & (termios.CSIZE | termios.PARENB | termios.PARODD) != size | parity:
            raise self._refused("another format")

    def _refused(self, got: str) -> DeviceUnavailable:
        line = f"{self.baudrate} baud {self.bytesize}{self.parity[0].upper()}{self.stopbits}"
        return DeviceUnavailable(
            f"Failed to set up {self.port}: expected it to take {line}, got {got}; set scanner and configuration "
            "to a line format that the port can do"
        )

    def _decoder(self) -> Framer | SsiPackets:
        if self.protocol == "ssi":
            return SsiPackets(scanner=self.name, gap=self.gap, max_length=self.max_length)
        return Framer(
            scanner=self.name,
            terminator=self.terminator,
            gap=self.gap,
            max_length=self.max_length,
            length=self.length,
            code_id=self.code_id,
        )


class _Listening:
    """One open line: good bytes and noise, in their order, into one decoder, whose own answers go back at once."""

    def __init__(self, decoder: Framer | SsiPackets, line: Line, *, marked: bool, tap: Tap | None = None) -> None:
        self._decoder = decoder
        self._line = line
        self._tap = tap
        self._marks = ParityMarks() if marked else None

    @property
    def deadline(self) -> float | None:
        return self._decoder.deadline

    def feed(self, data: bytes, at: float) -> list[Scan | Discarded]:
        runs = self._marks.feed(data) if self._marks else [data]
        if self._tap:
            for run in runs:
                self._tap(Mark.NOISE if run is None else run, at)
        return self._answered(
            [
                report
                for run in runs
                for report in (self._decoder.noise(at) if run is None else self._decoder.feed(run, at))
            ]
        )

    def expire(self, now: float) -> list[Scan | Discarded]:
        return self._answered(self._decoder.expire(now))

    def lost(self, at: float) -> list[Scan | Discarded]:
        return self._decoder.lost(at)

    def _answered(self, reports: list[Scan | Discarded]) -> list[Scan | Discarded]:
        if isinstance(self._decoder, SsiPackets):
            self._line.say(self._decoder.take_replies())
        return reports


def _mark_noise(fd: int) -> tuple[int, int]:
    """Have damaged bytes marked rather than passed as data; return the input and control flags the port then has.

    Reads wait for at least one byte from now on, so that an empty read means a hang-up and nothing else.
    """
    try:
        attributes = termios.tcgetattr(fd)
        attributes[0] &= ~(termios.IGNBRK | termios.BRKINT | termios.IGNPAR | termios.ISTRIP)
        attributes[0] |= termios.INPCK | termios.PARMRK
        attributes[6][termios.VMIN], attributes[6][termios.VTIME] = 1, 0
        termios.tcsetattr(fd, termios.TCSANOW, attributes)
        iflag, _, cflag, *_ = termios.tcgetattr(fd)
    except termios.error as error:  # not an OSError, though it carries one's number and words
        raise OSError(*error.args) from error
    return iflag, cflag
