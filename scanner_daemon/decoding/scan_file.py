r"""Our own recording form, ``.scan``: text that anyone can write, one scanner a file.

::

    format: wedge
    scanner: Datalogic Gryphon GFS4400
    source: https://…
    licence: CC BY-SA 3.0
    layout: us
    terminator: enter

    # expect: "M42"
    +0.010 down KEY_LEFTSHIFT
    +0.002 tap KEY_M
    +0.002 up KEY_LEFTSHIFT
    +0.002 tap KEY_4 KEY_2 KEY_ENTER

A heading of ``key: value`` lines ends at the first blank line; ``format`` and ``scanner`` are required. Each line after
it is a step, after a silence of so many seconds:

============== ====================================================================================================
``wedge``      ``down KEY_A``, ``up KEY_A``, several changes of one frame as ``down KEY_LEFTALT KEY_KP0 up KEY_A``;
               ``tap KEY_A KEY_B`` = each key down and up, in frames of their own 1 ms apart;
               keys as in ``linux/input-event-codes.h`` or by number; ``dropped`` = the kernel lost events
``bytes``      ``"text\r"`` as a JSON string, sent as UTF-8, or bytes in hex as ``02 34 32 03``; ``noise``
``ssi``        the same, as one packet or any part of one
``hid-…``      one report in hex; ``dropped`` = the kernel's queue was full, so that reports may be lost
all            ``disconnect`` = unplugged; what follows comes after it was plugged in again
============== ====================================================================================================

Lines such as ``# expect: "label"``, ``# expect: "label" ]E0`` or ``# expect: discarded overflow`` hold the true
outcome, in order. Any other line that begins with ``#`` is a comment.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from scanner_daemon.decoding.code_ids import CodeId
from scanner_daemon.decoding.hid_pos import COMMON_LAYOUT, HidPosLayout, parse_descriptor
from scanner_daemon.decoding.key_codes import KeyCode
from scanner_daemon.decoding.layouts import LAYOUTS
from scanner_daemon.decoding.recordings import (
    Keys,
    Mark,
    Recording,
    RecordingError,
    RecordingFormat,
    Step,
    parse_report,
    terminators,
)
from scanner_daemon.decoding.typed_codes import ControlMap
from scanner_daemon.model import DiscardReason

_Value = TypeVar("_Value")
_Line = tuple[int, str]


def parse_scan_file(text: str) -> Recording:
    """Read a ``.scan`` recording; raises :class:`RecordingError`."""
    lines: list[_Line] = list(enumerate((line.strip() for line in text.splitlines()), start=1))
    blank = next((index for index, (_, line) in enumerate(lines) if not line), len(lines))
    heading = _heading(lines[:blank])
    recording_format = heading.read("format", RecordingFormat, _one_of(f.value for f in RecordingFormat))
    ends = terminators(recording_format)
    return Recording(
        format=recording_format,
        layout=heading.read("layout", LAYOUTS.__getitem__, _one_of(LAYOUTS), default="us"),
        terminator=heading.read("terminator", {"": None, **ends}.__getitem__, _one_of(ends), default=""),
        gap=heading.read("gap", _gap, "seconds above 0", default=""),
        length=heading.read("length", _length, "bytes, at least 1", default=""),
        code_id=heading.read("code_id", CodeId, _one_of(c.value for c in CodeId), default="aim"),
        control_map=heading.read("control_map", ControlMap, _one_of(c.value for c in ControlMap), default="ctrl"),
        caps_lock=heading.read("caps_lock", _SWITCH.__getitem__, "on or off", default="off"),
        num_lock=heading.read("num_lock", _OPTIONAL_SWITCH.__getitem__, "on or off", default=""),
        hid_pos_layout=heading.read("descriptor", _hid_pos_layout, "a HID POS report descriptor in hex", default=""),
        steps=tuple(_steps(lines[blank:], recording_format)),
        expected=tuple(_expectation(number, line) for number, line in lines if line.startswith(_EXPECT)),
    )


@dataclass(frozen=True, slots=True)
class _Heading:
    values: Mapping[str, _Line]

    def read(self, key: str, reader: Callable[[str], _Value], expected: str, *, default: str | None = None) -> _Value:
        if key not in self.values and default is None:
            raise RecordingError(line=1, expected=f"a heading with '{key}: …'", got="none")
        number, text = self.values.get(key, (1, default or ""))
        try:
            return reader(text)
        except (ValueError, KeyError):
            raise RecordingError(line=number, expected=f"{expected} as the {key}", got=repr(text)) from None


def _heading(lines: list[_Line]) -> _Heading:
    values: dict[str, _Line] = {}
    for number, line in lines:
        if line.startswith("#"):
            continue
        key, colon, value = line.partition(":")
        if not colon or key not in _KEYS or key in values:
            raise RecordingError(line=number, expected=f"once each, {_one_of(_KEYS)} and a colon", got=repr(line))
        values[key] = (number, value.strip())
    heading = _Heading(values)
    heading.read("scanner", str, "a name")
    return heading


def _steps(lines: list[_Line], recording_format: RecordingFormat) -> Iterator[Step]:
    at = 0.0
    for number, line in lines:
        if not line or line.startswith("#"):
            continue
        match = _STEP.fullmatch(line)
        if not match:
            raise RecordingError(line=number, expected="'+SECONDS' and what was sent", got=repr(line))
        silence, text = float(match["silence"]), match["what"]
        for what in _what(number, text, recording_format):
            at += silence
            silence = _BETWEEN_TAPS
            yield Step(at=at, what=what)


def _what(number: int, text: str, recording_format: RecordingFormat) -> list[Keys | bytes | Mark]:
    if text in _MARKS[recording_format]:
        return [Mark(text)]
    if recording_format is RecordingFormat.WEDGE:
        return list(_frames(number, text))
    if recording_format in _ON_A_LINE and text.startswith('"'):
        return [_json_string(number, text).encode()]
    return [parse_report(number, text, recording_format)]


def _frames(number: int, text: str) -> Iterator[Keys]:
    if not _KEY_CHANGES.fullmatch(text):
        expected = "down, up or tap and keys such as KEY_4, or dropped or disconnect"
        raise RecordingError(line=number, expected=expected, got=repr(text))
    verb, *words = text.split()
    if verb == "tap":
        for name in words:
            code = _key_code(number, name)
            yield ((code, True),)
            yield ((code, False),)
        return
    frame: list[tuple[int, bool]] = []
    for word in words:
        if word in _VERBS:
            verb = word
        else:
            frame.append((_key_code(number, word), _VERBS[verb]))
    yield tuple(frame)


def _key_code(number: int, name: str) -> int:
    if name.isdecimal():
        return int(name)
    try:
        return KeyCode[name].value
    except KeyError:
        raise RecordingError(line=number, expected="a key such as KEY_4, or its number", got=repr(name)) from None


def _expectation(number: int, line: str) -> str:
    text = line.removeprefix(_EXPECT).strip()
    match = _EXPECTED.fullmatch(text)
    if not match:
        expected = f"'{_EXPECT} \"label\"', with ' ]cm' after it or not, or '{_EXPECT} discarded reason'"
        raise RecordingError(line=number, expected=expected, got=repr(line))
    if match["reason"] and match["reason"] not in {reason.value for reason in DiscardReason}:
        raise RecordingError(line=number, expected=_one_of(r.value for r in DiscardReason), got=match["reason"])
    return text


def _json_string(number: int, text: str) -> str:
    try:
        return str(json.loads(text))
    except ValueError:
        raise RecordingError(line=number, expected='a JSON string such as "123\\r"', got=text) from None


def _gap(text: str) -> float | None:
    gap = float(text) if text else None
    if gap is not None and not gap > 0:
        raise ValueError
    return gap


def _length(text: str) -> int | None:
    length = int(text) if text else None
    if length is not None and length < 1:
        raise ValueError
    return length


def _hid_pos_layout(text: str) -> HidPosLayout:
    return parse_descriptor(bytes.fromhex(text)) if text else COMMON_LAYOUT


def _one_of(names: Iterable[str]) -> str:
    return "one of " + ", ".join(names)


_EXPECT: Final = "# expect:"
_EXPECTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"(?: \][A-Za-z][0-9A-Za-z])?|discarded (?P<reason>\w+)')
_BETWEEN_TAPS: Final = 0.001  # seconds: full-speed USB
_STEP: Final = re.compile(r"\+(?P<silence>\d+(?:\.\d+)?)\s+(?P<what>\S.*)")
_KEYS: Final = (
    *("format", "scanner", "source", "licence", "note"),
    *("layout", "terminator", "gap", "length", "code_id", "control_map", "caps_lock", "num_lock", "descriptor"),
)
_KEY_CHANGES: Final = re.compile(r"tap(\s+\w+)+|((down|up)(\s+(?!down|up)\w+)+\s*)+")
_VERBS: Final[Mapping[str, bool]] = {"down": True, "up": False}
_ON_A_LINE: Final = frozenset({RecordingFormat.BYTES, RecordingFormat.SSI})
_SWITCH: Final[Mapping[str, bool]] = {"on": True, "off": False}
_OPTIONAL_SWITCH: Final[Mapping[str, bool | None]] = {**_SWITCH, "": None}
_MARKS: Final[Mapping[RecordingFormat, frozenset[str]]] = {
    RecordingFormat.WEDGE: frozenset({Mark.DROPPED.value, Mark.DISCONNECT.value}),
    RecordingFormat.BYTES: frozenset({Mark.NOISE.value, Mark.DISCONNECT.value}),
    RecordingFormat.SSI: frozenset({Mark.NOISE.value, Mark.DISCONNECT.value}),
    RecordingFormat.HID_KEYBOARD: frozenset({Mark.DROPPED.value, Mark.DISCONNECT.value}),
    RecordingFormat.HID_POS: frozenset({Mark.DROPPED.value, Mark.DISCONNECT.value}),
}
