"""``scanner-daemon decode``: a recording in, one JSON object a line out."""

import json
import sys
from contextlib import suppress
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from scanner_daemon.cli.exits import fail

if TYPE_CHECKING:
    from scanner_daemon.decoding.hid_pos import HidPosLayout
    from scanner_daemon.decoding.recordings import Recording
    from scanner_daemon.model import Discarded, Scan

BAD_RECORDING: Final = 2
"""What this command ends with when it cannot read what it was given."""


class Form(Enum):
    """The forms of a recording."""

    EVTEST = "evtest"
    HID_KEYBOARD = "hid-keyboard"
    HID_POS = "hid-pos"
    BYTES = "bytes"
    SCAN = "scan"


def decode(
    file: Annotated[str, typer.Argument(help="The recording, - for standard input.")],
    *,
    form: Annotated[Form, typer.Option("--format", help="How the recording is written.")],
    layout: Annotated[str | None, typer.Option(help="The keyboard layout the scanner is set to.")] = None,
    terminator: Annotated[
        str | None,
        typer.Option(help="What ends a scan: enter, tab, none (keyboards); line, cr, lf, stx-etx, none (bytes)."),
    ] = None,
    gap: Annotated[float | None, typer.Option(help="The longest silence inside a scan, in seconds.")] = None,
    descriptor: Annotated[
        Path | None, typer.Option(help="The HID POS scanner's report descriptor, binary or in hex.")
    ] = None,
) -> None:
    """Decode a recording offline: each scan, or why it was discarded."""
    from scanner_daemon.decoding.playback import play
    from scanner_daemon.errors import ScannerDaemonError

    try:
        recording = _parse(_read(file), form)
        recording = _with_options(recording, layout=layout, terminator=terminator, gap=gap)
        if descriptor is not None:
            recording = replace(recording, hid_pos_layout=_hid_pos_layout(descriptor))
    except (ScannerDaemonError, ValueError) as error:
        fail(f"cannot decode {'standard input' if file == '-' else file}: {error}", status=BAD_RECORDING)
    except OSError as error:
        fail(f"cannot read {error.filename}: {error.strerror}", status=BAD_RECORDING)
    for report in play(recording):
        typer.echo(json.dumps(_as_json_object(report)))


def _read(file: str) -> bytes:
    return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()


def _parse(data: bytes, form: Form) -> "Recording":
    from scanner_daemon.decoding import recordings, scan_file

    if form is Form.BYTES:
        return recordings.bytes_recording(data)
    text = data.decode(errors="backslashreplace")
    match form:
        case Form.EVTEST:
            return recordings.parse_evtest(text)
        case Form.SCAN:
            return scan_file.parse_scan_file(text)
        case Form.HID_KEYBOARD | Form.HID_POS:
            return recordings.parse_reports(text, recordings.RecordingFormat(form.value))


def _with_options(
    recording: "Recording", *, layout: str | None, terminator: str | None, gap: float | None
) -> "Recording":
    """Let the command line overrule the recording's own heading."""
    from scanner_daemon.decoding.layouts import LAYOUTS
    from scanner_daemon.decoding.recordings import terminators

    if layout is not None:
        if layout not in LAYOUTS:
            raise ValueError(f"--layout: expected one of {', '.join(LAYOUTS)}, got {layout!r}")
        recording = replace(recording, layout=LAYOUTS[layout])
    if terminator is not None:
        known = terminators(recording.format)
        if terminator not in known:
            names = ", ".join(known) or "none, as HID POS reports state where a scan ends"
            raise ValueError(f"--terminator: expected one of {names}, got {terminator!r}")
        recording = replace(recording, terminator=known[terminator])
    if gap is not None:
        if not gap > 0:
            raise ValueError(f"--gap: expected seconds above 0, got {gap:g}")
        recording = replace(recording, gap=gap)
    return recording


def _hid_pos_layout(file: Path) -> "HidPosLayout":
    from scanner_daemon.decoding.hid_pos import parse_descriptor

    data = file.read_bytes()
    with suppress(ValueError):  # not hex, so as the kernel gives it
        data = bytes.fromhex(data.decode("ascii"))
    return parse_descriptor(data)


def _as_json_object(report: "Scan | Discarded") -> dict[str, str | None]:
    from scanner_daemon.model import Discarded

    if isinstance(report, Discarded):
        return {"discarded": report.reason.value}
    identifier = report.symbology_identifier
    return {"label": report.scan_data_label, "symbology_identifier": str(identifier) if identifier else None}
