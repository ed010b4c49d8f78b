"""A recording in place of a scanner: for demonstrations, tests, and looking into what a lane once saw."""

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from scanner_daemon.decoding.playback import play
from scanner_daemon.decoding.recordings import Recording, RecordingError
from scanner_daemon.decoding.scan_file import parse_scan_file
from scanner_daemon.errors import ConfigError, DeviceAccessDenied, DeviceUnavailable, Mistake
from scanner_daemon.model import Claimed
from scanner_daemon.ports import Deliver


@dataclass(slots=True, kw_only=True)
class Replay:
    """Driver ``replay``.

    ``file`` is a ``.scan`` recording (:mod:`scanner_daemon.decoding.scan_file`), decoded as it was recorded whatever
    the pace: ``recorded`` delivers each scan when its turn comes, ``immediate`` all of them at once. With ``repeat``
    it begins again ``pause`` seconds after its end, for ever.
    """

    name: str
    file: Path
    pace: Literal["recorded", "immediate"] = "recorded"
    repeat: bool = False
    pause: Annotated[float, Field(gt=0)] = 1.0

    async def read(self, deliver: Deliver) -> None:
        """See :class:`scanner_daemon.ports.ScannerSource`.

        Raises ``ConfigError`` for a file that is no recording.
        """
        recording = self._recording()
        loop = asyncio.get_running_loop()
        deliver(Claimed(scanner=self.name, device=str(self.file), at=loop.time()))
        while True:
            await self._replay(recording, deliver)
            if not self.repeat:
                return
            await asyncio.sleep(self.pause)

    async def _replay(self, recording: Recording, deliver: Deliver) -> None:
        loop = asyncio.get_running_loop()
        start = loop.time()
        for report in play(recording, scanner=self.name):
            wait = start + report.at - loop.time() if self.pace == "recorded" else 0.0
            await asyncio.sleep(max(0.0, wait))
            deliver(replace(report, at=loop.time()))

    def _recording(self) -> Recording:
        try:
            return parse_scan_file(self.file.read_text(encoding="utf-8", errors="backslashreplace"))
        except OSError as error:
            kind = DeviceAccessDenied if isinstance(error, PermissionError) else DeviceUnavailable
            raise kind(
                f"Failed to replay {self.file}: expected a recording that can be read, got {error.strerror!r}; "
                "correct `file` or its permissions"
            ) from error
        except RecordingError as error:
            mistake = Mistake(file=str(self.file), key=f"line {error.line}", expected=error.expected, got=error.got)
            raise ConfigError([mistake]) from error
