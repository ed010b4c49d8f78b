"""Write a :class:`Recording` as a ``.scan`` file, the form that :mod:`scanner_daemon.decoding.scan_file` reads."""

import json
from collections.abc import Iterator

from scanner_daemon.decoding.code_ids import CodeId
from scanner_daemon.decoding.key_codes import KeyCode
from scanner_daemon.decoding.layouts import LAYOUTS
from scanner_daemon.decoding.recordings import Keys, Mark, Recording, RecordingFormat
from scanner_daemon.decoding.typed_codes import ControlMap


def write_scan_file(recording: Recording, *, scanner: str, note: str = "", descriptor: bytes = b"") -> str:
    """Return ``recording`` as text; reading it gives the same recording, times to the microsecond.

    ``scanner`` names it, ``note`` is a line for the reader. ``descriptor`` is a HID POS scanner's report descriptor,
    which ``recording`` does not hold.
    """
    heading = {
        "format": recording.format.value,
        "scanner": _one_line(scanner) or "unknown",
        "note": _one_line(note),
        **_settings(recording),
        "descriptor": descriptor.hex(),
    }
    lines = [f"{key}: {value}" for key, value in heading.items() if value]
    lines += ["", *(f"# expect: {outcome}" for outcome in recording.expected), *_steps(recording)]
    return "\n".join(lines) + "\n"


def _settings(recording: Recording) -> dict[str, str]:
    """Return what is not the decoder's own default."""
    typed = recording.format in {RecordingFormat.WEDGE, RecordingFormat.HID_KEYBOARD}
    num_lock = {None: "", True: "on", False: "off"}[recording.num_lock]
    return {
        "layout": recording.layout.name if typed and recording.layout.name in LAYOUTS else "",
        "terminator": recording.terminator.value if recording.terminator else "",
        "gap": f"{recording.gap:g}" if recording.gap else "",
        "length": str(recording.length or ""),
        "code_id": recording.code_id.value if recording.code_id is not CodeId.AIM else "",
        "control_map": recording.control_map.value if recording.control_map is not ControlMap.CTRL else "",
        "caps_lock": "on" if recording.caps_lock else "",
        "num_lock": num_lock,
    }


def _steps(recording: Recording) -> Iterator[str]:
    before = 0
    for step in recording.steps:
        now = round(step.at * _MICROSECONDS)
        yield f"+{_seconds(now - before)} {_what(step.what, recording.format)}"
        before = now


def _what(what: Keys | bytes | Mark, form: RecordingFormat) -> str:
    if isinstance(what, Mark):
        return what.value
    if isinstance(what, tuple):
        return _changes(what)
    return _text(what) if form in {RecordingFormat.BYTES, RecordingFormat.SSI} else what.hex(" ")


def _changes(keys: Keys) -> str:
    words: list[str] = []
    verb = ""
    for code, pressed in keys:
        if verb != (verb := "down" if pressed else "up"):
            words.append(verb)
        words.append(_NAMES.get(code, str(code)))
    return " ".join(words)


def _text(data: bytes) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return data.hex(" ")
    plain = all(character.isascii() or character.isprintable() for character in text)
    return json.dumps(text, ensure_ascii=not plain)


def _seconds(microseconds: int) -> str:
    text = f"{microseconds / _MICROSECONDS:.6f}".rstrip("0").rstrip(".")
    return text or "0"


def _one_line(text: str) -> str:
    return " ".join(text.split())


_MICROSECONDS = 1_000_000
_NAMES = {code.value: code.name for code in KeyCode}
