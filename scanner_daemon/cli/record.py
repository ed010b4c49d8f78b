"""``scanner-daemon record``: what a scanner sends, written down."""

import asyncio
import os
import signal
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING, Annotated

import typer

from scanner_daemon.cli.exits import fail, fail_on

if TYPE_CHECKING:
    from scanner_daemon.config import Config
    from scanner_daemon.decoding.recordings import Recording
    from scanner_daemon.model import ScannerReport
    from scanner_daemon.sources.recorder import Recordable


def record(
    file: Annotated[Path, typer.Argument(help="The .scan file to write; it must not be there yet.")],
    *,
    scanner: Annotated[str, typer.Option(metavar="NAME", help="Which scanner, by its name in the configuration.")],
    config: Annotated[Path, typer.Option(help="The configuration file.")] = Path("/etc/scanner-daemon/config.toml"),
    redact: Annotated[
        bool, typer.Option("--redact", help="Write other digits and letters: see `docs/recordings.md`.")
    ] = False,
    scans: Annotated[int | None, typer.Option(min=1, metavar="N", help="Stop after so many scans.")] = None,
) -> None:
    """Write what a scanner sends as a recording, for `decode --format scan`, until Ctrl-C.

    A recording holds whatever was scanned: it is written for its owner alone, and --redact makes it fit to be shown.
    """
    from scanner_daemon import logs
    from scanner_daemon.config import load_config
    from scanner_daemon.errors import ConfigError, DeviceError

    logs.configure(level="error")
    if file.exists():
        fail(f"{file} is there already: name a new file", status=2)
    try:
        source = _source(load_config(config, require_secrets=False), scanner)
        text = asyncio.run(_recorded(source, scanner, redact=redact, scans=scans))
    except ConfigError as error:
        fail_on(error)
    except DeviceError as error:
        fail(str(error))
    except ValueError as error:
        fail(f"cannot redact: {error}; record without --redact, and keep it to yourself")
    if text is None:
        fail("nothing came: is the scanner on, and the right one?")
    _write(file, text)


def _source(config: "Config", name: str) -> "Recordable":
    from scanner_daemon.sources.recorder import Recordable

    found = next((scanner for scanner in config.scanners if scanner.name == name), None)
    if found is None:
        names = ", ".join(scanner.name for scanner in config.scanners) or "none"
        fail(f"the configuration has no scanner {name!r}; it has {names}", status=2)
    source = found.source.build()
    if not isinstance(source, Recordable):
        fail(f"scanner {name} is no device: there is nothing to record", status=2)
    return source


async def _recorded(source: "Recordable", name: str, *, redact: bool, scans: int | None) -> str | None:
    """Return the text of the recording; ``None`` when nothing came. Raises ``DeviceError``, ``ValueError``."""
    from scanner_daemon.errors import DeviceUnavailable
    from scanner_daemon.model import Claimed, Scan
    from scanner_daemon.sources.discovery import report_descriptor
    from scanner_daemon.sources.hid_pos import HidPos
    from scanner_daemon.sources.recorder import Recorder

    recorder, loop = Recorder(source), asyncio.get_running_loop()
    device = ""

    def deliver(report: "ScannerReport") -> None:
        nonlocal device
        if isinstance(report, Claimed):
            device = report.device
            typer.echo(f"Recording {name} ({device}): scan now; Ctrl-C ends it.", err=True)
            return
        count = recorder.saw(report)
        typer.echo(f"{count}: {'scan' if isinstance(report, Scan) else report.reason.value}", err=True)
        if count == scans:
            reading.cancel()

    reading = asyncio.create_task(source.read(deliver, tap=recorder.hear), name=f"record {name}")
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, reading.cancel)
    try:
        with suppress(asyncio.CancelledError):
            await reading
    except DeviceUnavailable:
        if not device:
            raise
        recorder.lost(loop.time())
    descriptor = report_descriptor(device) if device and isinstance(source, HidPos) else b""
    recording = recorder.recording(descriptor=descriptor) if device else None
    return _text(recording, name, descriptor, redact=redact) if recording else None


def _text(recording: "Recording", name: str, descriptor: bytes, *, redact: bool) -> str:
    """Return the file; it says so itself where it does not decode to what the lane saw."""
    from scanner_daemon.decoding.playback import outcome, play
    from scanner_daemon.decoding.redaction import redacted
    from scanner_daemon.decoding.scan_file import parse_scan_file
    from scanner_daemon.decoding.scan_writer import write_scan_file

    note = ""
    if redact:
        recording = redacted(recording, SystemRandom())
        recording = replace(recording, expected=tuple(outcome(report) for report in play(recording)))
        note = "redacted: other digits and letters than were scanned"
    text = write_scan_file(recording, scanner=name, note=note, descriptor=descriptor)
    if tuple(outcome(report) for report in play(parse_scan_file(text))) == recording.expected:
        return text
    note = f"{note} does not decode to what the lane saw (layout {recording.layout.name})"
    return write_scan_file(recording, scanner=name, note=note, descriptor=descriptor)


def _write(file: Path, text: str) -> None:
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(text)
    except OSError as error:
        fail(f"cannot write {file}: {error.strerror}")
    typer.echo(f"{file}: decode it with `scanner-daemon decode --format scan {file}`", err=True)
