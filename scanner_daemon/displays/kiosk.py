"""The customer display as a web page: ``GET /display``, fed by ``GET /display/stream``.

The page is one document that loads nothing. Its stream carries what is to be read and nothing else: sentences and
formatted figures, no customer id, and a name only where that is wanted.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from scanner_daemon.displays import document, sse
from scanner_daemon.displays.kiosk_view import Title, View, Words
from scanner_daemon.displays.language import Language
from scanner_daemon.displays.pages import IDLE, Page, Presenter
from scanner_daemon.displays.theme import Theme
from scanner_daemon.model import CardIssued, LaneEvent

PING: Final = sse.message("{}", event="ping")
"""A comment would do for the connection, but a page's script never hears of comments."""

DrawCard: TypeAlias = Callable[[str], Awaitable[bytes | None]]
"""Makes an SVG that a lane takes for the customer's card; ``None`` where that cannot be made."""


@dataclass(slots=True, kw_only=True)
class Kiosk:
    """Shows the newest page to every browser that asks; one that was away gets that page at once.

    ``hold`` is how long a balance stays, in seconds. ``idle`` shows ``idle_message`` alone or with the time of day.
    ``titles`` are the shop's own words for a state; the language has words for all others. ``show_names`` greets
    members by the name the programme has: everybody in the queue can read it. ``show_qr`` shows a new member who has no
    card a QR code of their number, to take a picture of.
    """

    hold: Annotated[float, Field(gt=0)] = 20.0
    idle: Literal["message", "clock"] = "message"
    idle_message: str | None = None
    titles: dict[Title, str] = field(default_factory=dict)
    language: str = "en"
    show_names: bool = False
    show_qr: bool = False
    theme: Theme = field(default_factory=Theme)
    draw_card: DrawCard | None = field(init=False, default=None, repr=False)
    _words: Words = field(init=False, repr=False)
    _presenter: Presenter = field(init=False)
    _shown: View = field(init=False)
    _until: float | None = field(init=False, default=None)
    _drawing: asyncio.Task[None] | None = field(init=False, default=None, repr=False)
    _changed: asyncio.Event = field(init=False, default_factory=asyncio.Event)
    _ping_every: float = field(init=False, default=sse.PING_EVERY)

    def __post_init__(self) -> None:
        language = Language.named(self.language)
        message = language("Scan your card to see your points") if self.idle_message is None else self.idle_message
        titles = {str(state): title for state, title in self.titles.items()}
        self._words = Words(language=language, idle_message=message, titles=titles, show_names=self.show_names)
        self._presenter = Presenter(hold=self.hold)
        self._shown = self._words.view(IDLE)

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """What the local server is to serve."""
        return [Route("/display", self._document), Route("/display/stream", self._stream)]

    async def tell(self, event: LaneEvent) -> None:
        """Show what ``event`` means for the customer; never waits for a browser, nor for a picture."""
        if isinstance(event, CardIssued) and self.show_qr and self.draw_card is not None:
            self._drop_drawing()
            self._drawing = asyncio.create_task(self._draw(self.draw_card, event.customer_id), name="draw a card")
        page = self._presenter.feed(event)
        if page is not None:
            self._drop_drawing()  # whose card it is has left
            self._show(page)

    async def _draw(self, draw_card: DrawCard, customer_id: str) -> None:
        svg = await draw_card(customer_id)
        if svg is not None:
            self._show(self._presenter.card("data:image/svg+xml;base64," + base64.b64encode(svg).decode()))

    def _drop_drawing(self) -> None:
        if self._drawing is not None:
            self._drawing.cancel()

    def _show(self, page: Page) -> None:
        self._shown = self._words.view(page)
        self._until = None if page.hold_for is None else _now() + page.hold_for
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def _document(self, _: Request) -> Response:
        say = self._words.language
        words = {
            "lang": say.tag,
            "dir": say.direction,
            "page_title": say("Customer display"),
            "worth": say("Worth"),
            "pending": say("Pending"),
            "offline_title": say("This display is reconnecting"),
            "offline_message": say("Your points are safe."),
            "idle": self.idle,
            "logo": await asyncio.to_thread(self.theme.logo_address),
        }
        style = self.theme.style + await asyncio.to_thread(self.theme.dark_logo_style)
        return document.respond("kiosk_page", "display", words=words, style=style)

    async def _stream(self, request: Request) -> Response:
        return sse.respond(request, self._messages())

    async def _messages(self) -> AsyncIterator[str]:
        """Yield the page of the moment, then the newest one whenever it changed."""
        while True:
            changed = self._changed
            yield sse.message(json.dumps(self._current()), event="page")
            while not await sse.happened(changed, within=self._ping_every):
                yield PING

    def _current(self) -> View:
        """Return what is shown with what is left of its time, or the idle page after it."""
        if self._until is None:
            return self._shown
        left = self._until - _now()
        return self._shown | {"hold_for": left} if left > 0 else self._words.view(IDLE)


def _now() -> float:
    return asyncio.get_running_loop().time()
