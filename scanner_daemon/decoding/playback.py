"""A recording, decoded: the same decoders as at a lane, in the recording's own time."""

import json
from collections.abc import Iterable, Iterator
from math import inf
from typing import TypeAlias

from scanner_daemon.decoding import framer, hid_pos, ssi, wedge
from scanner_daemon.decoding.framer import Framer, SerialTerminator
from scanner_daemon.decoding.hid_keyboard import HidKeyboardReports
from scanner_daemon.decoding.hid_pos import HidPosReports
from scanner_daemon.decoding.recordings import Mark, Recording, RecordingFormat, Step
from scanner_daemon.decoding.ssi import SsiPackets
from scanner_daemon.decoding.wedge import WedgeDecoder, WedgeTerminator
from scanner_daemon.model import Discarded, KeyStroke, Scan

_Decoder: TypeAlias = WedgeDecoder | Framer | SsiPackets | HidPosReports


def play(recording: Recording, *, scanner: str = "recording") -> Iterator[Scan | Discarded]:
    """Yield what ``recording`` decodes to, ``at`` in seconds since its beginning.

    After its last step the scanner is taken to be silent for ever, so a scan without its terminator is discarded.
    """
    decoder = _decoder(recording, scanner)
    steps = recording.steps
    for step in _key_changes(steps) if recording.format is RecordingFormat.HID_KEYBOARD else steps:
        if step.what is not Mark.DROPPED:  # what was dropped may have filled the silence before
            yield from _silence(decoder, step.at)
        yield from _feed(decoder, step)
        if step.what is Mark.DISCONNECT:
            decoder = _decoder(recording, scanner)
    yield from _silence(decoder, inf)


def outcome(report: Scan | Discarded) -> str:
    """Return ``report`` as the ``# expect:`` lines of a ``.scan`` recording write it."""
    if isinstance(report, Discarded):
        return f"discarded {report.reason.value}"
    label = json.dumps(report.scan_data_label, ensure_ascii=False)
    return f"{label} {report.symbology_identifier}" if report.symbology_identifier else label


def _decoder(recording: Recording, scanner: str) -> _Decoder:
    match recording.format:
        case RecordingFormat.BYTES:
            serial = (
                recording.terminator if isinstance(recording.terminator, SerialTerminator) else SerialTerminator.LINE
            )
            return Framer(
                scanner=scanner,
                terminator=serial,
                gap=recording.gap or framer.DEFAULT_GAP,
                length=recording.length,
                code_id=recording.code_id,
            )
        case RecordingFormat.SSI:
            return SsiPackets(scanner=scanner, gap=recording.gap or ssi.DEFAULT_GAP)
        case RecordingFormat.HID_POS:
            gap = recording.gap or hid_pos.DEFAULT_GAP
            return HidPosReports(scanner=scanner, layout=recording.hid_pos_layout, gap=gap)
        case RecordingFormat.WEDGE | RecordingFormat.HID_KEYBOARD:
            return _wedge_decoder(recording, scanner)


def _wedge_decoder(recording: Recording, scanner: str) -> WedgeDecoder:
    key = recording.terminator if isinstance(recording.terminator, WedgeTerminator) else WedgeTerminator.ENTER
    gap = recording.gap or wedge.DEFAULT_GAP
    decoder = WedgeDecoder(
        scanner=scanner,
        layout=recording.layout,
        terminator=key,
        control_map=recording.control_map,
        gap=gap,
        code_id=recording.code_id,
    )
    decoder.resynchronise((), caps_lock=recording.caps_lock, num_lock=recording.num_lock)
    return decoder


def _feed(decoder: _Decoder, step: Step) -> list[Scan | Discarded]:
    match decoder, step.what:
        case _, Mark.DISCONNECT:
            return decoder.lost(step.at)
        case WedgeDecoder() | HidPosReports(), Mark.DROPPED:
            return decoder.overflow(step.at)
        case WedgeDecoder(), tuple() as keys:
            return decoder.feed(tuple(KeyStroke(code=code, pressed=down, at=step.at) for code, down in keys))
        case Framer() | SsiPackets(), Mark.NOISE:
            return decoder.noise(step.at)
        case Framer() | SsiPackets() | HidPosReports(), bytes() as data:
            return decoder.feed(data, step.at)
    raise ValueError(f"a {type(decoder).__name__} cannot take {step.what!r}")


def _silence(decoder: _Decoder, until: float) -> Iterator[Scan | Discarded]:
    while (deadline := decoder.deadline) is not None and deadline < until:
        yield from decoder.expire(deadline)


def _key_changes(steps: Iterable[Step]) -> Iterator[Step]:
    """Turn boot keyboard reports into frames."""
    keyboard = HidKeyboardReports()
    for step in steps:
        if isinstance(step.what, bytes):
            for frame in keyboard.frames(step.what, step.at):
                yield Step(at=step.at, what=tuple((stroke.code, stroke.pressed) for stroke in frame))
        else:
            keyboard = HidKeyboardReports()
            yield step
