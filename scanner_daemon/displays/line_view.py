"""A page as the rows of a line display: 20 columns, two or four rows. Pure."""

import textwrap
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from scanner_daemon.displays.code_pages import CodePage, writable
from scanner_daemon.displays.language import Language
from scanner_daemon.displays.line_protocols import COLUMNS
from scanner_daemon.displays.pages import Page, PageState
from scanner_daemon.displays.sentences import SENTENCES
from scanner_daemon.model import Balance, Member

GAP: Final = "   "
"""Between the end of a text that runs and its beginning."""

PAUSE: Final = 4
"""Steps for which a text stands before it begins to run."""

Texts: TypeAlias = tuple[str, ...]
"""One text a row, of any length, in characters the display can write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """The display at hand, and what it says when nobody is there. ``rows`` is two or four."""

    rows: int
    code_page: CodePage
    language: Language
    idle_message: str
    show_names: bool = False

    def texts(self, page: Page) -> Texts:
        """Return what to show of ``page``."""
        if page.member is not None:
            return self._fill([self._greeting(page), *self._figures(page.member)])
        if page.state is PageState.IDLE:
            return self._sentence(self.idle_message)
        title, message = (self.language(text) for text in SENTENCES[page.state])
        return self._sentence(title, message)

    def clock(self, now: datetime) -> Texts:
        """Return the idle message with the time of day in the last row."""
        message = self._wrapped(self.idle_message)
        rows = message if len(message) < self.rows else [self.idle_message]
        return self._fill([*rows, *[""] * (self.rows - len(rows) - 1), self.language.time(now)])

    def _greeting(self, page: Page) -> str:
        member = page.member
        if member is not None and member.stale:
            moment = self.language.moment(member.as_of)
            return self.language("Last known balance, {moment}").format(moment=moment)
        title = self.language(SENTENCES[page.state][0])
        name = member.display_name if member is not None and self.show_names else None
        return f"{title}, {name}" if name else title

    def _figures(self, member: Member) -> list[str]:
        balance, say = member.balance, self.language
        if balance is None or balance.available_points is None:
            return [say("You collect points from now on.") if member.created else ""]
        return [self._available(balance), *self._more(balance)][: self.rows - 1]

    def _available(self, balance: Balance) -> str:
        say = self.language
        points = say.points(balance.available_points) or ""
        value = say.money(balance.available_value, balance.currency) or ""
        for name in (balance.points_name, say("points")):
            if name and len(row := self._apart(f"{points} {name}", value)) <= COLUMNS:
                return row
        return f"{points} {say('points')} · {value}"

    def _more(self, balance: Balance) -> list[str]:
        say, soon = self.language, balance.next_expiring
        pending, expiring = say.points(balance.pending_points), say.points(soon.points) if soon else None
        rows = [self._apart(say("Pending"), pending)] if pending else []
        if soon and soon.on and expiring:
            rows.append(self._apart(say("Expire {date}").format(date=say.day(soon.on, length="short")), expiring))
        return rows

    def _apart(self, left: str, right: str) -> str:
        left, right = writable(left, self.code_page), writable(right, self.code_page)
        return f"{left} {right.rjust(COLUMNS - len(left) - 1)}" if right else left

    def _sentence(self, *sentences: str) -> Texts:
        """Return as many of the ``sentences`` as fit, the first in any case, words kept whole."""
        best = [sentences[0]]
        for count in range(1, len(sentences) + 1):
            rows = [row for sentence in sentences[:count] for row in self._wrapped(sentence)]
            if len(rows) <= self.rows:
                best = rows
        return self._fill(["", *best] if self.rows == 4 and len(best) <= 2 else best)  # noqa: PLR2004  in the middle

    def _wrapped(self, sentence: str) -> list[str]:
        return textwrap.wrap(writable(sentence, self.code_page), COLUMNS, break_long_words=False) or [""]

    def _fill(self, rows: list[str]) -> Texts:
        """Return ``rows`` as texts the display can write, centred where short, as many as it has rows."""
        texts = [writable(row, self.code_page).strip() for row in rows]
        texts += [""] * (self.rows - len(texts))
        return tuple(text if len(text) > COLUMNS else text.center(COLUMNS) for text in texts[: self.rows])


def runs(texts: Texts) -> bool:
    """Tell whether any of ``texts`` is too long to stand still."""
    return any(len(text) > COLUMNS for text in texts)


def window(text: str, step: int) -> str:
    """Return the 20 characters of ``text`` that show at ``step``: a longer text runs through, for ever.

    >>> window("short", 7), window("One two three four five", PAUSE + 4)
    ('short               ', 'two three four five ')
    """
    if len(text) <= COLUMNS:
        return text.ljust(COLUMNS)
    loop = text + GAP
    start = max(0, step % (len(loop) + PAUSE) - PAUSE)
    return (loop + loop)[start : start + COLUMNS]
