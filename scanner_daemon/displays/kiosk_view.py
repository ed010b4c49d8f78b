"""A page in words and figures, ready to be put on the customer's screen. Pure.

Every value is a string that needs no further thought; unknown is "–", never zero.
"""

from datetime import date, datetime
from typing import Final, TypeAlias

from scanner_daemon.displays.figures import money, points
from scanner_daemon.displays.pages import Page, PageState
from scanner_daemon.model import Balance, ExpiringPoints

View: TypeAlias = dict[str, object]
"""What a browser is sent, as JSON."""

UNKNOWN: Final = "–"


def view(page: Page, *, idle_message: str, show_names: bool) -> View:
    """Return what the page's script shows: which panel, for how long, and the text of each of its fields."""
    title, message = _SENTENCES[page.state]
    shown: View = {
        "state": page.state.value,
        "panel": _panel(page.state),
        "sequence": page.sequence,
        "hold_for": page.hold_for,
        "idle_message": idle_message,
        "title": title,
        "message": message,
    }
    if page.member is not None:
        if show_names and page.member.display_name:
            shown["title"] = f"{title}, {page.member.display_name}"
        if page.member.stale:
            shown["message"] = f"Last known balance, {_moment(page.member.as_of)}"
        shown |= _figures(page.member.balance or _NOTHING_KNOWN)
    return shown


def _panel(state: PageState) -> str:
    if state is PageState.IDLE:
        return "idle"
    return "balance" if state in {PageState.WELCOME, PageState.WELCOME_NEW} else "notice"


def _figures(balance: Balance) -> View:
    soon = balance.next_expiring or _NOTHING_EXPIRES
    return {
        "points": points(balance.available_points) or UNKNOWN,
        "points_name": balance.points_name or "Points",
        "value": money(balance.available_value, balance.currency) or UNKNOWN,
        "pending": _joined(points(balance.pending_points), money(balance.pending_value, balance.currency)),
        "expiring": _joined(points(soon.points), money(soon.value, balance.currency)),
        "expiring_label": f"Expire {_day(soon.on)}" if soon.on else "Next to expire",
    }


def _joined(*parts: str | None) -> str:
    return " · ".join(part for part in parts if part) or UNKNOWN


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _moment(moment: datetime) -> str:
    """Return ``moment`` in the lane's own time zone."""
    local = moment.astimezone()
    return f"{_day(local.date())}, {local:%H:%M}"


_SENTENCES: Final = {
    PageState.IDLE: ("", ""),
    PageState.RECOGNISING: ("One moment", "We are looking up your points."),
    PageState.WELCOME: ("Welcome back", ""),
    PageState.WELCOME_NEW: ("Welcome", "You collect points from now on."),
    PageState.UNKNOWN: ("We do not know this card yet", "Ask at the till to have it registered."),
    PageState.TRY_AGAIN: ("Please scan again", "The code could not be read completely."),
    PageState.REFUSED: ("This is not a member card", "Please scan your member card or the code in your app."),
    PageState.PAYMENT_CARD: ("This looks like a payment card", "Nothing was kept of it. Please scan your member card."),
    PageState.OFFLINE_LOOKUP: ("We cannot show your points right now", "They are safe. You can go on as usual."),
}
"""Title and message of each state."""

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
