"""A customer display of two or four rows on a serial line, such as a VFD."""

import asyncio
import math
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Final, Literal

import structlog
from pydantic import Field

from scanner_daemon.backoff import exponential
from scanner_daemon.displays.code_pages import CodePage, can_write, encoded
from scanner_daemon.displays.language import Language
from scanner_daemon.displays.line_protocols import COMMAND_SETS, Brightness, CommandSet, Protocol
from scanner_daemon.displays.line_view import GAP, PAUSE, Panel, Texts, runs, window
from scanner_daemon.displays.pages import IDLE, Page, PageState, Presenter
from scanner_daemon.displays.serial_line import LineSettings, SerialLine
from scanner_daemon.errors import DisplayError
from scanner_daemon.model import LaneEvent

STEP: Final = 0.35
"""Seconds between two steps of a text that runs: about three characters a second can be read."""

REFRESH: Final = 5.0
"""Seconds after which a page is written anew, settings and all: a display that lost its power says nothing of it."""

FIRST_RETRY: Final = 0.5
SLOWEST_RETRY: Final = 5.0

_log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class LineDisplay:
    """Driver ``line-display``: 20 columns and ``rows`` rows, always the newest page.

    ``port`` is a path that stays the same, such as one in ``/dev/serial/by-id``; nobody else may use it. ``protocol``
    and ``code_page`` are those the display is set to; where the protocol has a command for the code page, it is sent.
    ``parity`` is the protocol's own where left out. ``hold`` is how long a balance stays, in seconds.
    ``idle`` shows ``idle_message`` alone or with the time of day. A VFD ages by light: ``idle_brightness`` counts while
    nobody is there. A language that the code page cannot write is replaced by English.
    """

    port: Annotated[str, Field(min_length=1)]
    protocol: Protocol
    baudrate: Annotated[int, Field(ge=300, le=115_200)] = 9600
    parity: Literal["none", "even", "odd"] | None = None
    handshake: Literal["none", "rts-cts"] = "none"
    rows: Literal[2, 4] = 2
    code_page: CodePage = "cp437"
    brightness: Brightness = 4
    idle_brightness: Brightness = 2
    hold: Annotated[float, Field(gt=0)] = 20.0
    idle: Literal["message", "clock"] = "message"
    idle_message: str | None = None
    language: str = "en"
    show_names: bool = False
    _commands: CommandSet = field(init=False, repr=False)
    _panel: Panel = field(init=False, repr=False)
    _presenter: Presenter = field(init=False, repr=False)
    _page: Page = field(init=False, default=IDLE)
    _until: float | None = field(init=False, default=None)
    _changed: asyncio.Event = field(init=False, default_factory=asyncio.Event, repr=False)
    _online: bool | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._commands = COMMAND_SETS[self.protocol]
        if self.rows > self._commands.most_rows:
            raise ValueError(f"rows: expected 2 with {self.protocol}, got {self.rows}")
        language = Language.named(self.language)
        if not can_write(language("Scan your card to see your points"), self.code_page):
            language = Language.named("en")
        message = language("Scan your card to see your points") if self.idle_message is None else self.idle_message
        self._panel = Panel(
            rows=self.rows,
            code_page=self.code_page,
            language=language,
            idle_message=message,
            show_names=self.show_names,
        )
        self._presenter = Presenter(hold=self.hold)

    async def tell(self, event: LaneEvent) -> None:
        """Show what ``event`` means for the customer; never waits for the display."""
        page = self._presenter.feed(event)
        if page is not None:
            self._page = page
            self._until = None if page.hold_for is None else _now() + page.hold_for
            self._changed.set()

    async def serve(self) -> None:
        """Show the page of the moment until cancelled, whenever the display is there; leaves it idle."""
        delays = exponential(first=FIRST_RETRY, limit=SLOWEST_RETRY)
        while True:
            try:
                with SerialLine.opened(self._line) as line:
                    delays = exponential(first=FIRST_RETRY, limit=SLOWEST_RETRY)
                    await self._show_on(line)
            except DisplayError as error:
                self._tell_of_line(online=False, detail=str(error))
            await asyncio.sleep(next(delays))

    @property
    def _line(self) -> LineSettings:
        parity = self.parity or self._commands.parity
        return LineSettings(port=self.port, baudrate=self.baudrate, parity=parity, handshake=self.handshake)

    async def _show_on(self, line: SerialLine) -> None:
        """Write what is to be seen until the line is gone."""
        await line.write(self._commands.reset)
        self._tell_of_line(online=True, detail=self.port)
        while True:
            self._changed.clear()
            page = self._current()
            try:
                await self._show(line, page)
            except asyncio.CancelledError:
                await self._leave(line)
                raise

    async def _show(self, line: SerialLine, page: Page) -> None:
        """Write ``page`` and let it run, until it is time to look anew."""
        texts = self._texts(page)
        brightness = self.idle_brightness if page.state is PageState.IDLE else self.brightness
        ends = min(_now() + _period(texts), self._until or math.inf)
        step = 0
        await line.write(self._written(texts, step, brightness=brightness))
        while (rest := ends - _now()) > 0:
            within = min(rest, STEP) if runs(texts) else rest
            if await self._happened(line, within=within):
                return
            if runs(texts):
                step += 1
                await line.write(self._rows_that_run(texts, step))

    async def _leave(self, line: SerialLine) -> None:
        """Show nobody's balance any more; the display stays as it is then."""
        with suppress(DisplayError):
            await line.write(self._written(self._panel.texts(IDLE), 0, brightness=self.idle_brightness))
            await line.sent(within=0.5)

    async def _happened(self, line: SerialLine, *, within: float) -> bool:
        """Wait until there is another page, at most ``within`` seconds; raises ``DisplayError`` when unplugged."""
        waiting = [asyncio.create_task(event.wait()) for event in (self._changed, line.gone)]
        try:
            await asyncio.wait(waiting, timeout=within, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
        if line.gone.is_set():
            raise DisplayError(f"The display at {self.port} was unplugged; plug it in")
        return self._changed.is_set()

    def _current(self) -> Page:
        """Return the page of the moment: the idle one after the other's time."""
        if self._until is not None and _now() >= self._until:
            self._page, self._until = IDLE, None
        return self._page

    def _texts(self, page: Page) -> Texts:
        if page.state is PageState.IDLE and self.idle == "clock":
            return self._panel.clock(datetime.now().astimezone())
        return self._panel.texts(page)

    def _written(self, texts: Texts, step: int, *, brightness: Brightness) -> bytes:
        rows = [encoded(window(text, step), self.code_page) for text in texts]
        return self._commands.page(rows, code_page=self.code_page, brightness=brightness)

    def _rows_that_run(self, texts: Texts, step: int) -> bytes:
        return b"".join(
            self._commands.row(number, encoded(window(text, step), self.code_page))
            for number, text in enumerate(texts)
            if runs((text,))
        )

    def _tell_of_line(self, *, online: bool, detail: str) -> None:
        if online is not self._online:
            self._online = online
            log = _log.info if online else _log.warning
            log("display_online" if online else "display_offline", detail=detail)


def _period(texts: Texts) -> float:
    """Return after how many seconds ``texts`` are to be written anew: at the beginning of one that runs."""
    return max(REFRESH, STEP * (PAUSE + max(len(text + GAP) for text in texts))) if runs(texts) else REFRESH


def _now() -> float:
    return asyncio.get_running_loop().time()
