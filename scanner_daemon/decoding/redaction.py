"""A recording fit to be shown: other labels in the place of members', everything else as it was recorded.

The same strokes, bytes and reports at the same times, with other digits and letters in them, chosen by
:mod:`scanner_daemon.decoding.disguise`. A label that was scanned twice is the same label twice. Torn scans are
disguised as whole ones are.

What a scanner types is disguised by key. The keys of the digit row count as digits with Shift too, as half of Europe's
layouts have them there: a recording made under a wrong layout gives no digits away either.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from random import Random

from scanner_daemon.decoding.code_ids import identify
from scanner_daemon.decoding.disguise import disguised
from scanner_daemon.decoding.glyphs import Glyph, Place, byte_glyphs, typed_glyphs
from scanner_daemon.decoding.recordings import Recording, RecordingFormat, Step


def redacted(recording: Recording, random: Random) -> Recording:
    """Return ``recording`` with other labels, and no expectations.

    Raises ``ValueError`` where that cannot be done: packets with check sums (SSI), raw keyboard reports, and labels
    typed as code points.
    """
    others: dict[str, str] = {}
    values: dict[Place, int] = {}
    blanked = _blanked(recording)
    for label in _labels(_glyphs(blanked)):
        text = "".join(glyph.character for glyph in label)
        if text not in others:
            others[text] = _other(text, recording, random)
        for glyph, character in zip(label, others[text], strict=True):
            if character.isascii() and character.isalnum():
                values |= {
                    place: value
                    for part, value in zip(glyph.parts, glyph.instead(character), strict=True)
                    for place in part
                }
    steps = tuple(_changed(step, number, values) for number, step in enumerate(blanked.steps))
    return replace(recording, steps=steps, expected=())


def _other(text: str, recording: Recording, random: Random) -> str:
    """Return the disguise of ``text``, its code identifier as it was; one without the identifier it needs still is."""
    found = identify(text, recording.code_id)
    if found is None:
        return next(other for other in _attempts(text, random) if identify(other, recording.code_id) is None)
    label = found[0]
    return text.removesuffix(label) + disguised(label, random)


def _attempts(text: str, random: Random) -> Iterator[str]:
    while True:
        yield disguised(text, random)


def _labels(glyphs: Iterable[Glyph | None]) -> Iterator[list[Glyph]]:
    label: list[Glyph] = []
    for glyph in glyphs:
        if glyph is not None:
            label.append(glyph)
        elif label:
            yield label
            label = []
    if label:
        yield label


def _glyphs(recording: Recording) -> Iterator[Glyph | None]:
    match recording.format:
        case RecordingFormat.WEDGE:
            yield from typed_glyphs(recording)
        case RecordingFormat.BYTES:
            for number, step in enumerate(recording.steps):
                yield from byte_glyphs(step.what, step=number) if isinstance(step.what, bytes) else [None]
        case RecordingFormat.HID_POS:
            yield from _reported_glyphs(recording)
        case RecordingFormat.SSI | RecordingFormat.HID_KEYBOARD:
            expected = ", ".join(form.value for form in (RecordingFormat.WEDGE, *_OF_BYTES))
            raise ValueError(f"expected a recording of {expected} to redact, got {recording.format.value}")


def _reported_glyphs(recording: Recording) -> Iterator[Glyph | None]:
    layout = recording.hid_pos_layout
    for number, step in enumerate(recording.steps):
        if isinstance(step.what, bytes):
            yield from byte_glyphs(layout.data.of(step.what), step=number, first=layout.data.offset)
            if layout.continued is None or not _bit(step.what, layout.continued):
                yield None


def _blanked(recording: Recording) -> Recording:
    """Zero what a HID POS scanner sends beside its labels: the rest of an older one, or what nobody can read."""
    if recording.format is not RecordingFormat.HID_POS:
        return recording
    layout = recording.hid_pos_layout
    steps = []
    for step in recording.steps:
        what = step.what
        if isinstance(what, bytes) and layout.report_id is not None and what[:1] != bytes((layout.report_id,)):
            what = what[:1] + bytes(len(what) - 1)
        elif isinstance(what, bytes) and layout.byte_count is not None:
            start, length = layout.data.offset, layout.data.length
            count = min(int.from_bytes(layout.byte_count.of(what), "little"), length)
            what = (
                what[: start + count]
                + bytes(max(0, min(len(what), start + length) - start - count))
                + (what[start + length :])
            )
        steps.append(replace(step, what=what))
    return replace(recording, steps=tuple(steps))


def _changed(step: Step, number: int, values: dict[Place, int]) -> Step:
    if isinstance(step.what, bytes):
        return replace(step, what=bytes(values.get((number, index), byte) for index, byte in enumerate(step.what)))
    if isinstance(step.what, tuple):
        keys = ((values.get((number, index), code), down) for index, (code, down) in enumerate(step.what))
        return replace(step, what=tuple(keys))
    return step


def _bit(report: bytes, bit: int) -> bool:
    return bit // 8 < len(report) and bool(report[bit // 8] >> bit % 8 & 1)


_OF_BYTES = (RecordingFormat.BYTES, RecordingFormat.HID_POS)
