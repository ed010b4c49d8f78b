"""A page in words and figures, ready to be put on the customer's screen. Pure.

Every value is a string that needs no further thought; unknown is "–", never zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from scanner_daemon.displays.language import Language
from scanner_daemon.displays.pages import Page, PageState
from scanner_daemon.displays.sentences import SENTENCES
from scanner_daemon.model import Balance, ExpiringPoints, Member

View: TypeAlias = dict[str, object]
"""What a browser is sent, as JSON."""

Title: TypeAlias = Literal[
    "recognising", "welcome", "welcome_new", "unknown", "try_again", "refused", "payment_card", "offline_lookup"
]
"""A state whose title a shop may word itself."""

UNKNOWN: Final = "–"

LONGEST: Final = 80
"""Characters of a name that are shown at most: what the programme says is not ours, and a screen is small."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """In which words a lane speaks to its customers; ``titles`` are the shop's own, by state."""

    language: Language
    idle_message: str
    titles: Mapping[str, str] = field(default_factory=dict)
    show_names: bool = False

    def view(self, page: Page) -> View:
        """Return what the page's script shows: which panel, for how long, and the text of each of its fields."""
        title, message = (self.language(text) if text else "" for text in SENTENCES[page.state])
        title = self.titles.get(page.state.value, title)
        shown: View = {
            "state": page.state.value,
            "panel": _panel(page.state),
            "sequence": page.sequence,
            "hold_for": page.hold_for,
            "idle_message": self.idle_message,
            "title": title,
            "message": message,
        }
        if page.picture is not None:
            shown["picture"] = page.picture
        if page.member is not None:
            shown["title"] = self._greeting(title, page.member)
            if page.member.stale:
                moment = self.language.moment(page.member.as_of)
                shown["message"] = self.language("Last known balance, {moment}").format(moment=moment)
            shown |= self._figures(page.member.balance or _NOTHING_KNOWN)
        return shown

    def _greeting(self, title: str, member: Member) -> str:
        if not (self.show_names and member.display_name):
            return title
        return self.language("{greeting}, {name}").format(greeting=title, name=_cut(member.display_name))

    def _figures(self, balance: Balance) -> View:
        say = self.language
        soon = balance.next_expiring or _NOTHING_EXPIRES
        return {
            "points": say.points(balance.available_points) or UNKNOWN,
            "points_name": _cut(balance.points_name or say("Points")),
            "value": say.money(balance.available_value, _code(balance)) or UNKNOWN,
            "pending": _joined(say.points(balance.pending_points), say.money(balance.pending_value, _code(balance))),
            "expiring": _joined(say.points(soon.points), say.money(soon.value, _code(balance))),
            "expiring_label": say("Expire {date}").format(date=say.day(soon.on)) if soon.on else say("Next to expire"),
        }


def _panel(state: PageState) -> str:
    if state is PageState.IDLE:
        return "idle"
    if state is PageState.CARD:
        return "card"
    return "balance" if state in {PageState.WELCOME, PageState.WELCOME_NEW} else "notice"


def _joined(*parts: str | None) -> str:
    return " · ".join(part for part in parts if part) or UNKNOWN


def _cut(text: str) -> str:
    """Return ``text`` as one line of bounded length, without characters that turn what stands beside them round."""
    plain = "".join(c if c.isprintable() else " " for c in text[: 4 * LONGEST])
    return plain if len(plain) <= LONGEST else f"{plain[: LONGEST - 1]}…"


def _code(balance: Balance) -> str | None:
    return _cut(balance.currency)[:8] if balance.currency else None


_NOTHING_EXPIRES: Final = ExpiringPoints(points=None, value=None, on=None)

_NOTHING_KNOWN: Final = Balance(
    available_points=None,
    available_value=None,
    pending_points=None,
    pending_value=None,
    total_points=None,
    total_value=None,
    currency=None,
    points_name=None,
    next_expiring=None,
)
