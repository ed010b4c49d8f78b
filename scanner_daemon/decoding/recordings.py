"""What scanners sent, written down: the forms other programs print, as one :class:`Recording`.

Our own form, ``.scan``, is in :mod:`scanner_daemon.decoding.scan_file`; :mod:`scanner_daemon.decoding.playback` decodes
them all.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

from scanner_daemon.decoding.code_ids import CodeId
from scanner_daemon.decoding.framer import SerialTerminator
from scanner_daemon.decoding.hid_keyboard import BOOT_LAYOUT
from scanner_daemon.decoding.hid_pos import COMMON_LAYOUT, HidPosLayout
from scanner_daemon.decoding.layouts import LAYOUTS, Layout
from scanner_daemon.decoding.typed_codes import ControlMap
from scanner_daemon.decoding.wedge import WedgeTerminator
from scanner_daemon.errors import ScannerDaemonError


class RecordingFormat(Enum):
    """How the recorded scanner was connected, and so what one step of its recording is."""

    WEDGE = "wedge"  # frames of key changes
    HID_KEYBOARD = "hid-keyboard"  # boot keyboard reports
    HID_POS = "hid-pos"  # reports of usage page 8C
    BYTES = "bytes"  # what a serial line carries
    SSI = "ssi"  # the same in packets of Zebra's


class Mark(Enum):
    """What happened to the connection itself."""

    DROPPED = "dropped"  # the kernel's queue ran over, or may have
    NOISE = "noise"  # parity or framing error
    DISCONNECT = "disconnect"  # unplugged, and plugged in again for what follows


Keys: TypeAlias = tuple[tuple[int, bool], ...]
"""The key changes of one frame: key code, and whether it went down."""

Terminator: TypeAlias = WedgeTerminator | SerialTerminator


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that came from the scanner, ``at`` seconds after the recording began."""

    at: float
    what: Keys | bytes | Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What one scanner sent, and how to decode it.

    ``terminator`` and ``gap`` are the decoder's own defaults where they are ``None``; ``length`` is ``None`` where
    labels have any length, ``num_lock`` where nobody knows. ``expected`` holds the true outcome, one line a report as
    :func:`~scanner_daemon.decoding.playback.outcome` writes it; empty where nobody wrote it down.
    """

    format: RecordingFormat
    steps: tuple[Step, ...]
    layout: Layout = LAYOUTS["us"]
    terminator: Terminator | None = None
    gap: float | None = None
    length: int | None = None
    code_id: CodeId = CodeId.AIM
    control_map: ControlMap = ControlMap.CTRL
    caps_lock: bool = False
    num_lock: bool | None = None
    hid_pos_layout: HidPosLayout = COMMON_LAYOUT
    expected: tuple[str, ...] = ()


class RecordingError(ScannerDaemonError, ValueError):
    """A recording that cannot be read, and the line where it cannot."""

    def __init__(self, *, line: int, expected: str, got: str) -> None:
        super().__init__(f"line {line}: expected {expected}, got {got}")
        self.line = line
        self.expected = expected
        self.got = got


def terminators(recording_format: RecordingFormat) -> Mapping[str, Terminator]:
    """Return the terminators of such scanners by name; none where they state in another way where a scan ends."""
    match recording_format:
        case RecordingFormat.BYTES:
            return {terminator.value: terminator for terminator in SerialTerminator}
        case RecordingFormat.WEDGE | RecordingFormat.HID_KEYBOARD:
            return {terminator.value: terminator for terminator in WedgeTerminator}
        case RecordingFormat.SSI | RecordingFormat.HID_POS:
            return {}


def parse_evtest(text: str) -> Recording:
    """Read what the program ``evtest`` printed for one device.

    Its heading is passed over. Where the events hold no ``SYN_REPORT`` at all (many people record key events only),
    each key change is taken for a frame of its own. Raises :class:`RecordingError`.
    """
    lines = list(enumerate(text.splitlines(), start=1))
    first = next((index for index, (_, line) in enumerate(lines) if line.startswith("Event: time")), None)
    if first is None:
        raise RecordingError(line=len(lines), expected="a line that begins with 'Event: time'", got="the end")
    events = [_event(number, line) for number, line in lines[first:] if line.strip() and not line.startswith("#")]
    framed = any(_SYN_REPORT in event.text for event in events)
    return Recording(format=RecordingFormat.WEDGE, steps=tuple(_frames(events, framed=framed)))


def parse_reports(text: str, recording_format: RecordingFormat) -> Recording:
    """Read HID reports, one a line in hex. Lines that begin with ``#`` and blank lines stand for a long silence.

    Raises :class:`RecordingError`.
    """
    steps: list[Step] = []
    at = 0.0
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            at += _LONG_SILENCE
        else:
            steps.append(Step(at=at, what=parse_report(number, line, recording_format)))
    return Recording(format=recording_format, steps=tuple(steps))


def bytes_recording(data: bytes) -> Recording:
    """Take ``data`` as what a serial line carried without a pause."""
    return Recording(format=RecordingFormat.BYTES, steps=(Step(at=0.0, what=data),))


def parse_report(number: int, text: str, recording_format: RecordingFormat) -> bytes:
    """Read the bytes in hex that stand on line ``number``; raises :class:`RecordingError`."""
    try:
        report = bytes.fromhex(text)
    except ValueError:
        raise RecordingError(line=number, expected="bytes in hex, as in '00 00 1e'", got=repr(text)) from None
    if recording_format is RecordingFormat.HID_KEYBOARD and len(report) != BOOT_LAYOUT.length:
        raise RecordingError(line=number, expected=f"{BOOT_LAYOUT.length} bytes", got=f"{len(report)}")
    return report


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    at: float
    text: str
    key: tuple[int, bool] | None


def _event(number: int, line: str) -> _Event:
    match = _EVENT.fullmatch(line.rstrip())
    if not match:
        raise RecordingError(line=number, expected="'Event: time S.U, …' as evtest prints it", got=repr(line))
    seconds, text = match.groups()
    key = _KEY.fullmatch(text)
    if key is None and text.startswith("type 1 "):
        raise RecordingError(line=number, expected="'type 1 (EV_KEY), code C (NAME), value V'", got=repr(text))
    pressed = key is not None and key["value"] == "1"
    autorepeat = key is not None and key["value"] == "2"
    return _Event(
        at=float(seconds),
        text="" if autorepeat else text,
        key=(int(key["code"]), pressed) if key and not autorepeat else None,
    )


def _frames(events: list[_Event], *, framed: bool) -> list[Step]:
    steps: list[Step] = []
    keys: list[tuple[int, bool]] = []
    dropping = False
    for event in events:
        at = event.at - events[0].at
        if _SYN_DROPPED in event.text:
            steps.append(Step(at=at, what=Mark.DROPPED))
            keys.clear()
            dropping = framed
        elif event.key and not dropping:
            keys.append(event.key)
        ends_frame = _SYN_REPORT in event.text or not framed
        if ends_frame and keys:
            steps.append(Step(at=at, what=tuple(keys)))
            keys.clear()
        dropping = dropping and not ends_frame
    if keys:  # the recording ends within a frame
        steps.append(Step(at=events[-1].at - events[0].at, what=Mark.DROPPED))
    return steps


_EVENT: Final = re.compile(r"Event: time (\d+\.\d+), (.+)")
_KEY: Final = re.compile(r"type 1 \(EV_KEY\), code (?P<code>\d+) \(.*\), value (?P<value>[012])")
_SYN_REPORT: Final = "SYN_REPORT"
_SYN_DROPPED: Final = "SYN_DROPPED"
_LONG_SILENCE: Final = 60.0
"""Seconds: more than any gap inside a scan."""
