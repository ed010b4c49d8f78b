"""How a scanner that types is set."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Final

from scanner_daemon.decoding.calibration.labels import LABELS, Complaint, Unreadable, code_ids, complaint
from scanner_daemon.decoding.code_ids import CodeId
from scanner_daemon.decoding.input_frames import Frame
from scanner_daemon.decoding.keyboard import MODIFIERS
from scanner_daemon.decoding.layouts import LAYOUTS, Layout
from scanner_daemon.decoding.typed_codes import ControlMap
from scanner_daemon.decoding.wedge import DEFAULT_GAP, WedgeDecoder, WedgeTerminator
from scanner_daemon.model import DiscardReason, Scan


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedSettings:
    """Settings of the driver ``keyboard-wedge``, by the names they have there."""

    layout: str
    terminator: WedgeTerminator
    control_map: ControlMap
    caps_compensation: bool
    code_id: CodeId
    gap: float = DEFAULT_GAP


def infer_typed(scans: Sequence[Sequence[Frame]], *, caps_lamp: bool = False) -> TypedSettings | Complaint:
    """Return the settings under which ``scans`` decode to the first of ``LABELS``, as many as there are.

    Each scan is all that was typed for one label, whatever ended it. ``caps_lamp`` is whether the scanner's CapsLock
    lamp is on. Where several settings will do the plainest is returned: the labels cannot tell them apart, as layouts
    that have all of ASCII in common, or every one where the scanner types ALT codes.
    """
    ways: list[TypedSettings] | None = None
    for frames, label in zip(scans, LABELS, strict=False):
        texts = _texts(frames, caps_lamp=caps_lamp)
        possible = [way for hypothesis, text in texts.items() for way in _ways(hypothesis, text, label)]
        ways = [way for way in ways if way in possible] if ways is not None else possible
        if not ways:
            return _complaint(list(texts.values()), label)
    if not ways:
        raise ValueError("expected at least one scan, got none")
    return replace(ways[0], gap=max(_gap(frames) for frames in scans))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hypothesis:
    layout: str
    control_map: ControlMap
    caps_lock: bool


def _texts(frames: Sequence[Frame], *, caps_lamp: bool) -> Mapping[_Hypothesis, str | DiscardReason]:
    """Return what ``frames`` are, terminator and code identifier included, under each hypothesis, plainest first."""
    return {
        hypothesis: _text(frames, layout, hypothesis)
        for caps_lock in ((False, True) if caps_lamp else (False,))
        for control_map in ControlMap
        for name, layout in LAYOUTS.items()
        for hypothesis in [_Hypothesis(layout=name, control_map=control_map, caps_lock=caps_lock)]
    }


def _text(frames: Sequence[Frame], layout: Layout, hypothesis: _Hypothesis) -> str | DiscardReason:
    decoder = WedgeDecoder(
        scanner="",
        layout=layout,
        terminator=WedgeTerminator.NONE,
        control_map=hypothesis.control_map,
        gap=_LONGEST,
        code_id=CodeId.NONE,
    )
    decoder.resynchronise((), caps_lock=hypothesis.caps_lock, num_lock=None)
    reports = [report for frame in frames for report in decoder.feed(frame)]
    reports += decoder.expire(decoder.deadline or 0.0)
    first = reports[0] if reports else None
    if isinstance(first, Scan):
        return first.scan_data.decode()
    return first.reason if first else ""


def _ways(hypothesis: _Hypothesis, text: str | DiscardReason, label: str) -> Iterator[TypedSettings]:
    if isinstance(text, DiscardReason):
        return
    for terminator, pattern in _ENDS.items():
        end = pattern.search(text)
        for code_id in code_ids(text[: end.start()], label) if end else ():
            yield TypedSettings(
                layout=hypothesis.layout,
                terminator=terminator,
                control_map=hypothesis.control_map,
                caps_compensation=hypothesis.caps_lock,
                code_id=code_id,
            )


def _complaint(texts: Sequence[str | DiscardReason], label: str) -> Complaint:
    """Tell from the text that comes nearest to ``label``, or from why there is none."""
    told = [text for text in texts if isinstance(text, str)]
    if told:
        return complaint(max(told, key=lambda text: SequenceMatcher(a=text, b=label).ratio()), label)
    if DiscardReason.KEY_ORDER in texts:
        return Unreadable("it puts several keys into one report: use the driver hid-keyboard, or turn ALT codes off")
    if DiscardReason.OVERFLOW in texts:
        return Complaint("it types faster than this machine reads: give it a keystroke delay, and scan again")
    return Complaint("it types a key that stands for nothing known: set control characters to Ctrl and a key")


def _gap(frames: Sequence[Frame]) -> float:
    """Return a gap thrice the longest silence, where the usual one would be too near to it."""
    presses = [stroke.at for frame in frames for stroke in frame if stroke.pressed and stroke.code not in MODIFIERS]
    longest = max((later - earlier for earlier, later in pairwise(presses)), default=0.0)
    return DEFAULT_GAP if longest < DEFAULT_GAP / 2 else round(3 * longest, 2)


_LONGEST: Final = 10.0
"""Seconds: no silence ends a scan here."""

_ENDS: Final = {
    WedgeTerminator.ENTER: re.compile(r"[\r\n]+\Z"),
    WedgeTerminator.TAB: re.compile(r"\t+\Z"),
    WedgeTerminator.NONE: re.compile(r"\Z"),
}
