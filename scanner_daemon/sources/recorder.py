"""Take down what a configured scanner sends, as a recording that decodes to what the lane would see."""

from dataclasses import dataclass, field, replace
from typing import TypeAlias

from scanner_daemon.decoding.hid_pos import parse_descriptor
from scanner_daemon.decoding.playback import outcome, play
from scanner_daemon.decoding.recordings import Mark, Recording, RecordingFormat, Step
from scanner_daemon.model import Discarded, Scan
from scanner_daemon.sources.hid_keyboard import HidKeyboard
from scanner_daemon.sources.hid_pos import HidPos
from scanner_daemon.sources.keyboard_wedge import KeyboardWedge
from scanner_daemon.sources.serial_port import SerialPort
from scanner_daemon.sources.tap import Heard
from scanner_daemon.sources.xkb import find_layout

Recordable: TypeAlias = KeyboardWedge | HidKeyboard | HidPos | SerialPort


@dataclass(slots=True)
class Recorder:
    """What ``source`` sends: give it :meth:`hear` as its tap, and tell :meth:`saw` what was made of it."""

    source: Recordable
    _steps: list[Step] = field(init=False, default_factory=list)
    _seen: list[str] = field(init=False, default_factory=list)
    _began: float | None = field(init=False, default=None)

    def hear(self, heard: Heard, at: float) -> None:
        """Take down what came at ``at``; see :data:`scanner_daemon.sources.tap.Tap`."""
        began = self._began = at if self._began is None else self._began
        what = tuple((stroke.code, stroke.pressed) for stroke in heard) if isinstance(heard, tuple) else heard
        self._steps.append(Step(at=max(at - began, self._steps[-1].at if self._steps else 0.0), what=what))

    def saw(self, report: Scan | Discarded) -> int:
        """Note what the source delivered; return how much that was so far."""
        self._seen.append(outcome(report))
        return len(self._seen)

    def lost(self, at: float) -> None:
        """Note that the device is gone."""
        self.hear(Mark.DISCONNECT, at)

    def recording(self, *, descriptor: bytes = b"") -> Recording | None:
        """Return the recording, and what the source saw as what it is expected to decode to; ``None`` for nothing.

        ``descriptor`` is the report descriptor of a HID POS scanner. Whether the CapsLock lamp was on, which some
        scanners look at, is found out by trying.
        """
        if not self._steps:
            return None
        lamp_off = replace(_settings(self.source, descriptor), steps=tuple(self._steps))
        for recording in (lamp_off, replace(lamp_off, caps_lock=True)):
            played = tuple(outcome(report) for report in play(recording))
            if list(played[: len(self._seen)]) == self._seen:
                return replace(recording, expected=played)
        return replace(lamp_off, expected=tuple(self._seen))


def _settings(source: Recordable, descriptor: bytes) -> Recording:
    match source:
        case KeyboardWedge() | HidKeyboard():
            return Recording(
                format=RecordingFormat.WEDGE,
                steps=(),
                layout=find_layout(source.layout),
                terminator=source.terminator,
                gap=source.gap,
                code_id=source.code_id,
                control_map=source.control_map,
            )
        case HidPos():
            layout = parse_descriptor(descriptor)
            return Recording(format=RecordingFormat.HID_POS, steps=(), gap=source.gap, hid_pos_layout=layout)
        case SerialPort(protocol="ssi"):
            return Recording(format=RecordingFormat.SSI, steps=(), gap=source.gap)
        case SerialPort():
            return Recording(
                format=RecordingFormat.BYTES,
                steps=(),
                terminator=source.terminator,
                gap=source.gap,
                length=source.length,
                code_id=source.code_id,
            )
